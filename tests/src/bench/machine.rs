//! What it was measured on.

use std::fs;

use anyhow::{Context, Result};
use time::OffsetDateTime;
use time::macros::format_description;

use super::ground::Ground;
use crate::fetch::programs::{self, Part};

/// The machine and the programs.
#[derive(Debug, Clone)]
pub(super) struct Machine {
    /// Day, in UTC.
    pub(super) day: String,
    /// Model of the CPU, as the kernel names it.
    pub(super) cpu: String,
    /// Cores that were used.
    pub(super) cores: usize,
    /// Release of the kernel.
    pub(super) kernel: String,
    /// Programs with their versions.
    pub(super) versions: String,
}

impl Machine {
    /// This one, now.
    pub(super) fn this(ground: &Ground) -> Result<Self> {
        let read = |file: &str| fs::read_to_string(file).with_context(|| format!("{file}: cannot be read"));
        let wanted = [Part::Envoy, Part::TrinoGateway, Part::Java, Part::Postgres];
        let versions: Vec<String> = programs::for_this_machine()?
            .into_iter()
            .filter(|program| wanted.contains(&program.part))
            .map(|program| format!("{} {}", program.name, program.version))
            .collect();
        let day = OffsetDateTime::now_utc().format(format_description!("[year]-[month]-[day]"));
        Ok(Self {
            day: day.context("today has no date")?,
            cpu: cpu_model(&read("/proc/cpuinfo")?),
            cores: ground.cores.all().len(),
            kernel: read("/proc/sys/kernel/osrelease")?.trim().to_owned(),
            versions: format!("warren {}, {}", env!("CARGO_PKG_VERSION"), versions.join(", ")),
        })
    }
}

fn cpu_model(cpuinfo: &str) -> String {
    let line = cpuinfo.lines().find_map(|line| line.strip_prefix("model name"));
    line.map_or_else(|| "unknown CPU".to_owned(), |line| line.trim_start_matches(['\t', ':', ' ']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpu_has_the_name_that_the_kernel_gives_it() {
        assert_eq!(cpu_model("processor\t: 0\nmodel name\t: AMD EPYC 9B14\nmodel name\t: x\n"), "AMD EPYC 9B14");
        assert_eq!(cpu_model("CPU implementer\t: 0x41\n"), "unknown CPU");
    }
}
