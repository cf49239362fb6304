//! All endpoints of the API port, each with the role that it needs: there is no other way to add one.

use super::{Api, access};
use crate::access::Role;
use axum::Router;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::routing::MethodRouter;
use std::sync::Arc;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{Components, OpenApi};
use utoipa_axum::router::UtoipaMethodRouter;

/// Under which the document says which role an operation needs.
const ROLE: &str = "x-warren-role";

/// Whom an endpoint answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// Whoever asks, without credentials.
    Nobody,
    /// Those with this role, or one that may as much.
    Role(Role),
}

/// A method of a path.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    method: Method,
    /// As the router has it.
    path: String,
    pub(super) need: Need,
}

/// Those that there are, and the document of those that have one.
pub(super) struct Endpoints {
    document: OpenApi,
    /// The second path, if there is one, is another spelling.
    routes: Vec<(Endpoint, Vec<String>, MethodRouter<Api>)>,
}

impl Need {
    fn name(self) -> &'static str {
        match self {
            Need::Nobody => "none",
            Need::Role(role) => role.name(),
        }
    }
}

impl Endpoint {
    /// As messages, the audit and the table of all endpoints have it.
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

impl Endpoints {
    /// None yet.
    pub(super) fn new(document: OpenApi) -> Endpoints {
        Endpoints { document, routes: Vec::new() }
    }

    /// Adds one that is documented.
    pub(super) fn add(self, role: Role, routes: UtoipaMethodRouter<Api>) -> Endpoints {
        self.documented(Need::Role(role), routes)
    }

    /// Adds one that is documented and asks nobody who they are.
    pub(super) fn open(self, routes: UtoipaMethodRouter<Api>) -> Endpoints {
        self.documented(Need::Nobody, routes)
    }

    /// Adds one that is not in the document, under each of these paths: they are spellings of the first.
    pub(super) fn plain(
        mut self,
        need: Need,
        method: Method,
        paths: &[String],
        router: MethodRouter<Api>,
    ) -> Endpoints {
        let path = paths.first().cloned().unwrap_or_default();
        self.routes.push((Endpoint { method, path, need }, paths.to_vec(), router));
        self
    }

    fn documented(mut self, need: Need, (schemas, paths, router): UtoipaMethodRouter<Api>) -> Endpoints {
        for (path, mut item) in paths.paths {
            for (method, operation) in operations(&mut item) {
                operation.extensions.get_or_insert_default().insert(ROLE.to_owned(), need.name().into());
                if need == Need::Nobody {
                    operation.security = Some(vec![SecurityRequirement::default()]);
                }
                let endpoint = Endpoint { method, path: path.clone(), need };
                self.routes.push((endpoint, vec![path.clone()], router.clone()));
            }
            match self.document.paths.paths.get_mut(&path) {
                Some(known) => known.merge_operations(item),
                None => drop(self.document.paths.paths.insert(path, item)),
            }
        }
        self.document.components.get_or_insert_with(Components::new).schemas.extend(schemas);
        self
    }

    /// What the document says.
    pub(super) fn into_document(self) -> OpenApi {
        self.document
    }

    /// All of them, and before each one who looks at its role.
    pub(super) fn into_router(self, api: &Api) -> Router<Api> {
        self.routes.into_iter().fold(Router::new(), |router, (endpoint, paths, methods)| {
            let state = (api.clone(), Arc::new(endpoint));
            let guarded = methods.route_layer(from_fn_with_state(state, access::check));
            paths.iter().fold(router, |router, path| router.route(path, guarded.clone()))
        })
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    [
        (Method::GET, &mut item.get),
        (Method::PUT, &mut item.put),
        (Method::POST, &mut item.post),
        (Method::DELETE, &mut item.delete),
        (Method::PATCH, &mut item.patch),
        (Method::HEAD, &mut item.head),
        (Method::OPTIONS, &mut item.options),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of all endpoints and roles.
    fn table(endpoints: &Endpoints) -> String {
        let mut text = "| endpoint | needs |".to_owned();
        for role in Role::ALL {
            text.push_str(&format!(" {} |", role.name()));
        }
        text.push_str(&format!("\n| --- | --- |{}\n", " --- |".repeat(Role::ALL.len())));
        for (endpoint, _, _) in &endpoints.routes {
            text.push_str(&format!("| `{}` | {} |", endpoint.name(), endpoint.need.name()));
            for role in Role::ALL {
                let may = match endpoint.need {
                    Need::Nobody => true,
                    Need::Role(need) => role.may(need),
                };
                text.push_str(if may { " yes |" } else { " – |" });
            }
            text.push('\n');
        }
        text
    }

    #[test]
    fn docs_access_md_has_every_endpoint_and_every_role() {
        let (begin, end) = ("<!-- endpoints -->\n", "<!-- /endpoints -->");
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/access.md");
        let written = std::fs::read_to_string(file).unwrap();
        let (before, rest) = written.split_once(begin).unwrap();
        let (_, after) = rest.split_once(end).unwrap();
        let now = format!("{before}{begin}{}{end}{after}", table(&super::super::endpoints()));
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(file, &now).unwrap();
        }
        let written = std::fs::read_to_string(file).unwrap();
        assert!(written == now, "docs/access.md is outdated: UPDATE=1 cargo test -p warren docs_access writes it");
    }

    #[test]
    fn whatever_changes_something_needs_more_than_looking() {
        let endpoints = super::super::endpoints();
        let of_everybody = ["POST /api/v1/session", "DELETE /api/v1/session", "DELETE /api/v1/sessions"];
        for (endpoint, _, _) in &endpoints.routes {
            let looks = endpoint.method == Method::GET || of_everybody.contains(&endpoint.name().as_str());
            let lets = matches!(endpoint.need, Need::Nobody | Need::Role(Role::Viewer));
            assert!(looks || !lets, "{} lets in whoever may look", endpoint.name());
        }
    }
}
