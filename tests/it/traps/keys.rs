//! Groups whose keys DataFusion would leave out, because it takes them for determined by others.

use crate::support::{Scratch, rows};

/// Pairs with a repetition: three different ones, two of them with the first key.
const PAIRS: &str =
    "pairs as (select * from (values (1, 10), (1, 11), (2, 10), (2, 10)) as t(k, x))";

/// One row a key, and its values beside it again.
const UNNESTED: &str =
    "many as (select k, unnest(xs) as x from (select k, array_agg(x) as xs from pairs group by k))";

/// A table with a unique key, joined to one where it is not, and grouped by columns of both.
const JOINED: &str = "many as (select one.k, pairs.x, count(*) as n \
     from (select k, count(*) as n from pairs group by k) as one \
     inner join pairs on one.k = pairs.k group by one.k, pairs.x)";

/// Rows of two queries, each of which has a unique key.
const UNITED: &str = "many as (select k, max(x) as x from pairs group by k \
     union all select k, min(x) as x from pairs group by k)";

#[tokio::test]
async fn a_key_that_rows_share_leaves_no_group_out() {
    let engine = Scratch::new().open().await;
    for many in [UNNESTED, JOINED, UNITED] {
        for (question, answer) in [
            (
                "select count(*) from (select k, x from many group by k, x)",
                "3",
            ),
            ("select count(*) from (select distinct k, x from many)", "3"),
            ("select count(distinct concat(k, ' ', x)) from many", "3"),
            (
                "select string_agg(concat(k, ':', n), ' ' order by k) \
                 from (select k, count(*) as n from (select k, x from many group by k, x) group by k)",
                "1:2 2:1",
            ),
            (
                "select string_agg(concat(k, ':', n), ' ' order by k) from (select k, count(*) as n \
                 from (select many.k, many.x, max(many.k) as m from many group by many.k, many.x) \
                 group by k)",
                "1:2 2:1",
            ),
        ] {
            let sql = format!("with {PAIRS}, {many} {question}");
            assert_eq!(rows(&engine, &sql).await, [answer], "{sql}");
        }
    }
}

#[tokio::test]
async fn a_join_to_a_key_that_rows_share_repeats_rows() {
    let engine = Scratch::new().open().await;
    for many in [UNNESTED, JOINED, UNITED] {
        // Three or four rows to the three pairs of keys and values, four to the four pairs.
        let count = format!("with {PAIRS}, {many} select count(*) from many");
        let n: usize = rows(&engine, &count).await[0].parse().unwrap();
        let expected = match n {
            // Two rows of the first key and one of the second, to two pairs of each.
            3 => 2 * 2 + 2,
            _ => 2 * 2 + 2 * 2,
        };
        let sql = format!(
            "with {PAIRS}, {many} select count(*) from \
             (select pairs.k, pairs.x from pairs left join many on pairs.k = many.k)"
        );
        assert_eq!(rows(&engine, &sql).await, [expected.to_string()], "{sql}");
    }
}

#[tokio::test]
async fn a_key_that_is_one_is_still_used() {
    let engine = Scratch::new().open().await;
    let one = "one as (select k, count(*) as n from pairs group by k)";
    let sql =
        format!("with {PAIRS}, {one} select pairs.x from pairs left join one on pairs.k = one.k");
    let plan = rows(&engine, &format!("explain {sql}")).await.join("\n");
    assert!(!plan.contains("Join"), "{plan}");
    let mut values = rows(&engine, &sql).await;
    values.sort();
    assert_eq!(values, ["10", "10", "10", "11"]);
}
