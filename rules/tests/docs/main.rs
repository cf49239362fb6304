//! What authors read: `docs/rules.md` and `docs/warren.d.rhai` list all that scripts see, made from the table that the checker
//! uses; every script on the page is compiled, and does what the cases beside it say.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops at the first surprise")]

/// Signatures for editors.
mod definitions;
mod markdown;
/// What is said of mistakes, in `tests/mistakes`.
mod mistakes;
/// The tables of the reference.
mod reference;
/// The scripts of the guide, and its exercises.
mod scripts;

use std::fs;
use std::path::{Path, PathBuf};

fn page(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name)
}

/// Compares a file of the documentation with what it should be, or writes it.
fn keep(name: &str, wanted: &str) {
    if std::env::var_os("UPDATE").is_some() {
        fs::write(page(name), wanted).unwrap();
        return;
    }
    let now = fs::read_to_string(page(name)).unwrap_or_default();
    assert!(now == wanted, "docs/{name} is outdated: UPDATE=1 cargo test -p warren-rules --test docs writes it");
}
