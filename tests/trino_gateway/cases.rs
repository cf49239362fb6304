//! The table: what both are asked.

mod bodies;

use crate::case::{Case, Scene, get, post};
use crate::difference::Difference as D;
use crate::pair::TOKEN;

const ADD: &str = "/gateway/backend/modify/add";
const UPDATE: &str = "/gateway/backend/modify/update";
const DELETE: &str = "/gateway/backend/modify/delete";
const ENTITY: &str = "/entity?entityType=GATEWAY_BACKEND";
const NEW: &str = r#"{"name":"new","proxyTo":"http://new:8080"}"#;
const SAME: &str =
    r#"{"name":"etl-1","proxyTo":"http://127.0.0.1:1","externalUrl":"http://etl-1.example","routingGroup":"etl"}"#;
const NO_PATH: &str = r#"{"title":"no such path; the API is at /api/v1","status":404,"errors":[]}"#;
const NO_TOKEN: &str = r#"{"title":"credentials are needed: a token, as a bearer token or as the password of HTTP Basic, or a user and a password; `warren` takes them from --api-token-file and --api-user","status":401,"errors":[]}"#;
const WRONG_TOKEN: &str =
    r#"{"title":"these credentials are wrong, have expired or were revoked","status":401,"errors":[]}"#;

pub(crate) fn all() -> Vec<Case> {
    [
        looking(),
        switching(),
        bodies::adding(),
        bodies::changing(),
        deleting(),
        bodies::entities(),
        public(),
        own_paths(),
        access(),
        outage(),
    ]
    .concat()
}

fn looking() -> Vec<Case> {
    vec![
        get("gateway_says_ok", "/gateway"),
        get("gateway_says_ok_with_a_slash", "/gateway/"),
        get("all", "/gateway/backend/all"),
        get("all_with_a_slash", "/gateway/backend/all/"),
        get("all_whatever_the_query_string", "/gateway/backend/all?x=1"),
        get("active", "/gateway/backend/active"),
        Case::new("head", "HEAD", "/gateway/backend/all"),
        Case::new("post_where_get_is_meant", "POST", "/gateway/backend/all"),
        Case::new("delete_where_get_is_meant", "DELETE", "/gateway/backend/all"),
        Case::new("options", "OPTIONS", "/gateway/backend/all").differs(D::Options, 200, 405, ""),
        get("no_such_path", "/gateway/backend/nope").differs(D::NoSuchPath, 404, 404, NO_PATH),
        get("another_kind_of_answer_is_wanted", "/entity").header("Accept", "text/plain").differs(
            D::Accept,
            406,
            200,
            r#"["GATEWAY_BACKEND"]"#,
        ),
        get("row_with_nulls", "/gateway/backend/all")
            .with_rows("DELETE FROM gateway_backend WHERE active; INSERT INTO gateway_backend (name) VALUES ('nulls')")
            .differs(
                D::Nulls,
                500,
                200,
                r#"[{"active":false,"routingGroup":"adhoc","externalUrl":"http://127.0.0.1:2","name":"idle","proxyTo":"http://127.0.0.1:2"},{"active":false,"routingGroup":"","externalUrl":"","name":"nulls","proxyTo":""}]"#,
            ),
    ]
}

fn switching() -> Vec<Case> {
    vec![
        post("activate", "/gateway/backend/activate/idle", ""),
        post("activate_what_is_active", "/gateway/backend/activate/etl-1", ""),
        post("deactivate", "/gateway/backend/deactivate/etl-1", ""),
        post("deactivate_with_a_body", "/gateway/backend/deactivate/etl-1", "{}"),
        post("deactivate_with_a_body_of_text", "/gateway/backend/deactivate/etl-1/", "x").content_type("text/plain"),
        post("activate_unknown", "/gateway/backend/activate/nope", ""),
        post("deactivate_unknown", "/gateway/backend/deactivate/nope", ""),
        post("activate_unknown_with_odd_letters", "/gateway/backend/activate/n%C3%B6%20%3Cb%3E", ""),
        post("activate_nothing", "/gateway/backend/activate/", "").differs(D::NoSuchPath, 404, 404, NO_PATH),
        post("activate_encoded_slash", "/gateway/backend/activate/a%2Fb", "").differs(
            D::EncodedSlash,
            400,
            404,
            "No cluster found with name: a/b, could not (de)activate",
        ),
        get("get_where_post_is_meant", "/gateway/backend/activate/idle"),
    ]
}

