//! Where nothing is planted little is found: families of findings are asked of
//! many quiet shops.
//!
//! Planning a mart takes far longer than running its plan over a small shop, and
//! the plan is the same for every shop. So one engine plans every question once,
//! over the files of the first shop; then the scans of files in the plan are
//! replaced by scans of [`Rows`], which hold one shop after the other.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use aftersight_datagen::{Config, Shop};
use aftersight_engine::{Engine, Limits, Options};
use arrow::array::RecordBatch;
use arrow::compute::cast;
use arrow::datatypes::SchemaRef;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::catalog::streaming::StreamingTable;
use datafusion::common::tree_node::Transformed;
use datafusion::datasource::{provider_as_source, source_as_provider};
use datafusion::execution::context::SessionState;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{LogicalPlan, TableScan};
use datafusion::physical_plan::execution_plan::reset_plan_states;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::PartitionStream;
use datafusion::physical_plan::{ExecutionPlan, collect};
use tokio::task::JoinSet;

use super::families::FAMILIES;
use super::{as_of, write_workspace};
use crate::support::{Scratch, rows};

/// Quiet shops that are looked at.
const QUIET_SHOPS: u64 = 200;

/// Orders of each of them.
const ORDERS: u32 = 1_000;

/// Share of quiet shops in which a family of findings may say something, and of
/// all the questions asked of all the shops.
const FALSE_ALARMS: f64 = 0.05;

/// Rows of a table of the shop that is looked at, read anew by every run.
#[derive(Debug)]
struct Rows {
    schema: SchemaRef,
    batches: Mutex<Vec<RecordBatch>>,
}

impl PartitionStream for Rows {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let batches = self.batches.lock().unwrap().clone();
        let batches = futures::stream::iter(batches.into_iter().map(Ok));
        Box::pin(RecordBatchStreamAdapter::new(
            Arc::clone(&self.schema),
            batches,
        ))
    }
}

