//! Secrets that Warren makes: tokens, and what cookies hold. Of each only a hash is ever kept.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// Tokens begin so: people and scanners of code know what they found.
pub(crate) const PREFIX: &str = "warren_";
/// Random bytes of a secret.
const BYTES: usize = 32;
/// As many letters does base64 make of them.
const LETTERS: usize = 43;

/// 256 random bits. It has no `Debug`: it is not to be shown.
pub(crate) struct Secret(String);

impl Secret {
    /// A new one.
    ///
    /// # Errors
    /// When the machine gives no random numbers.
    pub(crate) fn new() -> Result<Secret, String> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes).map_err(|error| format!("no random numbers: {error}"))?;
        Ok(Secret(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// What stands in a cookie.
    pub(crate) fn of_session(text: &str) -> Option<Secret> {
        is_one(text).then(|| Secret(text.to_owned()))
    }

    /// What stands behind the prefix of a token.
    pub(crate) fn of_token(text: &str) -> Option<Secret> {
        text.strip_prefix(PREFIX).and_then(Secret::of_session)
    }

    /// What is kept of it. A fast hash is enough: nobody finds 256 random bits by trying.
    pub(crate) fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }

    /// Itself, for the one who gets it.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }
}

fn is_one(text: &str) -> bool {
    text.len() == LETTERS && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_known_again_by_its_hash_and_no_two_are_the_same() {
        let (one, other) = (Secret::new().unwrap(), Secret::new().unwrap());
        assert_ne!(one.hash(), other.hash());
        let token = format!("{PREFIX}{}", one.text());
        assert_eq!(Secret::of_token(&token).map(|secret| secret.hash()), Some(one.hash()));
        assert_eq!(Secret::of_session(one.text()).map(|secret| secret.hash()), Some(one.hash()));
    }

    #[test]
    fn other_texts_are_none() {
        let text = "a".repeat(LETTERS);
        for wrong in [
            "",
            "warren_",
            &text,
            &format!("warren_{text}a"),
            &format!("Warren_{text}"),
            &format!("warren_{}.", "a".repeat(42)),
        ] {
            assert!(Secret::of_token(wrong).is_none(), "{wrong}");
        }
    }
}
