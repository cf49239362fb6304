//! A folder of rules: read, and watched. Read again every moment rather than by file events: a ConfigMap is swapped by
//! symbolic links, editors write in many ways, and a few small files cost nothing to read.

use crate::status::Status;
use crate::store::Store;
use crate::trial;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use warren_rules::RuleFile;
use warren_rules::cases::CASES;
use warren_rules::data::TABLES;

const LOOK: Duration = Duration::from_millis(500);
/// Rules are text that people write; anything larger is a mistake.
const MAX_FILE: u64 = 1 << 20;

/// What editors read beside the rules: signatures of all that rules see (`docs/warren.d.rhai`).
const DEFINITIONS: &str = ".d.rhai";

/// The `.rhai` files of a folder, its cases and the tables in its folder `tables`, by name.
///
/// # Errors
/// When the folder or a file cannot be read, in words.
pub(crate) fn read(dir: &Path) -> Result<Vec<RuleFile>, String> {
    let mut files = read_files(dir, "", &[".rhai"])?;
    if files.is_empty() {
        return Err(format!("the folder {} holds no .rhai file", dir.display()));
    }
    let tables = dir.join(TABLES);
    if tables.is_dir() {
        files.extend(read_files(&tables, TABLES, &[".csv", ".json", ".toml"])?);
    }
    if dir.join(CASES).is_file() {
        files.extend(read_files(dir, "", &[CASES])?.into_iter().filter(|file| file.name == CASES));
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

fn read_files(dir: &Path, prefix: &str, kinds: &[&str]) -> Result<Vec<RuleFile>, String> {
    let entries = std::fs::read_dir(dir).map_err(|e| format!("cannot read the folder {}: {e}", dir.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|e| format!("cannot read the folder {}: {e}", dir.display()))?.path();
        let wanted = |name: &&str| {
            kinds.iter().any(|kind| name.ends_with(kind)) && !name.starts_with('.') && !name.ends_with(DEFINITIONS)
        };
        let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(wanted) else { continue };
        let size = std::fs::metadata(&path).map_err(|e| format!("cannot read {}: {e}", path.display()))?.len();
        if size > MAX_FILE {
            return Err(format!("{} has {size} bytes; a file of rules has {MAX_FILE} at most", path.display()));
        }
        let source = std::fs::read_to_string(&path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
        files.push(RuleFile { name: format!("{prefix}{name}"), source });
    }
    Ok(files)
}

/// Publishes the folder whenever its content is new and good; says what is wrong with it otherwise.
pub(crate) async fn watch(dir: PathBuf, store: Store, status: Arc<Status>, default_group: String) {
    let mut done: Option<Vec<RuleFile>> = None;
    let mut last = None;
    loop {
        let now = read(&dir);
        // An editor that is half through writing: only what two looks in a row agree on counts.
        if last.as_ref() != Some(&now) {
            last = Some(now);
            tokio::time::sleep(LOOK).await;
            continue;
        }
        let problem = match now {
            // As it was when it was last published: whatever was wrong in between is undone.
            Ok(files) if done.as_ref() == Some(&files) => None,
            Ok(files) => match publish(&files, &dir, &store, &default_group).await {
                Ok(()) => {
                    done = Some(files);
                    None
                }
                Err(problem) => Some(problem),
            },
            Err(problem) => Some(problem),
        };
        status.problem("rules folder", problem);
        tokio::time::sleep(LOOK).await;
    }
}

async fn publish(files: &[RuleFile], dir: &Path, store: &Store, default_group: &str) -> Result<(), String> {
    let rules = trial::compile(files, default_group)
        .map_err(|errors| format!("not published, the old rules serve on: {}", errors.join("\n")))?
        .rule_names()
        .count();
    if rules == 0 && !files.iter().any(|file| file.source.contains("otherwise")) {
        return Err(format!("not published, the old rules serve on: the folder {} holds no rule", dir.display()));
    }
    let live = store.load().await.map_err(|e| e.to_string())?.rule_set;
    if live.is_some_and(|live| live.files == files) {
        return Ok(());
    }
    let message = format!("from the folder {}", dir.display());
    let version = store.publish("rules folder", files, "folder", &message).await.map_err(|e| e.to_string())?;
    tracing::info!(version, folder = %dir.display(), "rules published");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_scripts_tables_and_cases_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join(TABLES)).unwrap();
        for name in ["b.rhai", "a.rhai", "warren.d.rhai", ".a.rhai", "notes.md", CASES, "tables/t.csv", "tables/t.txt"]
        {
            std::fs::write(dir.path().join(name), name).unwrap();
        }
        let names: Vec<String> = read(dir.path()).unwrap().into_iter().map(|file| file.name).collect();
        assert_eq!(names, ["a.rhai", "b.rhai", CASES, "tables/t.csv"]);
    }
}
