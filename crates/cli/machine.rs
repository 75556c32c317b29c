//! What the machine has, and what the environment says.

use std::path::PathBuf;

use aftersight_engine::Limits;

use crate::args::WorkspaceArgs;

/// Share of the machine's memory that queries may take; the rest is for reading files and for others.
const MEMORY_SHARE: f64 = 0.6;

/// Returns the limits of a session.
pub(crate) fn limits(args: &WorkspaceArgs) -> Limits {
    let mut limits = Limits {
        target_partitions: args.threads,
        ..Limits::default()
    };
    let asked = args
        .memory_limit
        .and_then(|bytes| usize::try_from(bytes).ok());
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a share of memory need not be exact"
    )]
    let share = memory_bytes().map(|bytes| (bytes as f64 * MEMORY_SHARE) as usize);
    if let Some(bytes) = asked.or(share) {
        limits.memory_bytes = bytes;
    }
    if let Some(bytes) = args.disk_limit {
        limits.disk_bytes = bytes;
    }
    limits
}

/// Returns the memory of the machine, or of the container when that is less.
fn memory_bytes() -> Option<u64> {
    let info = std::fs::read_to_string("/proc/meminfo").ok()?;
    let total = info
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: u64 = total.trim().trim_end_matches(" kB").trim().parse().ok()?;
    let machine = kilobytes * 1024;
    let container = std::fs::read_to_string("/sys/fs/cgroup/memory.max").ok();
    let container = container.and_then(|text| text.trim().parse::<u64>().ok());
    Some(container.map_or(machine, |limit| limit.min(machine)))
}

/// Returns the options of object stores that the environment names, in lower case as the stores want them.
pub(crate) fn store_options() -> Vec<(String, String)> {
    let families = ["AWS_", "GOOGLE_", "AZURE_"];
    std::env::vars()
        .filter(|(name, _)| families.iter().any(|family| name.starts_with(family)))
        .map(|(name, value)| (name.to_lowercase(), value))
        .collect()
}

/// Returns the day it is in a time zone.
#[expect(
    clippy::disallowed_methods,
    reason = "the program is the one place that asks the clock"
)]
pub(crate) fn today(zone: chrono_tz::Tz) -> chrono::NaiveDate {
    chrono::Utc::now().with_timezone(&zone).date_naive()
}

/// Returns where the shell keeps its history.
#[expect(
    clippy::disallowed_methods,
    reason = "the program is the one place that reads the environment"
)]
pub(crate) fn history_file() -> Option<PathBuf> {
    let folder = match std::env::var_os("XDG_STATE_HOME") {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(std::env::var_os("HOME")?).join(".local/state"),
    };
    let folder = folder.join("aftersight");
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join("history"))
}
