//! `/api/v1/history`: queries of the past, newest first, page by page; and how Trino says that they ended.

use super::extract::{Body, Parameters, Segments};
use super::{Api, Problem};
use crate::access::Caller;
use crate::history::{Completed, Outcome};
use crate::store::{HistoryFilter, HistoryQuery, Page, StoreError};
use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use utoipa::{IntoParams, ToSchema};

/// Queries on a page, if not asked otherwise.
const PAGE: i64 = 100;
/// And at most.
const LONGEST_PAGE: i64 = 1_000;

/// What to look for. Empty values are as good as none.
#[derive(Debug, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct Asked {
    pub(crate) user: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) rule: Option<String>,
    pub(crate) group: Option<String>,
    pub(crate) cluster: Option<String>,
    /// `accepted`, `denied`, `refused`, `failed`.
    pub(crate) outcome: Option<String>,
    /// Trino's last word: `FINISHED`, `FAILED`.
    pub(crate) state: Option<String>,
    /// Somewhere in the text.
    pub(crate) text: Option<String>,
    /// `user_query_hash` or `generic_query_hash`.
    pub(crate) hash: Option<String>,
    /// RFC 3339, or milliseconds since 1970.
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
    pub(crate) limit: Option<String>,
    /// `next` of the page before.
    pub(crate) before: Option<String>,
}

/// A page of them.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct HistoryPage {
    pub(crate) queries: Vec<HistoryQuery>,
    /// Asked for as `before`, it gives the next page; none if there is no more.
    pub(crate) next: Option<String>,
}

#[utoipa::path(get, path = "/api/v1/history", tag = "history", operation_id = "history_list", params(Asked), responses((status = 200, body = HistoryPage), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn list(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Parameters(asked): Parameters<Asked>,
) -> Result<Json<HistoryPage>, Problem> {
    let (mut filter, limit) =
        asked.understand().map_err(|errors| Problem::mistakes("the history was not searched", errors))?;
    if let Some(user) = caller.sees_only() {
        if filter.user.as_deref().is_some_and(|asked| asked != user) {
            let why = format!("with the role `viewer` only one's own queries are seen, those of `{user}`");
            return Err(Problem::new(StatusCode::FORBIDDEN, why));
        }
        filter.user = Some(user.to_owned());
    }
    let mut queries = api.store.history(&filter, limit + 1).await?;
    let more = queries.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    if more {
        queries.pop();
    }
    let last = queries.last().filter(|_| more);
    let next = last.map(|query| format!("{}_{}", query.created, query.query_id));
    Ok(Json(HistoryPage { queries, next }))
}

#[utoipa::path(get, path = "/api/v1/history/{query_id}", tag = "history", operation_id = "history_get", params(("query_id" = String, Path)), responses((status = 200, body = HistoryQuery), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn one(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Segments(id): Segments<String>,
) -> Result<Json<HistoryQuery>, Problem> {
    let query = api.store.history_query(&id).await?;
    match caller.sees_only() {
        // The same as if there were none: ids of others are not to be found out.
        Some(user) if query.user.as_deref() != Some(user) => Err(StoreError::NoQuery(id).into()),
        _ => Ok(Json(query)),
    }
}

/// Takes Trino's query-completed event. An answer of 503 makes its listener try again, if it is configured to.
#[utoipa::path(post, path = "/api/v1/events/query-completed", tag = "history", operation_id = "history_completed", request_body = Object, responses((status = 204), (status = "default", body = Problem, content_type = "application/problem+json")))]
pub(super) async fn completed(State(api): State<Api>, Body(event): Body<Completed>) -> Result<StatusCode, Problem> {
    let Some(text) = api.history else {
        return Err(Problem::new(StatusCode::NOT_FOUND, "no history is kept (`warren serve --history`)"));
    };
    let (query_id, end) = event.read(text).map_err(|error| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, error))?;
    api.store.add_query_end(&query_id, &end).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Asked {
    /// What is asked, and for how many; or every mistake.
    fn understand(self) -> Result<(HistoryFilter, i64), Vec<String>> {
        let mut errors = Vec::new();
        let mut moment = |name: &str, text: Option<String>| {
            let text = wanted(text)?;
            let read = moment(&text);
            if read.is_none() {
                errors
                    .push(format!("{name}: `{text}` is neither a time such as 2026-11-24T09:00:00Z nor milliseconds"));
            }
            read
        };
        let (from, to) = (moment("from", self.from), moment("to", self.to));
        let limit = wanted(self.limit)
            .map_or(Some(PAGE), |text| text.parse().ok().filter(|limit| (1..=LONGEST_PAGE).contains(limit)));
        if limit.is_none() {
            errors.push(format!("limit: is not a number from 1 to {LONGEST_PAGE}"));
        }
        let before = wanted(self.before).map(|text| page(&text).ok_or(text));
        if let Some(Err(text)) = &before {
            errors.push(format!("before: `{text}` is not what a page gave as `next`"));
        }
        let outcome = wanted(self.outcome);
        if let Some(text) = &outcome
            && Outcome::from_str(text, false).is_err()
        {
            errors.push(format!("outcome: `{text}` is none of accepted, denied, refused, failed"));
        }
        let filter = HistoryFilter {
            user: wanted(self.user),
            source: wanted(self.source),
            rule: wanted(self.rule),
            group: wanted(self.group),
            cluster: wanted(self.cluster),
            outcome,
            state: wanted(self.state).map(|state| state.to_ascii_uppercase()),
            text: wanted(self.text),
            hash: wanted(self.hash),
            from,
            to,
            before: before.and_then(Result::ok),
        };
        match limit {
            Some(limit) if errors.is_empty() => Ok((filter, limit)),
            _ => Err(errors),
        }
    }
}

fn wanted(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn moment(text: &str) -> Option<i64> {
    if let Ok(milliseconds) = text.parse() {
        return Some(milliseconds);
    }
    let time = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    i64::try_from(time.unix_timestamp_nanos() / 1_000_000).ok()
}

fn page(text: &str) -> Option<Page> {
    let (created, query_id) = text.split_once('_')?;
    Some(Page { created: created.parse().ok()?, query_id: query_id.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_every_mistake_of_what_is_asked() {
        let some = |text: &str| Some(text.to_owned());
        let asked = Asked {
            outcome: some("lost"),
            from: some("yesterday"),
            to: some("2026-11-24"),
            limit: some("0"),
            before: some("x"),
            ..Asked::default()
        };
        assert_eq!(
            asked.understand().unwrap_err(),
            [
                "from: `yesterday` is neither a time such as 2026-11-24T09:00:00Z nor milliseconds",
                "to: `2026-11-24` is neither a time such as 2026-11-24T09:00:00Z nor milliseconds",
                "limit: is not a number from 1 to 1000",
                "before: `x` is not what a page gave as `next`",
                "outcome: `lost` is none of accepted, denied, refused, failed",
            ]
        );
    }

    #[test]
    fn times_are_written_either_way_and_empty_values_are_none() {
        let some = |text: &str| Some(text.to_owned());
        let asked = Asked {
            user: some(""),
            from: some("2026-11-24T09:00:00.5+01:00"),
            to: some("1764000000123"),
            before: some("1764000000123_20261124_090507_00001_abcde"),
            ..Asked::default()
        };
        let (filter, limit) = asked.understand().unwrap();
        assert_eq!((filter.user, filter.from, filter.to), (None, Some(1_795_507_200_500), Some(1_764_000_000_123)));
        let page = Page { created: 1_764_000_000_123, query_id: "20261124_090507_00001_abcde".to_owned() };
        assert_eq!((filter.before, limit), (Some(page), 100));
    }
}
