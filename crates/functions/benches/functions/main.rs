//! What our functions cost beside what one would write without them.
//!
//! `cargo bench -p aftersight-functions --bench functions [-- FILTER]`. Criterion
//! times every case; afterwards a table gives each case's median as a ratio to
//! the first case of its study, and the memory the query took beyond its table,
//! from a process of its own. Times belong to the machine, ratios travel.

mod grouped;
mod journeys;
mod models;
mod peak;
mod sliding;
mod study;
mod table;

use criterion::Criterion;

use crate::study::Study;

/// Every study of this program.
fn studies() -> Vec<Study> {
    let mut studies = grouped::studies();
    studies.extend(sliding::studies());
    studies.extend(journeys::studies());
    studies.extend(models::studies());
    studies
}

fn main() {
    let mut args = std::env::args().skip_while(|arg| arg != peak::FLAG).skip(1);
    if let (Some(study), Some(case)) = (args.next(), args.next()) {
        peak::print(&studies(), &study, &case);
        return;
    }
    let mut criterion = Criterion::default().configure_from_args();
    let mut lines = Vec::new();
    for study in studies() {
        lines.extend(study.run(&mut criterion));
    }
    criterion.final_summary();
    study::print(&lines);
}
