//! What the audit keeps of those who were refused, and that it keeps it.

use anyhow::{Result, ensure};
use serde_json::Value;
use warren_tests::eventually::eventually;
use warren_tests::stack::Stack;

use super::super::SOON;
use super::{PASSWORD, Scene, ask, basic, bearer};

pub(in super::super) fn what_was_refused_is_in_the_audit_and_the_audit_is_only_added_to(stack: &Stack) -> Result<()> {
    let scene = Scene::start(stack, "audit")?;
    let ask = |method: &str, authorization: &str| {
        ask(&scene.warren, method, "/api/v1/rules", &[("Authorization", authorization)], "")
    };
    for _ in 0..40 {
        assert_eq!(ask("POST", &basic("ann", PASSWORD))?.status, 403);
    }
    assert_eq!(ask("GET", &basic("ann", "wrong"))?.status, 401);
    assert_eq!(ask("GET", &basic("a password in the wrong field", "wrong"))?.status, 401);
    assert_eq!(ask("DELETE", &bearer("nonsense"))?.status, 405);
    let denied = || -> Result<Vec<(Value, Value, Value)>> {
        let said = scene.cli(None, "token", &["audit", "--json", "--limit", "100"])?;
        let entries: Vec<Value> = serde_json::from_str(&said)?;
        let denied = entries.into_iter().filter(|entry| entry["action"] == "denied");
        Ok(denied.map(|entry| (entry["actor"].clone(), entry["subject"].clone(), entry["after"].clone())).collect())
    };
    let entries = eventually(SOON, "three refused attempts to be in the audit", || {
        let entries = denied()?;
        ensure!(entries.len() == 3, "{entries:?}");
        Ok(entries)
    })?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let found: Vec<_> = entries
        .iter()
        .map(|(actor, subject, after)| {
            (text(actor), text(subject), text(&after["why"]), after["status"].as_u64(), after["times"].as_u64())
        })
        .collect();
    let row = |actor: &str, subject: &str, why: &str, status: u64| {
        (actor.to_owned(), subject.to_owned(), why.to_owned(), Some(status), Some(1))
    };
    assert_eq!(
        found,
        [
            row("nobody (127.0.0.1)", "GET /api/v1/rules", "wrong credentials", 401),
            row("nobody (127.0.0.1), says ann", "GET /api/v1/rules", "wrong password", 401),
            row("ann (user)", "POST /api/v1/rules", "this needs the role `author`; ann (user) has `viewer`", 403),
        ]
    );
    // The other 39 are one row when their minute is over.
    for sql in ["UPDATE warren_audit SET actor = 'x'", "DELETE FROM warren_audit", "TRUNCATE warren_audit"] {
        let error = scene.database(stack)?.batch_execute(sql).err();
        let said = error.as_ref().and_then(|error| error.as_db_error()).map(|error| error.message().to_owned());
        assert_eq!(said.as_deref(), Some("the audit is only ever added to"), "{sql}");
    }
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        assert_eq!(scene.admin(method, "/api/v1/audit", "")?.status, 405, "{method}");
    }
    Ok(())
}
