//! Where nothing is planted little is found: families of findings are asked of
//! many quiet shops.
//!
//! Planning a mart takes far longer than asking it of a small shop, and its plan
//! is the same for every shop. So each thread opens one engine over one folder,
//! plans every question once, and writes shop after shop into that folder: files
//! are listed anew whenever a plan is made ready to run.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use aftersight_datagen::{Config, Shop, write_parquet};
use aftersight_engine::{Limits, Options, Parameters};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::execution::context::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::collect;

use super::families::FAMILIES;
use super::{as_of, write_workspace};
use crate::support::Scratch;

/// Quiet shops the suite looks at. All two hundred are looked at by hand, with
/// `AFTERSIGHT_QUIET_SHOPS=200`, when a finding or its correction changes.
const QUIET_SHOPS: u64 = 40;

/// Orders of each of them.
const ORDERS: u32 = 1_000;

/// Share of quiet shops in which a family of findings may say something.
const FALSE_ALARMS: f64 = 0.05;

/// Questions that are planned once and asked of many shops.
struct Desk {
    scratch: Scratch,
    state: SessionState,
    questions: Vec<(&'static str, LogicalPlan)>,
}

impl Desk {
    /// Opens an engine over a folder and plans the questions.
    async fn plan(questions: &[(&'static str, &str)]) -> Self {
        let scratch = Scratch::new();
        let shop = quiet(0, ORDERS);
        write_workspace(&shop, &scratch);
        // A small shop is not worth dividing, and every part costs planning.
        let limits = Limits {
            target_partitions: Some(1),
            ..Limits::default()
        };
        let options = Options {
            limits,
            ..Options::default()
        };
        let engine = scratch.open_with(options).await;
        let state = engine.context().state();
        let mut planned = Vec::new();
        for (family, sql) in questions {
            let [statement] = <[_; 1]>::try_from(engine.parse(sql).unwrap()).unwrap();
            let t = std::time::Instant::now();
            let plan = engine.plan(&state, statement, &Parameters::new()).await;
            let t1 = t.elapsed();
            let plan = state.optimize(&plan.unwrap()).unwrap();
            eprintln!("{family}: plan {t1:?} optimize {:?}", t.elapsed() - t1);
            planned.push((*family, plan));
        }
        Desk {
            scratch,
            state,
            questions: planned,
        }
    }

    /// Replaces the files by those of another shop.
    fn write(&self, shop: &Shop) {
        write_parquet(shop, &self.scratch.path("data")).unwrap();
    }

    /// Asks a question of the files as they are now; a text for each row.
    async fn ask(&self, plan: &LogicalPlan) -> Vec<String> {
        let planner = self.state.query_planner();
        let t = std::time::Instant::now();
        let plan = planner.create_physical_plan(plan, &self.state).await;
        let t1 = t.elapsed();
        let batches = collect(plan.unwrap(), self.state.task_ctx()).await.unwrap();
        eprintln!("   physical {t1:?} run {:?}", t.elapsed() - t1);
        let options = FormatOptions::default().with_null("-");
        let mut rows = Vec::new();
        for batch in &batches {
            let columns = batch.columns().iter();
            let columns = columns.map(|column| ArrayFormatter::try_new(column, &options).unwrap());
            let columns: Vec<ArrayFormatter<'_>> = columns.collect();
            for row in 0..batch.num_rows() {
                let cells: Vec<String> = columns.iter().map(|c| c.value(row).to_string()).collect();
                rows.push(cells.join(" "));
            }
        }
        rows
    }
}

fn quiet(seed: u64, orders: u32) -> Shop {
    Shop::generate(&Config::quiet(as_of(), orders, seed))
}

#[tokio::test]
async fn a_plan_that_is_kept_reads_the_files_as_they_are_now() {
    let sql = "select count(*) as orders, sum(gross_amount) as amount from staging.orders";
    let desk = Desk::plan(&[("orders", sql)]).await;
    let mut seen = Vec::new();
    for (seed, orders) in [(1, 100), (2, 300), (1, 100)] {
        let shop = quiet(seed, orders);
        desk.write(&shop);
        let answer = desk.ask(&desk.questions[0].1).await;
        let rows = &shop.tables().orders;
        let amount: i64 = rows.iter().map(|row| row.gross_amount.0).sum();
        let amount = format!("{}.{:02}", amount / 100, amount % 100);
        assert_eq!(answer, [format!("{} {amount}", rows.len())]);
        seen.push(answer);
    }
    assert!(seen[0] != seen[1] && seen[0] == seen[2], "{seen:?}");
}

/// Returns how many of `n` shops may have a false finding, if one in twenty has
/// one: more come once in a hundred runs.
fn allowed(n: u64) -> u64 {
    let (mut below, mut k) = (0.0, 0);
    let mut probability = (1.0 - FALSE_ALARMS).powi(n as i32);
    loop {
        below += probability;
        if below >= 0.99 {
            return k;
        }
        probability *= (n - k) as f64 / (k + 1) as f64 * FALSE_ALARMS / (1.0 - FALSE_ALARMS);
        k += 1;
    }
}

#[test]
fn one_in_twenty_of_two_hundred_is_at_most_eighteen() {
    // qbinom(0.99, 200, 0.05) and qbinom(0.99, 40, 0.05) of R.
    assert_eq!((allowed(200), allowed(40)), (18, 6));
}

/// How many shops to look at.
#[expect(
    clippy::disallowed_methods,
    reason = "whoever runs the test by hand asks for all shops through the environment"
)]
fn shops() -> u64 {
    let asked = std::env::var("AFTERSIGHT_QUIET_SHOPS").ok();
    asked.map_or(QUIET_SHOPS, |n| n.parse().unwrap())
}

#[test]
fn where_nothing_is_planted_little_is_found() {
    let n_shops = shops();
    let next = AtomicU64::new(0);
    // Every shop is on its own, so each core takes the next one.
    let work = || {
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_all().build().unwrap();
        runtime.block_on(async {
            let desk = Desk::plan(FAMILIES).await;
            let mut found = Vec::new();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= n_shops {
                    return found;
                }
                desk.write(&quiet(seed, ORDERS));
                for (family, plan) in &desk.questions {
                    eprintln!("{family}");
                    let rows = desk.ask(plan).await;
                    if !rows.is_empty() {
                        found.push((*family, seed, rows.join("; ")));
                    }
                }
            }
        })
    };
    let n_threads = std::thread::available_parallelism().map_or(1, usize::from);
    let found: Vec<(&str, u64, String)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..n_threads).map(|_| scope.spawn(work)).collect();
        let found = threads.into_iter().map(|thread| thread.join().unwrap());
        found.flatten().collect()
    });

    let mut by_family: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (family, seed, what) in found {
        let alarms = by_family.entry(family).or_default();
        alarms.push(format!("{seed}: {what}"));
    }
    let mut table = String::new();
    for (family, _) in FAMILIES {
        let n = by_family.get(family).map_or(0, Vec::len);
        table.push_str(&format!("{family}: {n} of {n_shops}\n"));
    }
    let n: usize = by_family.values().map(Vec::len).sum();
    let share = n as f64 / (n_shops as f64 * FAMILIES.len() as f64);
    table.push_str(&format!("all families: {share:.3}\n"));
    #[expect(clippy::print_stdout, reason = "the table is what one runs this for")]
    {
        println!("{table}");
    }
    for (family, what) in by_family {
        assert!(
            what.len() as u64 <= allowed(n_shops),
            "{family} finds something in {} of {n_shops} quiet shops:\n{}\n{table}",
            what.len(),
            what.join("\n")
        );
    }
}
