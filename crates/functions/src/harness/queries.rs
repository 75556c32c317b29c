//! An aggregate in SQL, under every setting that may change how it runs.

use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use datafusion::datasource::MemTable;
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::physical_plan::{ExecutionPlan, collect};
use datafusion::prelude::{SessionConfig, SessionContext};

use super::{
    Cells, Row, Subject, assert_close, batch, cells, planning_error, register, schema, session,
};

/// Rows of the common table, in [`N_PARTS`] parts.
const N_ROWS: usize = 600;
const N_PARTS: usize = 3;

pub(super) async fn check(subject: &Subject, may_move: bool, refuses_distinct: bool) {
    edges(subject).await;
    settings(subject).await;
    spilling(subject).await;
    windows(subject, may_move).await;
    if refuses_distinct {
        distinct(subject).await;
    }
}

/// Draws rows without a random generator: the same ones on every run.
fn rows(subject: &Subject, n_rows: usize) -> Vec<Row> {
    let mut state = 42_u64;
    let mut draw = move |values: &[f64]| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let at = (state >> 33) as usize % (values.len() + 1);
        values.get(at).copied()
    };
    (0..n_rows)
        .map(|_| (draw(subject.x), draw(subject.y)))
        .collect()
}

/// A session that reads the table `t` in parts.
fn session_over(config: SessionConfig, parts: Vec<RecordBatch>) -> SessionContext {
    let ctx = SessionContext::new_with_config(config);
    register(&ctx);
    register_table(&ctx, parts);
    ctx
}

fn register_table(ctx: &SessionContext, parts: Vec<RecordBatch>) {
    let parts = parts.into_iter().map(|p| vec![p]).collect();
    let table = MemTable::try_new(schema(), parts).unwrap();
    ctx.register_table("t", Arc::new(table)).unwrap();
}

fn parts(rows: &[Row], groups: &[usize]) -> Vec<RecordBatch> {
    let size = rows.len().div_ceil(N_PARTS);
    rows.chunks(size)
        .zip(groups.chunks(size))
        .enumerate()
        .map(|(i, (rows, groups))| batch(rows, groups, i * size))
        .collect()
}

/// Runs a query with a key and a value in each row.
async fn keyed(ctx: &SessionContext, query: &str) -> Vec<(i64, Cells)> {
    let batches = ctx.sql(query).await.unwrap().collect().await.unwrap();
    let mut results = vec![];
    for batch in batches {
        let keys = batch.column(0).as_primitive::<Int64Type>();
        for row in 0..batch.num_rows() {
            results.push((keys.value(row), cells(batch.column(1), row)));
        }
    }
    results.sort_by_key(|(key, _)| *key);
    results
}

/// No rows, only NULL, one row; from SQL, where the engine has shortcuts of its own.
async fn edges(subject: &Subject) {
    let one = (Some(subject.x[0]), Some(subject.y[0]));
    for rows in [vec![], vec![(None, None); 3], vec![one]] {
        let ctx = session();
        register_table(&ctx, vec![batch(&rows, &vec![0; rows.len()], 0)]);
        let query = format!("select 0, {} from t", subject.call);
        let got = keyed(&ctx, &query).await;
        assert_close(&got[0].1, &(subject.slowly)(&rows), &format!("{rows:?}"));
        // A group that no row passes into is like no rows.
        let query = format!("select 0, {} filter (where false) from t", subject.call);
        let got = keyed(&ctx, &query).await;
        assert_close(&got[0].1, &(subject.slowly)(&[]), "filter (where false)");
    }
}

/// Batch sizes, partitions, and partial aggregation that gives up.
async fn settings(subject: &Subject) {
    let rows = rows(subject, N_ROWS);
    let groups: Vec<usize> = (0..N_ROWS).map(|i| i % 97).collect();
    let query = format!(
        "select g, {call} filter (where pick) from t group by g",
        call = subject.call
    );
    let mut expected: Option<Vec<(i64, Cells)>> = None;
    for batch_size in [1, 7, 8192] {
        for partitions in [1, 4] {
            for (probe_rows, probe_ratio) in [(0, 0.0), (100_000, 1.0)] {
                let mut config = SessionConfig::new()
                    .with_batch_size(batch_size)
                    .with_target_partitions(partitions);
                let execution = &mut config.options_mut().execution;
                execution.skip_partial_aggregation_probe_rows_threshold = probe_rows;
                execution.skip_partial_aggregation_probe_ratio_threshold = probe_ratio;
                let ctx = session_over(config, parts(&rows, &groups));
                let got = keyed(&ctx, &query).await;
                match &expected {
                    // No tolerance: settings must not change a digit.
                    Some(expected) => assert_eq!(&got, expected, "batch size {batch_size}"),
                    None => expected = Some(got),
                }
            }
        }
    }
    for (key, got) in expected.unwrap() {
        let group: Vec<Row> = (0..N_ROWS)
            .filter(|i| groups[*i] as i64 == key && i % 7 != 3 && i % 3 != 0)
            .map(|i| rows[i])
            .collect();
        assert_close(&got, &(subject.slowly)(&group), &format!("group {key}"));
    }
}

