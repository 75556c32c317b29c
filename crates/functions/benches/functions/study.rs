//! A study: one table, and queries for the same thing told in several ways.

use std::cell::RefCell;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aftersight_functions::register_all;
use criterion::{BenchmarkId, Criterion, SamplingMode};
use datafusion::datasource::MemTable;
use datafusion::prelude::{SessionConfig, SessionContext};
use tokio::runtime::Runtime;

use crate::peak;
use crate::table::N_PARTS;

/// A table named `t` and the queries over it.
pub(crate) struct Study {
    pub(crate) name: String,
    pub(crate) table: Box<dyn Fn() -> MemTable>,
    /// Name and query; the first is what the others are compared with.
    pub(crate) cases: Vec<(String, String)>,
}

/// What a case took.
pub(crate) struct Line {
    study: String,
    case: String,
    ratio: f64,
    seconds: f64,
    megabytes: Option<f64>,
}

impl Study {
    pub(crate) fn new(
        name: &str,
        table: impl Fn() -> MemTable + 'static,
        cases: &[(&str, &str)],
    ) -> Self {
        let owned = |(name, sql): &(&str, &str)| ((*name).to_owned(), (*sql).to_owned());
        Study {
            name: name.to_owned(),
            table: Box::new(table),
            cases: cases.iter().map(owned).collect(),
        }
    }

    /// Opens a session with the table and our functions.
    pub(crate) fn session(&self) -> SessionContext {
        let config = SessionConfig::new().with_target_partitions(N_PARTS);
        let ctx = SessionContext::new_with_config(config);
        register_all(&ctx).expect("functions register");
        ctx.register_table("t", Arc::new((self.table)()))
            .expect("the table is new");
        ctx
    }

    /// Times every case that the filter of the command line leaves.
    pub(crate) fn run(&self, criterion: &mut Criterion) -> Vec<Line> {
        let runtime = Runtime::new().expect("threads for the queries");
        // Made by the first case that runs, so that a filter skips the table too.
        let session = std::cell::OnceCell::new();
        let mut group = criterion.benchmark_group(&self.name);
        group.sample_size(10).sampling_mode(SamplingMode::Flat);
        group.warm_up_time(Duration::from_millis(100));
        group.measurement_time(Duration::from_secs(3));
        let mut medians = Vec::new();
        for (case, sql) in &self.cases {
            let times = RefCell::new(Vec::new());
            group.bench_function(BenchmarkId::from_parameter(case), |bencher| {
                let ctx = session.get_or_init(|| self.session());
                bencher.iter_custom(|iterations| {
                    let mut total = Duration::ZERO;
                    for _ in 0..iterations {
                        let start = Instant::now();
                        runtime.block_on(async {
                            let query = ctx.sql(sql).await.expect("the query plans");
                            black_box(query.collect().await.expect("the query runs"))
                        });
                        let time = start.elapsed();
                        times.borrow_mut().push(time.as_secs_f64());
                        total += time;
                    }
                    total
                });
            });
            medians.push(median(times.into_inner()));
        }
        group.finish();
        drop(session);
        let first = medians.first().copied().flatten();
        let cases = self.cases.iter().zip(medians);
        let measured = cases.filter_map(|((case, _), seconds)| Some((case, seconds?)));
        measured
            .map(|(case, seconds)| Line {
                study: self.name.clone(),
                case: case.clone(),
                ratio: first.map_or(f64::NAN, |first| seconds / first),
                seconds,
                megabytes: peak::of(&self.name, case),
            })
            .collect()
    }
}

fn median(mut times: Vec<f64>) -> Option<f64> {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied()
}

/// Prints a Markdown table for `benches/README.md`.
#[expect(clippy::print_stdout, reason = "the result of the program")]
pub(crate) fn print(lines: &[Line]) {
    println!("\n| study | case | ratio of medians | seconds | MB beyond the table |");
    println!("| --- | --- | ---: | ---: | ---: |");
    for line in lines {
        let megabytes = line.megabytes.map_or("-".into(), |mb| format!("{mb:.0}"));
        println!(
            "| {} | {} | {:.2} | {:.3} | {megabytes} |",
            line.study, line.case, line.ratio, line.seconds
        );
    }
}
