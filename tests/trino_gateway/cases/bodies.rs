//! Requests with a cluster in their body.

use super::{ADD, ENTITY, NEW, SAME, UPDATE};
use crate::case::{Case, get, post};
use crate::difference::Difference as D;

pub(super) fn adding() -> Vec<Case> {
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
            "proxyTo `not a url` is not of the form http://HOST:PORT or https://HOST:PORT: relative URL without a base",
        ),
        post("add_with_tls", ADD, r#"{"name":"new","proxyTo":"https://new:8443/"}"#),
        post(
            "add_with_a_long_group",
            ADD,
            &format!(r#"{{"name":"new","proxyTo":"http://n","routingGroup":"{}"}}"#, "g".repeat(257)),
        )
        .differs(D::Unusable, 500, 400, "routingGroup: at most 256 characters, none of them NUL"),
    ]
}

pub(super) fn changing() -> Vec<Case> {
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
            "proxyTo `ftp://x` is not of the form http://HOST:PORT or https://HOST:PORT: scheme `ftp` is neither http nor https",
        ),
    ]
}

pub(super) fn entities() -> Vec<Case> {
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
