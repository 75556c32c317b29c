//! Times the planning of every mart, or the rules that plan one of them.
//!
//! Prints, for each mart, milliseconds of CPU for: the text to a logical plan with all views
//! it stands on, its optimisation, and the physical plan; their sum and how long one waits
//! for it; then the operators of the two plans. Each mart is planned as a command of its own
//! would; with `--again` in one session, which keeps the analyzed plans of views. With
//! `--rules MART`, every optimizer rule's share.
//!
//! `planning WORKSPACE_FILE [--again | --rules MART]`

#![expect(clippy::print_stdout, reason = "a program that speaks by printing")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use aftersight_engine::{Engine, Options, Parameters};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::execution::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_planner::{DefaultPhysicalPlanner, PhysicalPlanner};

/// The allocator of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Anything<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Anything<()> {
    let mut words = std::env::args().skip(1);
    let file = words.next().ok_or("name a workspace file")?;
    let how = words.next();
    let only = words.next();
    let engine = Engine::open_file(Path::new(&file), Options::default()).await?;
    if let Some(mart) = only {
        return rules(&engine, &mart).await;
    }
    println!("mart,sql_ms,optimize_ms,physical_ms,total_ms,waited_ms,logical_nodes,physical_nodes");
    for name in engine.views().names("marts") {
        if how.as_deref() != Some("--again") {
            // Whatever is set, to whatever, views are planned anew.
            let min_n = engine.settings().get("min_n")?.unwrap_or("null").to_owned();
            engine.set("min_n", &min_n)?;
        }
        let state = engine.context().state();
        let (started, clock) = (cpu_ms(), Instant::now());
        let plan = match logical(&engine, &state, &name).await {
            Ok(plan) => plan,
            Err(error) => {
                println!("{name}: {error}");
                continue;
            }
        };
        let planned = cpu_ms();
        let plan = state.optimizer().optimize(plan, &state, |_, _| {})?;
        let optimized = cpu_ms();
        let planner = state.query_planner();
        let physical = planner.create_physical_plan(&plan, &state).await?;
        let done = cpu_ms();
        println!(
            "{name},{:.0},{:.0},{:.0},{:.0},{:.0},{},{}",
            planned - started,
            optimized - planned,
            done - optimized,
            done - started,
            clock.elapsed().as_secs_f64() * 1000.0,
            logical_nodes(&plan)?,
            physical_nodes(physical.as_ref())
        );
    }
    Ok(())
}

/// Milliseconds this process has computed, all threads together: what waiting for
/// other processes does not change.
fn cpu_ms() -> f64 {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten();
    let nanoseconds = tasks.flatten().filter_map(|task| {
        let stat = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        stat.split(' ').next()?.parse::<f64>().ok()
    });
    nanoseconds.sum::<f64>() / 1e6
}

async fn logical(engine: &Engine, state: &SessionState, mart: &str) -> Anything<LogicalPlan> {
    let sql = format!("select * from marts.{mart}");
    let statement = engine.parse(&sql)?.pop().ok_or("no statement")?;
    Ok(engine.plan(state, statement, &Parameters::new()).await?)
}

fn logical_nodes(plan: &LogicalPlan) -> Anything<usize> {
    let mut nodes = 0;
    plan.apply_with_subqueries(|_| {
        nodes += 1;
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(nodes)
}

fn physical_nodes(plan: &dyn ExecutionPlan) -> usize {
    let children = plan.children();
    1 + children
        .into_iter()
        .map(|child| physical_nodes(child.as_ref()))
        .sum::<usize>()
}

/// Prints how long each rule takes, all passes together.
async fn rules(engine: &Engine, mart: &str) -> Anything<()> {
    let state = engine.context().state();
    let mut times = BTreeMap::<String, (f64, usize)>::new();
    let started = Instant::now();
    let plan = logical(engine, &state, mart).await?;
    let mut last = Instant::now();
    let mut add = |name: String, last: &mut Instant| {
        let entry = times.entry(name).or_default();
        entry.0 += last.elapsed().as_secs_f64() * 1000.0;
        entry.1 += 1;
        *last = Instant::now();
    };
    println!(
        "{:9.1} ms  text to plan",
        (last - started).as_secs_f64() * 1000.0
    );
    let options = state.config_options();
    let plan = state
        .analyzer()
        .execute_and_check(plan, options, |_, rule| {
            add(format!("1 analyze: {}", rule.name()), &mut last);
        })?;
    let plan = state.optimizer().optimize(plan, &state, |_, rule| {
        add(format!("2 optimize: {}", rule.name()), &mut last);
    })?;
    last = Instant::now();
    let unoptimized = datafusion::execution::SessionStateBuilder::new_from_existing(state.clone())
        .with_physical_optimizer_rules(Vec::new())
        .build();
    let planner = DefaultPhysicalPlanner::default();
    let physical = planner.create_physical_plan(&plan, &unoptimized).await;
    add("3 physical: plan".to_owned(), &mut last);
    if let Ok(physical) = physical {
        planner.optimize_physical_plan(Arc::clone(&physical), &state, |_, rule| {
            add(format!("4 physical: {}", rule.name()), &mut last);
        })?;
    }
    let mut times: Vec<_> = times.into_iter().collect();
    times.sort_by(|a, b| b.1.0.total_cmp(&a.1.0));
    for (name, (ms, runs)) in times {
        println!("{ms:9.1} ms  {runs} x {name}");
    }
    println!("{} logical operators", logical_nodes(&plan)?);
    Ok(())
}
