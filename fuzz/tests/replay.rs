//! Runs the targets over their corpora: what was once found stays mended, without the fuzzer.

use std::path::Path;
use std::{fs, io};

use warren_fuzz::{TARGETS, Target};

#[test]
fn every_input_of_the_corpora_holds() -> io::Result<()> {
    let corpora = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut known = Vec::new();
    for entry in fs::read_dir(&corpora)? {
        known.push(entry?.file_name().to_string_lossy().into_owned());
    }
    known.sort();
    assert_eq!(known, TARGETS.map(|(name, _)| name), "a corpus for each target, and no other");
    for (name, target) in TARGETS {
        replay(name, target, &corpora.join(name))?;
    }
    Ok(())
}

fn replay(name: &str, target: Target, corpus: &Path) -> io::Result<()> {
    let mut inputs = 0;
    for entry in fs::read_dir(corpus)? {
        let file = entry?.path();
        // Shown when the target fails.
        println!("{}", file.display());
        target(&fs::read(&file)?);
        inputs += 1;
    }
    assert!(inputs > 3, "{name}: only {inputs} inputs");
    Ok(())
}
