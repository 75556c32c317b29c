//! Grouped aggregates beside `avg`, which does about as little as an aggregate can.
//!
//! `cargo bench -p aftersight-functions`. The ratios to `avg` are what to watch;
//! the times depend on the machine.

use std::hint::black_box;
use std::sync::Arc;

use aftersight_functions::register_all;
use arrow::array::{Float64Array, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use datafusion::datasource::MemTable;
use datafusion::prelude::{SessionConfig, SessionContext};
use tokio::runtime::Runtime;

const N_ROWS: usize = 2_000_000;
const N_PARTS: usize = 2;
const BATCH_ROWS: usize = 8192;

/// A table of scores in `n_groups` groups, dealt without order as customers are.
fn table(n_groups: usize) -> MemTable {
    let schema = Arc::new(Schema::new(vec![
        Field::new("g", DataType::Int64, false),
        Field::new("score", DataType::Float64, false),
        Field::new("n", DataType::Int64, false),
    ]));
    let batch = |start: usize| {
        let rows = start..(start + BATCH_ROWS).min(N_ROWS);
        let group = |row: usize| (row.wrapping_mul(0x9E37_79B9) % n_groups) as i64;
        RecordBatch::try_new(
            Arc::clone(&schema),
            vec![
                Arc::new(Int64Array::from_iter_values(rows.clone().map(group))),
                Arc::new(Float64Array::from_iter_values(
                    rows.clone().map(|row| (row % 11) as f64),
                )),
                Arc::new(Int64Array::from_iter_values(
                    rows.map(|row| (row % 5) as i64),
                )),
            ],
        )
        .expect("columns fit their schema")
    };
    let mut parts = vec![vec![]; N_PARTS];
    for (i, start) in (0..N_ROWS).step_by(BATCH_ROWS).enumerate() {
        parts[i % N_PARTS].push(batch(start));
    }
    MemTable::try_new(Arc::clone(&schema), parts).expect("parts fit their schema")
}

fn grouped(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("threads for the queries");
    for n_groups in [100, 10_000, 500_000] {
        let config = SessionConfig::new().with_target_partitions(N_PARTS);
        let ctx = SessionContext::new_with_config(config);
        register_all(&ctx).expect("functions register");
        ctx.register_table("t", Arc::new(table(n_groups)))
            .expect("the table is new");
        let mut group = criterion.benchmark_group(format!("{n_groups} groups"));
        group.sample_size(10);
        for call in [
            "avg(score)",
            "nps(score)",
            "nps(score, score)",
            "csat(score)",
            "return_rate(n, n)",
            "return_rate(score, score)",
        ] {
            let query = format!("select count(v) from (select {call} as v from t group by g)");
            group.bench_function(BenchmarkId::from_parameter(call), |bencher| {
                bencher.iter(|| {
                    runtime.block_on(async {
                        let df = ctx.sql(&query).await.expect("the query plans");
                        black_box(df.collect().await.expect("the query runs"))
                    })
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, grouped);
criterion_main!(benches);
