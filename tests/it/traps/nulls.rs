//! Columns that DataFusion holds for free of NULLs before it plans and not after.

use crate::support::{Scratch, rows};

/// It refused each of these with an internal error about its own schemas.
#[tokio::test]
async fn a_default_in_a_union_can_be_grouped_by() {
    let engine = Scratch::new().open().await;
    let rows_of = "with t as (select * from (values ('a', 'q'), ('b', null), ('b', 'z')) as t(a, x)), \
         p as (select a, coalesce(x <> upper('Q'), false) as k from t), \
         u as (select a, k from p union all select a, k from p where a = 'b')";
    for (question, answer) in [
        (
            "select k, count(*) as n from u group by k order by k",
            vec!["false 2", "true 3"],
        ),
        (
            "select a, k, sum(n) as n from (select a, k, count(*) as n from u group by a, k \
             union all select a, k, 1 as n from u) group by a, k having not k order by a",
            vec!["b false 4"],
        ),
    ] {
        let sql = format!("{rows_of} {question}");
        assert_eq!(rows(&engine, &sql).await, answer, "{sql}");
    }
}
