//! Peak memory of one query, seen from a process of its own.
//!
//! What Linux reports as the high-water mark of resident memory, less what was
//! resident when the table stood: allocator, hash tables, buffers and all.

use std::process::Command;

use tokio::runtime::Runtime;

use crate::study::Study;

/// Asks this program for the peak of one case instead of timings.
pub(crate) const FLAG: &str = "--peak-of";

/// Returns the megabytes a case takes beyond its table; none where the system does not say.
pub(crate) fn of(study: &str, case: &str) -> Option<f64> {
    let program = std::env::current_exe().ok()?;
    let output = Command::new(program).args([FLAG, study, case]).output();
    String::from_utf8(output.ok()?.stdout)
        .ok()?
        .trim()
        .parse()
        .ok()
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
    runtime.block_on(async {
        let query = ctx.sql(sql).await.expect("the query plans");
        query.collect().await.expect("the query runs")
    });
    if let Some(peak) = kilobytes("VmHWM:") {
        println!("{}", peak.saturating_sub(before) as f64 / 1024.0);
    }
}

fn kilobytes(field: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with(field))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
