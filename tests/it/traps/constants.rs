//! Keys that are constants.

use crate::support::{Scratch, rows};

/// DataFusion would take the constant for an order of the rows and hand the groups out in slices,
/// each of which moves all that are left.
#[tokio::test]
async fn a_constant_key_is_no_order_of_groups() {
    let engine = Scratch::new().open().await;
    for (name, numbers) in [("numbers", "1, 1000"), ("few", "7, 9")] {
        let sql = format!(
            "create table {name} as select value as id, value % 2 as rest \
             from generate_series({numbers})"
        );
        rows(&engine, &sql).await;
    }
    let sql = "select rest, id, count(*) as n from numbers where rest = 0 group by rest, id";
    let plan = rows(&engine, &format!("explain {sql}")).await.join("\n");
    assert!(plan.contains("NoOrderExec"), "{plan}");
    assert!(!plan.contains("PartiallySorted"), "{plan}");
    let total = format!("select count(*), sum(id), sum(n), max(rest) from ({sql})");
    assert_eq!(rows(&engine, &total).await, ["500 250500 500 0"]);
    // What depends on the constant above the groups still holds.
    let joined = format!(
        "select few.id, groups.n from few left join ({sql}) as groups \
         on few.id = groups.id and few.rest = groups.rest order by few.id"
    );
    assert_eq!(rows(&engine, &joined).await, ["7 -", "8 1", "9 -"]);
}

#[tokio::test]
async fn windows_over_groups_may_count_on_constants() {
    let engine = Scratch::new().open().await;
    let sql = "create table numbers as select value as id, value % 2 as rest, value % 5 as k \
         from generate_series(1, 1000)";
    rows(&engine, sql).await;
    let sql = "select count(*), sum(nth), max(total) from (select rest, k, \
         row_number() over (partition by rest order by k) as nth, \
         sum(n) over (partition by rest) as total from \
         (select rest, k, count(*) as n from numbers where rest = 0 group by rest, k))";
    assert_eq!(rows(&engine, sql).await, ["5 15 500"]);
}

/// DataFusion would take the side's constant for one of the joined rows, and leave it out of the order.
#[tokio::test]
async fn a_constant_of_rows_that_may_be_missing_is_none() {
    let engine = Scratch::new().open().await;
    let sql =
        "create table few as select value as id, value % 2 as rest from generate_series(1, 6)";
    rows(&engine, sql).await;
    let even = "(select rest, id from few where rest = 0)";
    let named = "(select 'even' as rest, id from few where rest = 0)";
    for side in [even, named] {
        for join in [
            format!("few left join {side} as g on few.id = g.id"),
            format!("{side} as g right join few on few.id = g.id"),
            format!("few full join {side} as g on few.id = g.id"),
            format!("few left join {side} as g on few.id + 0 >= g.id and few.id - 1 < g.id"),
        ] {
            let sql = format!("select few.id from {join} order by g.rest, few.id");
            let ids = ["2", "4", "6", "1", "3", "5"];
            assert_eq!(rows(&engine, &sql).await, ids, "{sql}");
            let sql = format!(
                "select id, row_number() over (order by rest desc, id) from \
                 (select few.id, g.rest from {join}) order by id"
            );
            let numbers = ["1 1", "2 4", "3 2", "4 5", "5 3", "6 6"];
            assert_eq!(rows(&engine, &sql).await, numbers, "{sql}");
        }
    }
}