/// Questions that are planned once and asked of many shops.
struct Desk {
    state: SessionState,
    tables: HashMap<String, Arc<Rows>>,
    questions: Vec<(&'static str, Arc<dyn ExecutionPlan>)>,
}

impl Desk {
    /// Plans the questions over rows that are still missing.
    async fn plan(questions: &[(&'static str, &str)]) -> Self {
        let scratch = Scratch::new();
        write_workspace(&quiet(0, 100), &scratch);
        // A small shop is not worth dividing, and every part costs time.
        let limits = Limits {
            target_partitions: Some(1),
            ..Limits::default()
        };
        let options = Options {
            limits,
            ..Options::default()
        };
        let engine = scratch.open_with(options).await;
        let mut state = engine.context().state();
        // A plan with filters made while it runs cannot run twice.
        let optimizer = &mut state.config_mut().options_mut().optimizer;
        optimizer.enable_dynamic_filter_pushdown = false;
        optimizer.enable_join_dynamic_filter_pushdown = false;
        optimizer.enable_topk_dynamic_filter_pushdown = false;
        optimizer.enable_aggregate_dynamic_filter_pushdown = false;

        let tables = engine.sources().iter().map(|(name, source)| {
            let rows = Rows {
                schema: source.provider.schema(),
                batches: Mutex::default(),
            };
            (name.clone(), Arc::new(rows))
        });
        let mut desk = Desk {
            state,
            tables: tables.collect(),
            questions: Vec::new(),
        };
        for (family, sql) in questions {
            let plan = desk.plan_one(&engine, sql).await;
            desk.questions.push((*family, plan));
        }
        desk
    }

    async fn plan_one(&self, engine: &Engine, sql: &str) -> Arc<dyn ExecutionPlan> {
        let [statement] = <[_; 1]>::try_from(engine.parse(sql).unwrap()).unwrap();
        // Past the engine, which would keep the rows of views that are read twice.
        let plan = self.state.statement_to_plan(statement).await;
        let plan = self.state.optimize(&plan.unwrap()).unwrap();
        let plan = plan.transform_up_with_subqueries(|plan| self.with_own_rows(engine, plan));
        let (plan, planner) = (plan.unwrap().data, self.state.query_planner());
        let plan = planner.create_physical_plan(&plan, &self.state).await;
        plan.unwrap()
    }

    /// Puts the rows held here in the place of a source's files.
    fn with_own_rows(
        &self,
        engine: &Engine,
        plan: LogicalPlan,
    ) -> datafusion::error::Result<Transformed<LogicalPlan>> {
        let LogicalPlan::TableScan(scan) = plan else {
            return Ok(Transformed::no(plan));
        };
        let provider = source_as_provider(&scan.source)?;
        let is_source = |(name, source): (&String, &aftersight_engine::OpenSource)| {
            Arc::ptr_eq(&source.provider, &provider).then(|| name.clone())
        };
        let Some(name) = engine.sources().iter().find_map(is_source) else {
            return Ok(Transformed::no(LogicalPlan::TableScan(scan)));
        };
        let rows = Arc::clone(&self.tables[&name]);
        let table = StreamingTable::try_new(Arc::clone(&rows.schema), vec![rows])?;
        Ok(Transformed::yes(LogicalPlan::TableScan(TableScan {
            source: provider_as_source(Arc::new(table)),
            ..scan
        })))
    }

    /// Replaces the rows by those of another shop.
    fn open(&self, shop: &Shop) {
        for rows in self.tables.values() {
            rows.batches.lock().unwrap().clear();
        }
        let taken = shop
            .tables()
            .for_each_batch(shop.ids(), usize::MAX, |table, batch| {
                let rows = &self.tables[table];
                // Files are read with types of their own, such as views of text.
                let columns = rows.schema.fields().iter().map(|field| {
                    let column = batch.column_by_name(field.name()).unwrap();
                    cast(column, field.data_type())
                });
                let columns = columns.collect::<Result<_, _>>()?;
                let batch = RecordBatch::try_new(Arc::clone(&rows.schema), columns)?;
                rows.batches.lock().unwrap().push(batch);
                Ok::<(), arrow::error::ArrowError>(())
            });
        taken.unwrap();
    }

    /// Asks every question; what each answered, a text for a row.
    async fn ask(&self) -> Vec<(&'static str, Vec<String>)> {
        let mut running = JoinSet::new();
        for (family, plan) in &self.questions {
            let plan = reset_plan_states(Arc::clone(plan)).unwrap();
            let (family, task) = (*family, self.state.task_ctx());
            running.spawn(async move { (family, collect(plan, task).await.unwrap()) });
        }
        let answers = running.join_all().await.into_iter();
        let answers = answers.map(|(family, batches)| (family, texts(&batches)));
        answers.collect()
    }
}

/// Returns the cells of each row with blanks between.
fn texts(batches: &[RecordBatch]) -> Vec<String> {
    let options = FormatOptions::default().with_null("-");
    let mut rows = Vec::new();
    for batch in batches {
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

fn quiet(seed: u64, orders: u32) -> Shop {
    Shop::generate(&Config::quiet(as_of(), orders, seed))
}

#[tokio::test]
async fn a_plan_that_is_kept_reads_the_rows_of_the_shop_at_hand() {
    let counts = "select count(*) as orders, sum(gross_amount) as amount from raw.orders";
    let marts = "select sum(orders) from channels(sales_window_days => null)";
    let desk = Desk::plan(&[("counts", counts), ("marts", marts)]).await;
    for (seed, orders) in [(1, 100), (2, 300), (1, 100)] {
        let shop = quiet(seed, orders);
        desk.open(&shop);
        let mut answers = desk.ask().await;
        answers.sort();
        // The same from an engine that opens this shop's files.
        let scratch = Scratch::new();
        write_workspace(&shop, &scratch);
        let engine = scratch.open().await;
        let expected = [
            ("counts", rows(&engine, counts).await),
            ("marts", rows(&engine, marts).await),
        ];
        let n_orders = shop.tables().orders.len();
        assert!(answers[0].1[0].starts_with(&format!("{n_orders} ")));
        assert_eq!(answers, expected);
    }
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
    // qbinom(0.99, 200, 0.05) and qbinom(0.99, 20, 0.05) of R.
    assert_eq!((allowed(200), allowed(20)), (18, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_is_planted_little_is_found() {
    let desk = Desk::plan(FAMILIES).await;
    let mut by_family: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut with_alarm = 0;
    for seed in 0..QUIET_SHOPS {
        desk.open(&quiet(seed, ORDERS));
        let mut is_quiet = true;
        for (family, rows) in desk.ask().await {
            if !rows.is_empty() {
                is_quiet = false;
                let alarms = by_family.entry(family).or_default();
                alarms.push(format!("{seed}: {}", rows.join("; ")));
            }
        }
        with_alarm += u64::from(!is_quiet);
    }

    let mut table = String::new();
    for (family, _) in FAMILIES {
        let n = by_family.get(family).map_or(0, Vec::len);
        let _ = writeln!(table, "{family}: {n} of {QUIET_SHOPS}");
    }
    for (family, what) in &by_family {
        let _ = writeln!(table, "{family}:\n  {}", what.join("\n  "));
    }
    let n: usize = by_family.values().map(Vec::len).sum();
    let share = n as f64 / (QUIET_SHOPS as f64 * FAMILIES.len() as f64);
    let _ = writeln!(
        table,
        "{share:.3} of all questions; {with_alarm} shops with any"
    );
    println!("{table}");
    let too_many = |what: &Vec<String>| what.len() as u64 > allowed(QUIET_SHOPS);
    by_family.retain(|_, what| too_many(what));
    let loud: Vec<&str> = by_family.into_keys().collect();
    assert!(loud.is_empty(), "{loud:?}\n{table}");
    assert!(share <= FALSE_ALARMS, "{table}");
}