/// More groups than fit: states go to disk and come back.
async fn spilling(subject: &Subject) {
    const GROUPS: usize = 20_000;
    let rows = rows(subject, 2 * GROUPS);
    let groups: Vec<usize> = (0..rows.len()).map(|i| i * 7919 % GROUPS).collect();
    let query = format!("select g, {} from t group by g", subject.call);

    let roomy = session_over(SessionConfig::new(), parts(&rows, &groups));
    let expected = keyed(&roomy, &query).await;

    let mut config = SessionConfig::new()
        .with_target_partitions(1)
        .with_batch_size(512);
    config.options_mut().execution.sort_spill_reservation_bytes = 64 << 10;
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(FairSpillPool::new(1 << 20)))
        .build_arc()
        .unwrap();
    let tight = SessionContext::new_with_config_rt(config, runtime);
    register(&tight);
    register_table(&tight, parts(&rows, &groups));
    assert_eq!(
        keyed(&tight, &query).await,
        expected,
        "spilled states differ"
    );

    let plan = tight
        .sql(&query)
        .await
        .unwrap()
        .create_physical_plan()
        .await
        .unwrap();
    collect(Arc::clone(&plan), tight.task_ctx()).await.unwrap();
    assert!(
        spills(&plan) > 0,
        "nothing was spilled: the test proves nothing"
    );
}

fn spills(plan: &Arc<dyn ExecutionPlan>) -> usize {
    let own = plan.metrics().and_then(|m| m.spill_count()).unwrap_or(0);
    own + plan.children().into_iter().map(spills).sum::<usize>()
}

/// Frames that grow, move, and look ahead, against a loop over each frame.
async fn windows(subject: &Subject, may_move: bool) {
    const N: usize = 60;
    let rows = rows(subject, N);
    let ctx = session_over(SessionConfig::new(), parts(&rows, &[0; N]));
    type Bounds = fn(usize) -> (usize, usize);
    let frames: [(&str, Bounds); 3] = [
        ("unbounded preceding and current row", |i| (0, i + 1)),
        ("3 preceding and current row", |i| {
            (i.saturating_sub(3), i + 1)
        }),
        ("2 preceding and 2 following", |i| {
            (i.saturating_sub(2), (i + 3).min(N))
        }),
    ];
    for (frame, bounds) in frames {
        let query = format!(
            "select place, {} over (order by place rows between {frame}) from t",
            subject.call
        );
        if !may_move && !frame.starts_with("unbounded") {
            let message = super::error(&ctx, &query).await;
            assert!(message.contains("sliding"), "{query}: {message}");
            continue;
        }
        for (place, got) in keyed(&ctx, &query).await {
            let (from, to) = bounds(place as usize);
            let expected = (subject.slowly)(&rows[from..to]);
            assert_close(&got, &expected, &format!("row {place}, {frame}"));
        }
    }
}

/// DISTINCT, alone (where the engine rewrites it away), in company and in a window.
async fn distinct(subject: &Subject) {
    let rows = rows(subject, 10);
    let ctx = session_over(SessionConfig::new(), parts(&rows, &[0; 10]));
    let call = subject.call.replacen('(', "(distinct ", 1);
    for query in [
        format!("select {call} from t"),
        format!("select {call}, count(*) from t"),
        format!("select g, {call} from t group by g"),
    ] {
        let message = planning_error(&ctx, &query).await;
        assert!(
            message.contains("does not support DISTINCT"),
            "{query}: {message}"
        );
    }
    let query = format!("select {call} over () from t");
    let message = super::error(&ctx, &query).await;
    assert!(message.contains("DISTINCT"), "{query}: {message}");
}
