//! The table: what both are asked.

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
const NO_TOKEN: &str = r#"{"title":"the token is needed, as a bearer token or as the password of HTTP Basic; `warren` takes it from --api-token-file or WARREN_API_TOKEN_FILE","status":401,"errors":[]}"#;

pub(crate) fn all() -> Vec<Case> {
    [looking(), switching(), adding(), changing(), deleting(), entities(), public(), own_paths(), access(), outage()]
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

fn adding() -> Vec<Case> {
    let add = |name, body: &str| post(name, ADD, body);
    let missing = |name, body: &str, says: &str| post(name, ADD, body).differs(D::ErrorText, 500, 500, says);
    let not_json = |name, body: &str, says: &str| {
        let says = format!(r#"{{"code":"JSON_PARSING_ERROR","message":"{says}"}}"#);
        post(name, ADD, body).differs(D::JsonMessage, 400, 400, &says)
    };
    let refused = |name, body: &str, says: &str| post(name, ADD, body).differs(D::Unusable, 200, 400, says);
    vec![
        add("add_with_defaults", NEW),
        add("add_with_a_slash_at_the_end", r#"{"name":"new","proxyTo":"http://new:1/","externalUrl":"http://x/"}"#),
        add(
            "add_with_everything",
            r#"{"routingGroup":"etl","active":false,"externalUrl":"http://x","proxyTo":"http://new:1","name":"new"}"#,
        ),
        add("add_with_null_external_url", r#"{"name":"new","proxyTo":"http://new:1","externalUrl":null}"#),
        add("add_with_empty_external_url", r#"{"name":"new","proxyTo":"http://new:1","externalUrl":""}"#),
        add("add_with_empty_group", r#"{"name":"new","proxyTo":"http://new:1","routingGroup":""}"#),
        add("add_with_active_null", r#"{"name":"new","proxyTo":"http://new:1","active":null}"#),
        add("add_with_active_empty", r#"{"name":"new","proxyTo":"http://new:1","active":""}"#),
        add("add_with_active_as_text", r#"{"name":"new","proxyTo":"http://new:1","active":"False"}"#),
        add("add_with_active_as_number", r#"{"name":"new","proxyTo":"http://new:1","active":0}"#),
        add("add_with_name_as_number", r#"{"name":5,"proxyTo":"http://new:1"}"#),
        add("add_with_name_as_boolean", r#"{"name":true,"proxyTo":"http://new:1"}"#),
        add("add_with_odd_letters", r#"{"name":"ö <b>","proxyTo":"http://new:1"}"#),
        add("add_with_unknown_field", r#"{"name":"new","proxyTo":"http://new:1","other":{"x":[1]}}"#),
        add("add_with_name_twice", r#"{"name":"old","proxyTo":"http://new:1","name":"new"}"#),
        add("add_with_charset", NEW).content_type("application/json; charset=utf-8"),
        add("add_as_text_json", NEW).content_type("text/json"),
        add("add_in_capitals", NEW).content_type("APPLICATION/JSON"),
        add("add_as_text", NEW).content_type("text/plain"),
        add("add_as_a_form", NEW).content_type("application/x-www-form-urlencoded"),
        add("add_as_some_json", NEW).content_type("application/vnd.x+json"),
        Case::new("add_by_put", "PUT", ADD),
        get("add_by_get", ADD),
        missing("add_what_is_there", SAME, "cluster `etl-1` exists already"),
        missing("add_nothing", "", "no backend was sent"),
        missing("add_null", "null", "no backend was sent"),
        missing("add_without_a_field", "{}", "Backend name cannot be null"),
        missing("add_without_a_name", r#"{"proxyTo":"http://new:1"}"#, "Backend name cannot be null"),
        missing("add_without_an_address", r#"{"name":"new"}"#, "Backend proxyTo URL cannot be null"),
        missing(
            "add_with_null_group",
            r#"{"name":"new","proxyTo":"http://new:1","routingGroup":null}"#,
            "Backend routing group cannot be null",
        ),
        missing("add_with_name_in_capitals", r#"{"NAME":"new","proxyTo":"http://n"}"#, "Backend name cannot be null"),
        not_json("add_half_an_object", "{", "EOF while parsing an object at line 1 column 1"),
        not_json("add_a_list", "[]", "a backend is a JSON object"),
        not_json("add_text", r#""new""#, "a backend is a JSON object"),
        not_json("add_with_name_as_list", r#"{"name":["new"],"proxyTo":"http://new:1"}"#, "name is not text"),
        not_json("add_with_active_as_word", r#"{"active":"maybe"}"#, "active is `maybe`, not true or false"),
        not_json("add_with_active_as_fraction", r#"{"active":1.5}"#, "active is not true or false"),
        not_json(
            "add_with_text_behind",
            r#"{"name":"new","proxyTo":"x"} x"#,
            "trailing characters at line 1 column 30",
        ),
        refused(
            "add_with_empty_name",
            r#"{"name":"","proxyTo":"http://new:1"}"#,
            "name ``: 1 to 256 characters, no slash, no line break",
        ),
        refused(
            "add_with_slash_in_name",
            r#"{"name":"a/b","proxyTo":"http://new:1"}"#,
            "name `a/b`: 1 to 256 characters, no slash, no line break",
        ),
        refused(
            "add_what_is_no_address",
            r#"{"name":"new","proxyTo":"not a url"}"#,
            "proxyTo `not a url` is not of the form http://HOST:PORT: relative URL without a base",
        ),
        refused(
            "add_with_tls",
            r#"{"name":"new","proxyTo":"https://new:8443/"}"#,
            "proxyTo `https://new:8443` is not of the form http://HOST:PORT: TLS towards Trino is not supported yet; use the coordinator's HTTP port",
        ),
        post(
            "add_with_a_long_group",
            ADD,
            &format!(r#"{{"name":"new","proxyTo":"http://n","routingGroup":"{}"}}"#, "g".repeat(257)),
        )
        .differs(D::Unusable, 500, 400, "routingGroup: at most 256 characters, none of them NUL"),
    ]
}

fn changing() -> Vec<Case> {
    vec![
        post("update", UPDATE, r#"{"name":"etl-1","proxyTo":"http://moved:1/","routingGroup":"bi","active":false}"#),
        post("update_puts_defaults_back", UPDATE, r#"{"name":"idle","proxyTo":"http://127.0.0.1:2"}"#),
        post("update_what_is_not_there_adds_it", UPDATE, NEW),
        post("update_as_text", UPDATE, NEW).content_type("text/plain"),
        post("update_without_an_address", UPDATE, r#"{"name":"etl-1"}"#).differs(
            D::ErrorText,
            500,
            500,
            "Backend proxyTo URL cannot be null",
        ),
        post("update_half_an_object", UPDATE, "{").differs(
            D::JsonMessage,
            400,
            400,
            r#"{"code":"JSON_PARSING_ERROR","message":"EOF while parsing an object at line 1 column 1"}"#,
        ),
        post("update_to_what_is_no_address", UPDATE, r#"{"name":"etl-1","proxyTo":"ftp://x"}"#).differs(
            D::Unusable,
            200,
            400,
            "proxyTo `ftp://x` is not of the form http://HOST:PORT: scheme `ftp` is not http",
        ),
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

fn entities() -> Vec<Case> {
    let bad = |name, path: &str, body: &str, says: &str| post(name, path, body).differs(D::ErrorText, 500, 500, says);
    vec![
        get("entity_types", "/entity"),
        get("entity_types_with_a_slash", "/entity/"),
        get("entities", "/entity/GATEWAY_BACKEND"),
        get("entities_of_a_schema", "/entity/GATEWAY_BACKEND?useSchema=x"),
        get("entities_of_unknown_type", "/entity/nope").differs(
            D::ErrorText,
            500,
            500,
            "entity type `nope` is not known; known: GATEWAY_BACKEND",
        ),
        post("entity_updates", ENTITY, SAME),
        post("entity_adds", ENTITY, NEW),
        post("entity_of_a_schema", "/entity?entityType=GATEWAY_BACKEND&useSchema=x", NEW),
        post("entity_as_text", ENTITY, NEW).content_type("text/plain"),
        post("entity_as_a_form", ENTITY, NEW).content_type("application/x-www-form-urlencoded"),
        post("entity_with_active_null", ENTITY, r#"{"name":"etl-1","proxyTo":"http://127.0.0.1:1","active":null}"#),
        bad("entity_without_type", "/entity", NEW, "entity type `` is not known; known: GATEWAY_BACKEND"),
        bad(
            "entity_of_unknown_type",
            "/entity?entityType=X",
            NEW,
            "entity type `X` is not known; known: GATEWAY_BACKEND",
        ),
        bad("entity_half_an_object", ENTITY, "{", "EOF while parsing an object at line 1 column 1"),
        bad("entity_nothing", ENTITY, "", "no backend was sent"),
        bad("entity_null", ENTITY, "null", "no backend was sent"),
        bad("entity_a_list", ENTITY, "[]", "a backend is a JSON object"),
        bad("entity_without_a_field", ENTITY, "{}", "Backend name cannot be null"),
        bad("entity_without_an_address", ENTITY, r#"{"name":"new"}"#, "Backend proxyTo URL cannot be null"),
        post("entity_with_unknown_field", ENTITY, r#"{"name":"new","proxyTo":"http://n","other":1}"#).differs(
            D::Entity,
            500,
            200,
            "",
        ),
        post("entity_with_text_behind", ENTITY, r#"{"name":"new","proxyTo":"http://n"} x"#).differs(
            D::Entity,
            200,
            500,
            "trailing characters at line 1 column 37",
        ),
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
        closed("token_wrong", "/entity").header("Authorization", wrong).differs(D::Credentials, 200, 401, NO_TOKEN),
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