fn deleting() -> Vec<Case> {
    vec![
        post("delete", DELETE, "idle").content_type("text/plain"),
        post("delete_as_curl_sends_it", DELETE, "idle").content_type("application/x-www-form-urlencoded"),
        post("delete_as_json_is_the_raw_name", DELETE, "idle"),
        post("delete_in_quotes_finds_nothing", DELETE, r#""idle""#),
        post("delete_with_a_line_end_finds_nothing", DELETE, "idle\n"),
        post("delete_unknown", DELETE, "nope").content_type("text/plain"),
        post("delete_nothing", DELETE, "").content_type("text/plain"),
        get("delete_by_get", DELETE),
    ]
}

fn public() -> Vec<Case> {
    const STATE: &str = "/api/public/backends/etl-1/state";
    vec![
        get("public_backends", "/api/public/backends"),
        get("public_backends_with_a_slash", "/api/public/backends/"),
        get("public_backend", "/api/public/backends/etl-1"),
        get("public_backend_unknown", "/api/public/backends/nope"),
        get("public_state_unknown", "/api/public/backends/nope/state"),
        get("public_state_of_a_dead_cluster", STATE).scene(Scene::InTheEnd),
        get("public_state_of_a_dead_inactive_cluster", "/api/public/backends/idle/state").scene(Scene::InTheEnd),
        get("public_state_after_an_edit", STATE).after(UPDATE, SAME).scene(Scene::InTheEnd).differs(
            D::State,
            200,
            200,
            r#"{"clusterId":"etl-1","runningQueryCount":0,"queuedQueryCount":0,"numWorkerNodes":0,"trinoStatus":"UNHEALTHY","proxyTo":"http://127.0.0.1:1","externalUrl":"http://etl-1.example","routingGroup":"etl"}"#,
        ),
        post("public_by_post", "/api/public/backends", "{}"),
        get("public_no_such_path", "/api/public/nope").differs(D::NoSuchPath, 404, 404, NO_PATH),
    ]
}

fn own_paths() -> Vec<Case> {
    vec![
        get("livez", "/trino-gateway/livez"),
        get("livez_with_a_slash", "/trino-gateway/livez/"),
        post("livez_by_post", "/trino-gateway/livez", ""),
        get("readyz", "/trino-gateway/readyz"),
        get("active_backends", "/trino-gateway/api/activeBackends"),
        get("history", "/trino-gateway/api/queryHistory"),
        get("history_is_empty", "/trino-gateway/api/queryHistory").with_rows("DELETE FROM query_history"),
        get("history_has_the_newest_2000", "/trino-gateway/api/queryHistory").with_rows(
            "INSERT INTO query_history (query_id, query_text, created, backend_url) \
             SELECT 'q' || n, 'SELECT ' || n, n, 'http://t' FROM generate_series(1, 2500) n",
        ),
        get("history_by_cluster", "/trino-gateway/api/queryHistoryDistribution"),
        get("history_by_cluster_is_empty", "/trino-gateway/api/queryHistoryDistribution")
            .with_rows("DELETE FROM query_history"),
        get("history_with_nulls", "/trino-gateway/api/queryHistory")
            .with_rows("DELETE FROM query_history; INSERT INTO query_history (query_id) VALUES ('q')")
            .differs(D::Nulls, 500, 200, r#"[{"queryId":"q","captureTime":0}]"#),
        get("root", "/").differs(D::Ui, 303, 404, NO_PATH),
        get("ui", "/trino-gateway").differs(D::Ui, 200, 404, NO_PATH),
        post("ui_asks", "/webapp/getAllBackends", "{}").differs(D::Ui, 200, 404, NO_PATH),
    ]
}

fn access() -> Vec<Case> {
    let closed = |name, path: &str| get(name, path).scene(Scene::WithToken);
    let bearer = format!("Bearer {TOKEN}");
    // `anyone:a-token-of-the-tests`, and `anyone:another`
    let (basic, wrong) = ("Basic YW55b25lOmEtdG9rZW4tb2YtdGhlLXRlc3Rz", "Basic YW55b25lOmFub3RoZXI=");
    vec![
        closed("token_as_basic", "/gateway/backend/all").header("Authorization", basic),
        closed("token_as_bearer", "/api/public/backends").header("Authorization", &bearer),
        closed("token_not_for_livez", "/trino-gateway/livez"),
        closed("token_not_for_readyz", "/trino-gateway/readyz"),
        closed("token_missing", "/gateway/backend/all").differs(D::Credentials, 200, 401, NO_TOKEN),
        closed("token_missing_for_what_was_public", "/api/public/backends").differs(D::Credentials, 200, 401, NO_TOKEN),
        closed("token_wrong", "/entity").header("Authorization", wrong).differs(D::Credentials, 200, 401, WRONG_TOKEN),
        get("web_page", "/gateway/backend/all").header("Origin", "http://page.example").differs(
            D::WebPages,
            200,
            403,
            r#"{"title":"requests from web pages need a bearer token; start with --api-token-file","status":403,"errors":[]}"#,
        ),
    ]
}

fn outage() -> Vec<Case> {
    let away = |case: Case| case.scene(Scene::WithoutDatabase);
    vec![
        away(get("readyz_without_database", "/trino-gateway/readyz")),
        away(get("all_without_database", "/gateway/backend/all")).differs_somehow(D::Database, 500, 503),
    ]
}
