//! What comes with a request, read so that what is wrong with it is told as every other mistake is.

use super::Problem;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts};
use axum::http::StatusCode;

/// A body of JSON.
#[derive(FromRequest)]
#[from_request(via(axum::Json), rejection(Problem))]
pub(super) struct Body<T>(pub(super) T);

/// Parameters behind the question mark.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(Problem))]
pub(super) struct Parameters<T>(pub(super) T);

/// Parts of the path.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(Problem))]
pub(super) struct Segments<T>(pub(super) T);

fn not_understood(what: &str, status: StatusCode, reason: String) -> Problem {
    Problem { errors: vec![reason], ..Problem::new(status, format!("{what} was not understood")) }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Problem {
        not_understood("the body", rejection.status(), rejection.body_text())
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Problem {
        not_understood("the address", rejection.status(), rejection.body_text())
    }
}

impl From<PathRejection> for Problem {
    fn from(rejection: PathRejection) -> Problem {
        not_understood("the address", rejection.status(), rejection.body_text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{ClusterChange, GroupSettings};
    use axum::body::Body as HttpBody;
    use axum::http::{Request, header};

    async fn problem<T: serde::de::DeserializeOwned>(content_type: &str, body: &str) -> Problem {
        let request =
            Request::builder().header(header::CONTENT_TYPE, content_type).body(HttpBody::from(body.to_owned()));
        Body::<T>::from_request(request.unwrap(), &()).await.map(|Body(_)| ()).unwrap_err()
    }

    #[tokio::test]
    async fn a_body_that_is_not_understood_is_a_problem_that_says_why() {
        let found = problem::<ClusterChange>("application/json", "{\"wait\": 5}").await;
        assert_eq!((found.status, found.title.as_str()), (422, "the body was not understood"));
        assert!(found.errors[0].contains("unknown field `wait`, expected one of `url`, "), "{:?}", found.errors);
        let found = problem::<GroupSettings>("application/json", "{\"policy\": \"fair\"}").await;
        assert!(found.errors[0].contains("unknown variant `fair`, expected one of `load`, "), "{:?}", found.errors);
        assert_eq!(problem::<ClusterChange>("application/json", "{").await.status, 400);
        assert_eq!(problem::<ClusterChange>("text/plain", "{}").await.status, 415);
    }
}
