//! People who may use Warren, from a file of the operator's: `NAME:ROLE:HASH` a line, the hash by argon2id.

use super::Role;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, Params, PasswordHasher, PasswordVerifier};
use std::collections::BTreeMap;

/// The least work that a hash may be, memory in KiB times passes: that of OWASP's weakest recommendation (7 MiB, 5 passes).
const LEAST_WORK: u64 = 7_168 * 5;
/// As long may a name be, in bytes.
const LONGEST_NAME: usize = 256;
/// What makes a line.
const HINT: &str = "`warren users hash NAME --role ROLE` makes a line";

/// All of them.
pub(crate) struct Users {
    people: BTreeMap<String, Person>,
    /// The hash that takes longest: checked for names that nobody has, so that those take as long.
    slowest: String,
}

struct Person {
    role: Role,
    hash: String,
}

impl Users {
    /// Reads the file's text.
    ///
    /// # Errors
    /// Every mistake, with its line, without what was written.
    pub(crate) fn read(text: &str) -> Result<Users, Vec<String>> {
        let mut people = BTreeMap::new();
        let mut errors = Vec::new();
        let mut slowest = (0, String::new());
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let mut parts = line.splitn(3, ':');
            let read = match (parts.next(), parts.next(), parts.next()) {
                (Some(name), Some(role), Some(hash)) => person(name, role, hash),
                _ => Err(vec![format!("is not of the form NAME:ROLE:HASH; {HINT}")]),
            };
            match read {
                Ok((name, _, _)) if people.contains_key(&name) => {
                    errors.push(format!("line {}: names somebody a second time", number + 1));
                }
                Ok((name, person, work)) => {
                    if work > slowest.0 {
                        slowest = (work, person.hash.clone());
                    }
                    people.insert(name, person);
                }
                Err(wrong) => errors.extend(wrong.into_iter().map(|why| format!("line {}: {why}", number + 1))),
            }
        }
        if people.is_empty() && errors.is_empty() {
            errors.push(format!("names nobody; {HINT}"));
        }
        if errors.is_empty() { Ok(Users { people, slowest: slowest.1 }) } else { Err(errors) }
    }

    /// What somebody may do; none if nobody has that name.
    pub(crate) fn role(&self, name: &str) -> Option<Role> {
        self.people.get(name).map(|person| person.role)
    }

    /// Is this the password of this name? It takes as long when nobody has that name. Slow on purpose.
    pub(crate) fn verify(&self, name: &str, password: &str) -> bool {
        let person = self.people.get(name);
        let hash = person.map_or(&self.slowest, |person| &person.hash);
        let right = PasswordHash::new(hash)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
        right && person.is_some()
    }
}

/// A line for the file.
///
/// # Errors
/// Every mistake.
pub(crate) fn line(name: &str, role: Role, password: &str) -> Result<String, Vec<String>> {
    let mut errors = mistakes(name, role);
    if password.is_empty() {
        errors.push("the password is empty".to_owned());
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let hash: Result<PasswordHash, _> = Argon2::default().hash_password(password.as_bytes());
    let hash = hash.map_err(|error| vec![format!("the password cannot be hashed: {error}")])?;
    Ok(format!("{name}:{}:{hash}", role.name()))
}

fn mistakes(name: &str, role: Role) -> Vec<String> {
    let mut errors = Vec::new();
    let fits = !name.is_empty() && name.len() <= LONGEST_NAME && name.trim() == name;
    if !fits || name.starts_with('#') || name.contains(|c: char| c == ':' || c.is_control()) {
        errors.push(format!(
            "a name has 1 to {LONGEST_NAME} bytes, no colon, no space at its ends, and does not begin with #"
        ));
    }
    if role == Role::Events {
        errors.push("the role `events` is for tokens; people are viewer, author, operator or admin".to_owned());
    }
    errors
}

/// Name, person, and how much work the hash is.
fn person(name: &str, role: &str, hash: &str) -> Result<(String, Person, u64), Vec<String>> {
    let known = Role::of(role);
    let mut errors = mistakes(name, known.unwrap_or(Role::Viewer));
    if known.is_none() {
        errors.push("its role is none of viewer, author, operator, admin".to_owned());
    }
    let work = match PasswordHash::new(hash) {
        Ok(hash) if hash.algorithm.as_str() == "argon2id" && hash.hash.is_some() => Params::try_from(&hash)
            .map(|params| u64::from(params.m_cost()) * u64::from(params.t_cost()))
            .map_err(|_| "its hash has parameters that argon2id does not have".to_owned()),
        _ => Err(format!("its hash is not one of argon2id; {HINT}")),
    };
    let work = match work {
        Ok(work) if work < LEAST_WORK => Err(format!("its hash is too easily found by trying; {HINT}")),
        other => other,
    };
    match (known, work) {
        (Some(role), Ok(work)) if errors.is_empty() => {
            Ok((name.to_owned(), Person { role, hash: hash.to_owned() }, work))
        }
        (_, work) => {
            errors.extend(work.err());
            Err(errors)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_was_made_is_read() {
        let text = format!("# people\n\n{}\n", line("ann", Role::Viewer, "open sesame").unwrap());
        assert!(text.contains("\nann:viewer:$argon2id$v=19$m=19456,t=2,p=1$"), "{text}");
        let users = Users::read(&text).map_err(|errors| errors.join("\n")).unwrap();
        assert_eq!((users.role("ann"), users.role("Ann")), (Some(Role::Viewer), None));
        assert!(users.verify("ann", "open sesame"));
        for (name, password) in [("ann", "open"), ("ann", ""), ("bob", "open sesame"), ("Ann", "open sesame")] {
            assert!(!users.verify(name, password), "{name} {password}");
        }
    }

    #[test]
    fn tells_all_mistakes_and_no_hash() {
        let good = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21l$MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI";
        let (weak, other) = (good.replace("19456", "1024"), good.replace("argon2id", "argon2i"));
        let text = format!(
            "ann\nbob:root:{good}\neve:admin:{weak}\njoe:admin:{other}\nsue:events:{good}\nmax:viewer:{good}\nmax:viewer:{good}\n :viewer:x\n"
        );
        let hint = "`warren users hash NAME --role ROLE` makes a line";
        assert_eq!(
            Users::read(&text).map(drop).unwrap_err(),
            [
                format!("line 1: is not of the form NAME:ROLE:HASH; {hint}"),
                "line 2: its role is none of viewer, author, operator, admin".to_owned(),
                format!("line 3: its hash is too easily found by trying; {hint}"),
                format!("line 4: its hash is not one of argon2id; {hint}"),
                "line 5: the role `events` is for tokens; people are viewer, author, operator or admin".to_owned(),
                "line 7: names somebody a second time".to_owned(),
                "line 8: a name has 1 to 256 bytes, no colon, no space at its ends, and does not begin with #"
                    .to_owned(),
                format!("line 8: its hash is not one of argon2id; {hint}"),
            ]
        );
        assert_eq!(Users::read("# nobody\n").map(drop).unwrap_err(), [format!("names nobody; {hint}")]);
        assert_eq!(line("a:b", Role::Admin, "").unwrap_err().len(), 2);
    }
}
