//! Peak memory of one query, seen from a process of its own.
//!
//! What Linux reports as the high-water mark of resident memory, less what was
//! resident when the table stood: allocator, hash tables, buffers and all.

use std::process::Command;
use std::time::Instant;

use tokio::runtime::Runtime;

use crate::study::Study;

/// Asks this program for the peak of one case instead of timings.
pub(crate) const FLAG: &str = "--peak-of";

/// Returns the megabytes a case takes beyond its table; none where the system does not say.
///
/// The process also prints wall and CPU seconds of the one run, for machines that
/// are not quiet: `--peak-of STUDY CASE`.
pub(crate) fn of(study: &str, case: &str) -> Option<f64> {
    let program = std::env::current_exe().ok()?;
    let output = Command::new(program).args([FLAG, study, case]).output();
    let printed = String::from_utf8(output.ok()?.stdout).ok()?;
    printed.split_whitespace().next()?.parse().ok()
}

/// Runs one case once and prints its peak.
#[expect(clippy::print_stdout, reason = "the answer to the process that asked")]
pub(crate) fn print(studies: &[Study], study: &str, case: &str) {
    let found = studies.iter().find(|s| s.name == study);
    let Some(study) = found else { return };
    let Some((_, sql)) = study.cases.iter().find(|(name, _)| name == case) else {
        return;
    };
    let ctx = study.session();
    let Some(before) = kilobytes("VmRSS:") else {
        return;
    };
    let runtime = Runtime::new().expect("threads for the query");
    let (start, cpu) = (Instant::now(), cpu_seconds());
    runtime.block_on(async {
        let query = ctx.sql(sql).await.expect("the query plans");
        query.collect().await.expect("the query runs")
    });
    if let Some(peak) = kilobytes("VmHWM:") {
        let megabytes = peak.saturating_sub(before) as f64 / 1024.0;
        let (wall, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds() - cpu);
        println!("{megabytes:.0} MB {wall:.2} s wall {cpu:.2} s CPU");
    }
}

fn kilobytes(field: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(field))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Seconds of all cores this process has used.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // After the name in brackets: the 12th and 13th are user and system, in hundredths.
    let fields = text
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace();
    let ticks: f64 = fields
        .skip(11)
        .take(2)
        .filter_map(|t| t.parse::<f64>().ok())
        .sum();
    ticks / 100.0
}
