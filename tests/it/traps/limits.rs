//! What a query may take: memory is bounded, and a join that fans out can be cancelled.

use std::time::{Duration, Instant};

use aftersight_engine::{Limits, Options, Outcome};
use datafusion::execution::memory_pool::MemoryLimit;
use futures::StreamExt;

use crate::support::{Scratch, error, rows};

/// Generous for a busy machine in a development build; without the cure it is minutes.
const CANCELLED_WITHIN: Duration = Duration::from_secs(20);

#[test]
fn joins_that_fan_out_can_be_cancelled() {
    let cross = "select count(*) from generate_series(1, 300000) as a(x), generate_series(1, 300000) as b(y) where (x * y) % 7 = 3";
    let nested = "select count(*) from generate_series(1, 300000) as a(x) join generate_series(1, 300000) as b(y) on x + y < 10";
    let hash = "select count(*) from generate_series(1, 300000) as a(x) join generate_series(1, 300000) as b(y) on x % 2 = y % 2";
    for sql in [cross, nested, hash] {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let start = Instant::now();
        runtime.block_on(async {
            let engine = Scratch::new().open().await;
            let statement = engine.parse(sql).unwrap().pop().unwrap();
            let Outcome::Rows(mut rows) = engine.run(statement).await.unwrap() else {
                panic!("{sql} gives rows");
            };
            let first = tokio::time::timeout(Duration::from_millis(300), rows.stream.next()).await;
            assert!(first.is_err(), "{sql} was done too soon to be cancelled");
        });
        // Waits until no worker is busy with the query any more.
        drop(runtime);
        assert!(
            start.elapsed() < CANCELLED_WITHIN,
            "{sql}: {:?}",
            start.elapsed()
        );
    }
}

fn limited(bytes: usize) -> Options {
    Options {
        limits: Limits {
            memory_bytes: bytes,
            target_partitions: Some(2),
            ..Limits::default()
        },
        ..Options::default()
    }
}

#[tokio::test]
async fn memory_is_bounded_unless_somebody_says_otherwise() {
    let engine = Scratch::new().open().await;
    let pool = &engine.context().runtime_env().memory_pool;
    assert!(matches!(pool.memory_limit(), MemoryLimit::Finite(_)));
}

#[tokio::test]
async fn what_can_spill_does_and_is_right() {
    let engine = Scratch::new().open_with(limited(12 << 20)).await;
    let grouped = "select count(*), sum(n) from (select value % 400000 as k, count(*) as n from generate_series(1, 800000) group by 1)";
    assert_eq!(rows(&engine, grouped).await, ["400000 800000"]);
    let sorted = "select max(r) from (select row_number() over (order by (value * 7919) % 800011) as r from generate_series(1, 800000))";
    assert_eq!(rows(&engine, sorted).await, ["800000"]);
}

/// Thirty sorts, one after the other: an even part for each would hold no batch.
#[tokio::test]
async fn what_waits_takes_no_memory_from_what_works() {
    let engine = Scratch::new().open_with(limited(40 << 20)).await;
    let mut sql = "select value as v from generate_series(1, 50000)".to_owned();
    for step in 1..=30 {
        sql = format!("select row_number() over (order by (v * {step}) % 50021) as v from ({sql})");
    }
    let sum = format!("select count(*), sum(v) from ({sql})");
    assert_eq!(rows(&engine, &sum).await, ["50000 1250025000"]);
}

#[tokio::test]
async fn what_cannot_spill_fails_cleanly_and_the_session_goes_on() {
    let engine = Scratch::new().open_with(limited(4 << 20)).await;
    let join = "select count(*) from generate_series(1, 1000000) as a(x) join generate_series(1, 1000000) as b(y) on x = y";
    let found = error(&engine, join).await;
    assert!(found.contains("Resources exhausted"), "{found}");
    assert_eq!(rows(&engine, "select 1").await, ["1"]);
}
