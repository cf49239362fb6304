//! A file of passwords, `name:hash` a line, as `htpasswd -B` and Trino's own password file have it: bcrypt.

use std::collections::BTreeMap;

/// The least cost that is taken, as Trino's (`PasswordAuthenticatorConfig`): each more doubles the work of guessing.
const LEAST_COST: u32 = 8;
/// Of a password that nobody has, with the least cost: checked for names that are not known, so that those take as long.
const NOBODYS: &str = "$2b$08$CCCCCCCCCCCCCCCCCCCCC.iSp4fUr2LYwgBScBYxMDVrt3ZoIM6eq";

/// Names and hashes.
pub(crate) struct PasswordFile(BTreeMap<String, String>);

impl PasswordFile {
    /// Reads the file's text.
    ///
    /// # Errors
    /// Every mistake, with its line, without what was written.
    pub(crate) fn read(text: &str) -> Result<PasswordFile, Vec<String>> {
        let mut known = BTreeMap::new();
        let mut errors = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let mut wrong = |why: &str| errors.push(format!("line {}: {why}", number + 1));
            let Some((name, hash)) = line.split_once(':').filter(|(name, _)| !name.is_empty()) else {
                wrong("is not of the form NAME:HASH");
                continue;
            };
            match hash.parse::<bcrypt::HashParts>() {
                Err(_) => wrong("its hash is not one of bcrypt; `htpasswd -B -C 10` makes one"),
                Ok(parts) if parts.get_cost() < LEAST_COST => {
                    wrong("its hash costs less than 8; use `htpasswd -B -C 10`")
                }
                Ok(_) if known.insert(name.to_owned(), hash.to_owned()).is_some() => {
                    wrong("names somebody a second time")
                }
                Ok(_) => {}
            }
        }
        if errors.is_empty() { Ok(PasswordFile(known)) } else { Err(errors) }
    }

    /// Is this the password of this name? It takes about as long when there is no such name.
    pub(crate) fn verify(&self, name: &str, password: &str) -> bool {
        let hash = self.0.get(name);
        let right = bcrypt::verify(password, hash.map_or(NOBODYS, String::as_str)).unwrap_or_default();
        right && hash.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_who_has_which_password() {
        let hash = bcrypt::hash("open sesame", LEAST_COST).unwrap();
        let file = PasswordFile::read(&format!("# people\n\nann:{hash}\n")).unwrap();
        assert!(file.verify("ann", "open sesame"));
        for (name, password) in [("ann", "open"), ("ann", ""), ("bob", "open sesame"), ("Ann", "open sesame")] {
            assert!(!file.verify(name, password), "{name} {password}");
        }
    }

    #[test]
    fn tells_all_mistakes_and_no_hash() {
        let hash = bcrypt::hash("x", LEAST_COST).unwrap();
        let weak = bcrypt::hash("x", 4).unwrap();
        let text = format!("ann\nbob:{{SHA}}abc\neve:{weak}\njoe:{hash}\njoe:{hash}\n");
        assert_eq!(
            PasswordFile::read(&text).map(drop).unwrap_err(),
            [
                "line 1: is not of the form NAME:HASH",
                "line 2: its hash is not one of bcrypt; `htpasswd -B -C 10` makes one",
                "line 3: its hash costs less than 8; use `htpasswd -B -C 10`",
                "line 5: names somebody a second time",
            ]
        );
    }

    #[test]
    fn nobodys_hash_is_one() {
        assert_eq!(NOBODYS.parse::<bcrypt::HashParts>().unwrap().get_cost(), LEAST_COST);
        assert_eq!(bcrypt::verify("", NOBODYS).ok(), Some(false));
    }
}
