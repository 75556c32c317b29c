//! Text that joins hand on with all the buffers of the side they keep.

use datafusion::arrow::array::AsArray;

use crate::support::Scratch;

/// Every join would hand on the buffers of all batches below with each of its own: 20 of the
/// first, 400 of the second, 8000 of the third.
#[tokio::test]
async fn joins_on_joins_do_not_multiply_buffers() {
    let engine = Scratch::new().open().await;
    let ctx = engine.context();
    for setting in [
        "set datafusion.execution.batch_size = 500",
        "set datafusion.execution.target_partitions = 1",
    ] {
        ctx.sql(setting).await.unwrap().collect().await.unwrap();
    }
    let rows = "(select value as k, arrow_cast(concat('a text longer than a view ', value), \
         'Utf8View') as x from generate_series(1, 10000))";
    let joins: String = (1..=4)
        .map(|i| format!(" left join {rows} as t{i} on t0.k = t{i}.k"))
        .collect();
    let sql = format!("select t0.x, t1.x as x1 from {rows} as t0{joins}");
    let batches = ctx.sql(&sql).await.unwrap().collect().await.unwrap();
    assert_eq!(batches.iter().map(|b| b.num_rows()).sum::<usize>(), 10_000);
    let buffers = batches
        .iter()
        .flat_map(|batch| batch.columns())
        .map(|column| column.as_string_view().data_buffers().len())
        .max();
    assert!(buffers.unwrap() <= 200, "{buffers:?} buffers");
}
