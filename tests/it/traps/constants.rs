//! Groups whose keys are partly constants.

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
