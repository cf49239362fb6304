//! What stops a coordinator once its workers are gone: a command or a webhook from the settings of `warren serve`, never from
//! the API, which could run anything with it.

use serde::Serialize;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;

/// How long either may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How much of what a command says is told.
const SAID: usize = 300;

/// How coordinators are stopped; with neither, someone else stops them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stop {
    /// A program, run with `WARREN_CLUSTER` and `WARREN_CLUSTER_URL` in its environment.
    pub(crate) command: Option<String>,
    /// An address that gets a POST with the same as JSON.
    pub(crate) webhook: Option<url::Url>,
}

#[derive(Serialize)]
struct Body<'a> {
    cluster: &'a str,
    url: &'a str,
}

impl Stop {
    /// Is there one?
    pub(crate) fn can(&self) -> bool {
        self.command.is_some() || self.webhook.is_some()
    }

    /// Calls it. It may be called again for the same cluster: a Warren may have ended before it could note that it was.
    ///
    /// # Errors
    /// When it fails or takes longer than a minute, in words.
    pub(crate) async fn call(&self, cluster: &str, url: &str, http: &reqwest::Client) -> Result<(), String> {
        if let Some(program) = &self.command {
            let run = Command::new(program)
                .env("WARREN_CLUSTER", cluster)
                .env("WARREN_CLUSTER_URL", url)
                .stdin(Stdio::null())
                .kill_on_drop(true)
                .output();
            let output = tokio::time::timeout(PATIENCE, run)
                .await
                .map_err(|_| format!("`{program}` did not end within {} seconds", PATIENCE.as_secs()))?
                .map_err(|error| format!("`{program}` cannot be run: {error}"))?;
            if !output.status.success() {
                let said = String::from_utf8_lossy(&output.stderr);
                let said: String = said.trim().chars().take(SAID).collect();
                return Err(format!("`{program}` ended with {}: {said}", output.status));
            }
        }
        if let Some(webhook) = &self.webhook {
            // Its path may hold a secret.
            let name = webhook.host_str().unwrap_or_default();
            let post = http.post(webhook.clone()).timeout(PATIENCE).json(&Body { cluster, url });
            let answer = post.send().await.map_err(|_| format!("the webhook at {name} did not answer"))?;
            if !answer.status().is_success() {
                return Err(format!("the webhook at {name} answered {}", answer.status()));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "http://trino:8080";

    fn http() -> reqwest::Client {
        crate::tls::http(crate::tls::trusting(None).unwrap()).unwrap()
    }

    fn program(dir: &tempfile::TempDir, text: &str) -> Stop {
        use std::os::unix::fs::PermissionsExt;
        let path = dir.path().join("stop");
        std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
        Stop { command: Some(path.display().to_string()), webhook: None }
    }

    #[tokio::test]
    async fn a_command_is_told_which_cluster() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("out");
        let stop = program(&dir, &format!("echo \"$WARREN_CLUSTER $WARREN_CLUSTER_URL\" > {}", out.display()));
        assert_eq!(stop.call("etl-1", URL, &http()).await, Ok(()));
        assert_eq!(std::fs::read_to_string(out).unwrap(), format!("etl-1 {URL}\n"));
    }

    #[tokio::test]
    async fn a_command_that_fails_is_told_with_what_it_said() {
        let dir = tempfile::tempdir().unwrap();
        let stop = program(&dir, "echo no such pod >&2; exit 3");
        let said = stop.call("etl-1", URL, &http()).await.unwrap_err();
        assert_eq!(said, format!("`{}` ended with exit status: 3: no such pod", stop.command.unwrap()));
        let stop = Stop { command: Some("/no/such".to_owned()), webhook: None };
        assert_eq!(
            stop.call("etl-1", URL, &http()).await.unwrap_err(),
            "`/no/such` cannot be run: No such file or directory (os error 2)"
        );
    }
}
