//! Trino 483: there is no server of it in the registries, but all that it is made of.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};

use super::registry::{Clients, MavenFile};
use super::{Programs, checksum};
use crate::progress::Progress;

/// `group:artifact:version[:classifier] sha256`, a line a jar: `io.trino:trino-main:483` and all that it needs to run, as
/// `mvn dependency:list` names them.
const JARS: &str = include_str!("trino-483/jars.lock");
const MAIN: &str = include_str!("trino-483/TrinoServer.java");

/// What the fetched Java leaves out and this Trino insists on.
const MODULE: &str = "jdk.incubator.vector";

impl Programs {
    /// Downloads, checks and compiles what is missing of it, and returns its class path's folders. Needs the part
    /// [`JavaCompiler`](super::programs::Part::JavaCompiler).
    pub fn fetch_trino_483(&self, progress: &Progress) -> Result<Trino483> {
        let java = find_java()?;
        let sum: String =
            Sha256::digest(format!("{JARS}{MAIN}")).iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        let folder = self.once(&format!("trino-server-483-{sum}"), progress, |folder| {
            let jars = folder.join("lib");
            std::fs::create_dir(&jars).with_context(|| format!("{}: cannot be made", jars.display()))?;
            download(&jars)?;
            std::fs::write(folder.join("TrinoServer.java"), MAIN).context("its main class cannot be written")?;
            let mut compiler = Command::new(self.java()?);
            compiler.arg("-jar").arg(self.java_compiler()?).args(["-25", "-d", "main", "-cp"]);
            let output = compiler.arg(jars.join("trino-main-483.jar")).arg("TrinoServer.java").current_dir(folder);
            let output = output.output().context("the compiler of Java cannot be started")?;
            ensure!(output.status.success(), "its main class: {}", String::from_utf8_lossy(&output.stderr));
            Ok(())
        })?;
        Ok(Trino483 { java, jars: folder.join("lib"), main: folder.join("main") })
    }
}

/// Where Trino 483 is, and what runs it.
#[derive(Debug, Clone)]
pub struct Trino483 {
    /// The `java` executable.
    pub java: PathBuf,
    /// Folder of jars.
    pub jars: PathBuf,
    /// Folder of the main class, `TrinoServer`.
    pub main: PathBuf,
}

fn download(folder: &Path) -> Result<()> {
    let lines: Vec<(MavenFile, &str)> = JARS.lines().map(parse).collect::<Result<_>>()?;
    let files: Vec<MavenFile> = lines.iter().map(|(file, _)| *file).collect();
    let downloads = tempfile::tempdir_in(folder)?;
    Clients::from_environment().mvn(&files, downloads.path())?;
    for (MavenFile { group, artifact, version, classifier, .. }, sha256) in lines {
        let dash = if classifier.is_empty() { "" } else { "-" };
        let name = format!("{artifact}-{version}{dash}{classifier}.jar");
        let file = downloads.path().join(&name);
        checksum::verify(&file, sha256, &format!("Maven {group}:{artifact}"))?;
        std::fs::rename(&file, folder.join(name))?;
    }
    Ok(())
}

fn parse(line: &'static str) -> Result<(MavenFile<'static>, &'static str)> {
    let (file, sha256) = line.split_once(' ').with_context(|| format!("jars.lock: {line}: no checksum"))?;
    let parts: Vec<&str> = file.split(':').collect();
    let (group, artifact, version, classifier) = match *parts.as_slice() {
        [group, artifact, version] => (group, artifact, version, ""),
        [group, artifact, version, classifier] => (group, artifact, version, classifier),
        _ => bail!("jars.lock: {line}: not group:artifact:version"),
    };
    Ok((MavenFile { group, artifact, version, packaging: "jar", classifier }, sha256))
}

/// A Java 25 of the machine's that is complete: `WARREN_JDK`, `JAVA_HOME`, or where Debian's packages put it.
fn find_java() -> Result<PathBuf> {
    let named = ["WARREN_JDK", "JAVA_HOME"].into_iter().filter_map(std::env::var_os).map(PathBuf::from);
    let installed =
        std::fs::read_dir("/usr/lib/jvm").into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    let complete = |home: &PathBuf| {
        let modules = Command::new(home.join("bin/java")).arg("--list-modules").output();
        let wanted = format!("{MODULE}@25");
        modules.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(&wanted))
    };
    named.chain(installed).find(complete).map(|home| home.join("bin/java")).with_context(|| {
        format!(
            "Trino 483 needs a Java 25 with the module {MODULE}, which the Java that is fetched leaves out: install a \
             JDK 25 (such as Temurin's or Debian's openjdk-25-jdk-headless), or name its folder in WARREN_JDK"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_lock_is_a_jar_with_its_checksum() {
        for line in JARS.lines() {
            let (file, sha256) = parse(line).unwrap();
            assert_eq!((sha256.len(), file.packaging), (64, "jar"), "{line}");
        }
        assert!(JARS.lines().any(|line| line.starts_with("io.trino:trino-main:483 ")));
    }
}
