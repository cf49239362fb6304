//! The Trinos that the clients meet.

use anyhow::Result;
use warren_tests::fetch::Programs;
use warren_tests::fetch::programs::Part;
use warren_tests::progress::Progress;
use warren_tests::s3_server::S3Server;
use warren_tests::trino::TrinoOptions;

/// Which Trinos, set up how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Trino 476 as it comes.
    Trino476,
    /// Trino 476 that spools large results to S3, where clients fetch them.
    Spooling,
    /// The same, but clients fetch them through the coordinator.
    SpoolingByCoordinator,
    /// The newest that can be assembled, as it comes.
    Trino483,
}

// === impl Kind ===

impl Kind {
    pub(crate) const ALL: [Kind; 4] = [Kind::Trino476, Kind::Spooling, Kind::SpoolingByCoordinator, Kind::Trino483];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Trino476 => "trino_476",
            Kind::Spooling => "trino_476_spooling",
            Kind::SpoolingByCoordinator => "trino_476_spooling_by_coordinator",
            Kind::Trino483 => "trino_483",
        }
    }

    /// Over what its table says.
    pub(crate) fn heading(self) -> &'static str {
        match self {
            Kind::Trino476 => "Trino 476",
            Kind::Spooling => "Trino 476, spooling: segments fetched from S3",
            Kind::SpoolingByCoordinator => "Trino 476, spooling: segments fetched through the coordinator",
            Kind::Trino483 => "Trino 483",
        }
    }

    pub(crate) fn spools(self) -> bool {
        matches!(self, Kind::Spooling | Kind::SpoolingByCoordinator)
    }

    /// Too slow for every build.
    pub(crate) fn is_slow(self) -> bool {
        self != Kind::Trino476
    }

    /// Parts that no other kind needs.
    pub(crate) fn parts(self) -> &'static [Part] {
        if self.spools() { &[Part::S3Server] } else { &[] }
    }

    /// How its Trinos start.
    pub(crate) fn trino(self, s3: Option<&S3Server>, programs: &Programs, progress: &Progress) -> Result<TrinoOptions> {
        let mut options = TrinoOptions::default();
        if self == Kind::Trino483 {
            options.newest = Some(programs.fetch_trino_483(progress)?);
        }
        if let Some(s3) = s3 {
            let mode = if self == Kind::Spooling { "STORAGE" } else { "COORDINATOR_PROXY" };
            options.plugins = vec!["spooling-filesystem".to_owned()];
            options.config = vec![
                "protocol.spooling.enabled=true".to_owned(),
                // 32 bytes, in base 64: what the addresses of segments are encrypted with.
                format!("protocol.spooling.shared-secret-key={}=", "0".repeat(43)),
                format!("protocol.spooling.retrieval-mode={mode}"),
                // Small ones, so that a result of some megabytes is many.
                "protocol.spooling.initial-segment-size=512kB".to_owned(),
                "protocol.spooling.max-segment-size=512kB".to_owned(),
            ];
            options.files = vec![("spooling-manager.properties".to_owned(), s3.spooling_manager())];
        }
        Ok(options)
    }
}
