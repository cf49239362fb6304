//! The last good state on disk, so that Warren can serve when PostgreSQL is down.

use crate::snapshot::Observed;
use crate::state::State;
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::path::{Path, PathBuf};

/// What a snapshot was built from. The snapshot itself is built again, so a newer Warren reads an older one's file.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
#[serde(deny_unknown_fields)]
pub(crate) struct LastGood {
    pub(crate) state: State,
    pub(crate) observed: Observed,
}

/// The file in the state folder.
pub(crate) fn path(state_dir: &Path) -> PathBuf {
    state_dir.join("last-good.json")
}

/// Reads it; none when there is none.
///
/// # Errors
/// When it cannot be read or is torn, in words.
pub(crate) fn read(path: &Path) -> Result<Option<LastGood>, String> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("cannot read {}: {error}", path.display())),
    };
    serde_json::from_str(&text)
        .map(Some)
        .map_err(|error| format!("{} is damaged, so it is not used: {error}", path.display()))
}

/// Replaces it whole or not at all.
///
/// # Errors
/// When the disk does not take it, in words; the old file stays.
pub(crate) fn write(path: &Path, last_good: &LastGood) -> Result<(), String> {
    let attempt = || -> std::io::Result<()> {
        let dir = path.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(dir)?;
        // In the same folder, so that the rename stays on one file system; readable by its owner only.
        let mut file = tempfile::NamedTempFile::new_in(dir)?;
        file.write_all(&serde_json::to_vec(last_good)?)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    };
    attempt().map_err(|error| format!("cannot write {}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_back_as_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = path(dir.path());
        assert_eq!(read(&path), Ok(None));
        let last_good = LastGood { state: State::default(), observed: Observed::default() };
        write(&path, &last_good).unwrap();
        assert_eq!(read(&path), Ok(Some(last_good)));
    }

    #[test]
    fn a_torn_file_is_named_and_not_used() {
        let dir = tempfile::tempdir().unwrap();
        let path = path(dir.path());
        std::fs::write(&path, "{\"state\":{\"clus").unwrap();
        let error = read(&path).unwrap_err();
        assert!(error.starts_with(&format!("{} is damaged, so it is not used: ", path.display())), "{error}");
    }
}
