//! Differences of instants, compared with intervals.

use crate::support::{Scratch, error, rows};

/// DataFusion would say that any difference is less than a day, which counts before nanoseconds.
#[tokio::test]
async fn a_difference_of_instants_is_compared_with_days() {
    let engine = Scratch::new().open().await;
    let sql = "create table spans as select timestamp '2026-01-01' as a, \
         timestamp '2026-01-01' + arrow_cast(hours * 3600000000, 'Duration(Microsecond)') as b \
         from (values (0), (23), (24), (25), (2159), (2160)) as t (hours)";
    rows(&engine, sql).await;
    for (condition, n) in [
        ("b - a < interval '1 day'", "2"),
        ("b - a <= interval '24 hours'", "3"),
        ("interval '90 days' > b - a", "5"),
        ("b - a = interval '90 days'", "1"),
        (
            "b - a between interval '1 day' and interval '1 day 1 hour'",
            "2",
        ),
        ("b - a in (interval '1 day', interval '90 days')", "2"),
        ("not b - a >= interval '23 hours'", "1"),
        ("b - a < (b - a) + (b - a)", "5"),
    ] {
        let sql = format!("select count(*) from spans where {condition}");
        assert_eq!(rows(&engine, &sql).await, [n], "{condition}");
    }
    let sql = "select max(b - a > interval '2 days') from spans";
    assert_eq!(rows(&engine, sql).await, ["true"]);
}

#[tokio::test]
async fn months_are_no_length() {
    let engine = Scratch::new().open().await;
    for (condition, says) in [
        ("b - a < interval '1 month'", "months or years"),
        ("b - a < cast('3 days' as interval)", "written out"),
    ] {
        let sql = format!(
            "select 1 from (select timestamp '2026-01-01' as a, now() as b) as t where {condition}"
        );
        let error = error(&engine, &sql).await;
        assert!(error.contains(says), "{error}");
    }
}
