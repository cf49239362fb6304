//! Reads the file of people again when it changes: who is taken out of it is out, without a restart.

use super::Users;
use crate::status::Status;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How often it is looked.
const LOOK: Duration = Duration::from_secs(2);

/// Hands on the people of the file for ever. While it is wrong those of before stay, and the status says what is wrong.
pub(crate) async fn follow(path: PathBuf, people: watch::Sender<Option<Arc<Users>>>, status: Arc<Status>) {
    let mut last = None;
    loop {
        let now = tokio::fs::read_to_string(&path).await.map_err(|error| error.to_string());
        if last.as_ref() != Some(&now) {
            let read = now.as_ref().map_err(Clone::clone).and_then(|text| Users::read(text).map_err(|e| e.join("\n")));
            let problem = read.map(|users| people.send_replace(Some(Arc::new(users)))).err();
            let problem = problem.map(|why| format!("{}: {why}; the people of before stay", path.display()));
            status.problem("users", problem);
            last = Some(now);
        }
        tokio::time::sleep(LOOK).await;
    }
}
