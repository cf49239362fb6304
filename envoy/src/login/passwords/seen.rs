//! Passwords that were right a moment ago. Clients send theirs with each query, and each check takes a tenth of a second or
//! a walk to the directory.

use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long one is believed: a password that was changed, or a person who left, may come in for so long.
const KEPT_FOR: Duration = Duration::from_secs(30);
/// As many are kept; then all are forgotten.
const MOST: usize = 10_000;

/// Right passwords, as hashes with a salt of this process: no password stays in memory.
pub(crate) struct Seen {
    salt: [u8; 32],
    right: Mutex<HashMap<[u8; 32], (String, Instant)>>,
}

impl Seen {
    pub(crate) fn new() -> Seen {
        let mut salt = [0; 32];
        // Without it hashes could be guessed from a dump of the memory; with none at all nothing else would break.
        if let Err(error) = getrandom::fill(&mut salt) {
            tracing::warn!(%error, "no random numbers");
        }
        Seen { salt, right: Mutex::default() }
    }

    /// The principal, if it was right.
    pub(crate) fn get(&self, user: &str, password: &str) -> Option<String> {
        let right = self.right.lock().unwrap_or_else(PoisonError::into_inner);
        let (principal, since) = right.get(&self.key(user, password))?;
        (since.elapsed() < KEPT_FOR).then(|| principal.clone())
    }

    pub(crate) fn keep(&self, user: &str, password: &str, principal: &str) {
        let key = self.key(user, password);
        let mut right = self.right.lock().unwrap_or_else(PoisonError::into_inner);
        if right.len() >= MOST {
            right.clear();
        }
        right.insert(key, (principal.to_owned(), Instant::now()));
    }

    fn key(&self, user: &str, password: &str) -> [u8; 32] {
        let mut hasher = Sha256::new();
        hasher.update(self.salt);
        // The length keeps apart `ab`, `c` and `a`, `bc`.
        hasher.update(user.len().to_le_bytes());
        hasher.update(user);
        hasher.update(password);
        hasher.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_a_password_again_and_no_other() {
        let seen = Seen::new();
        seen.keep("ann", "secret", "Ann");
        assert_eq!(seen.get("ann", "secret"), Some("Ann".to_owned()));
        for (user, password) in [("ann", "secre"), ("anns", "ecret"), ("bob", "secret")] {
            assert_eq!(seen.get(user, password), None, "{user} {password}");
        }
    }
}
