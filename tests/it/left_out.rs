//! Joins that nobody needs are left out, and no others: the same rows by fewer operators.

use aftersight_engine::Engine;

use crate::support::{Scratch, cells, rows};

const WORKSPACE: &str = "version = 1\n[settings]\nas_of = \"2026-01-01\"\n\
     [sources]\nevents = { location = \"events.csv\" }\nnotes = { location = \"notes.csv\" }\n";

/// Events of four people, with NULLs and copies; notes on three, one of whom is not among them.
fn shop() -> Scratch {
    let scratch = Scratch::with_workspace(WORKSPACE);
    scratch.write(
        "events.csv",
        "who,kind,n\n1,buy,10\n1,buy,20\n1,ask,30\n2,buy,40\n2,ask,50\n3,ask,60\n,buy,70\n,ask,80\n",
    );
    scratch.write("notes.csv", "who,note\n1,a\n1,b\n2,c\n9,d\n,e\n");
    scratch
}

/// How many joins the plan of a query has.
async fn joins(engine: &Engine, sql: &str) -> usize {
    let plan = rows(engine, &format!("explain {sql}")).await.join("\n");
    plan.matches("JoinExec").count()
}

/// The rows of a query in order.
async fn sorted(engine: &Engine, sql: &str) -> Vec<Vec<String>> {
    let mut found = cells(engine, sql).await;
    found.sort();
    found
}

/// People on the left, one of these on the right as `r`, with the columns `who` and `x`, and what
/// it is joined on.
const RIGHT_SIDES: &[(&str, &str, bool)] = &[
    (
        "(select who, sum(n) as x from source.events group by who)",
        "l.who = r.who",
        true,
    ),
    (
        "(select who, 1 as x from (select distinct who from source.events))",
        "l.who = r.who",
        true,
    ),
    (
        "(select distinct on (who) who, note as x from source.notes order by who, note)",
        "l.who = r.who",
        true,
    ),
    (
        "(select who, note as x from (select *, row_number() over (partition by who order by note) as at \
         from source.notes) where at = 1)",
        "l.who = r.who",
        true,
    ),
    (
        "(select who, kind, sum(n) as x from source.events group by who, kind)",
        "l.who = r.who and r.kind = 'buy'",
        true,
    ),
    (
        "(select * from (select who, kind, sum(n) as x from source.events group by who, kind) where kind = 'ask')",
        "r.who = l.who",
        true,
    ),
    (
        "(select a.who, b.x from (select distinct who from source.events) as a \
         left join (select who, count(*) as x from source.notes group by who) as b on a.who = b.who)",
        "l.who = r.who and l.n > 15",
        true,
    ),
    (
        "(select coalesce(a.who, b.who) as who, b.x from (select distinct who from source.events) as a \
         full join (select who, count(*) as x from source.notes group by who) as b on a.who = b.who)",
        "l.who = r.who",
        true,
    ),
    (
        "(select max(who) as who, count(*) as x from source.notes)",
        "l.who < r.who",
        true,
    ),
    // These meet a row several times, or may do.
    // Both sides have a row of one key where more than the key must be equal.
    (
        "(select coalesce(a.who, b.who) as who, b.x from (select distinct who from source.events) as a \
         full join (select who, count(*) as x from source.notes group by who) as b on a.who = b.who and b.x > 1)",
        "l.who = r.who",
        false,
    ),
    (
        "(select who, note as x from source.notes)",
        "l.who = r.who",
        false,
    ),
    (
        "(select who, kind as x from source.events group by who, kind)",
        "l.who = r.who",
        false,
    ),
    (
        "(select who, sum(n) as x from source.events group by who)",
        "l.who <= r.who",
        false,
    ),
    (
        "(select who, sum(n) as x from source.events group by who)",
        "l.who = r.who or l.n = 10",
        false,
    ),
    (
        "(select who, note as x from (select *, row_number() over (partition by who order by note) as at \
         from source.notes) where at <= 2)",
        "l.who = r.who",
        false,
    ),
    (
        "(select a.who, b.note as x from (select distinct who from source.events) as a \
         left join source.notes as b on a.who = b.who)",
        "l.who = r.who",
        false,
    ),
    (
        "(select unnest([who, who]) as who, x from (select who, sum(n) as x from source.events group by who))",
        "l.who = r.who",
        false,
    ),
    (
        "(select who, 1 as x from (select distinct who from source.events) \
         union all select who, 2 as x from (select distinct who from source.events))",
        "l.who = r.who",
        false,
    ),
    (
        "(select who, count(*) as x from source.events group by grouping sets ((who), (who, kind)))",
        "l.who = r.who",
        false,
    ),
];

#[tokio::test]
async fn an_outer_join_that_adds_nothing_goes_and_any_other_stays() {
    let scratch = shop();
    let engine = scratch.open().await;
    for (right, on, is_idle) in RIGHT_SIDES {
        let right = right.trim();
        for join in ["left", "right", "inner", "full"] {
            let whole = format!(
                "select l.who as who, l.n as n, r.who as other, r.x as x from \
                 (select who, n from source.events) as l {join} join {right} as r on {on}"
            );
            let rows_of_all = cells(&engine, &whole).await;
            // Fewer columns of the same rows.
            for (columns, at) in [
                ("n", vec![1]),
                ("who, n", vec![0, 1]),
                ("x", vec![3]),
                ("n, other", vec![1, 2]),
            ] {
                let sql = format!("select {columns} from ({whole})");
                let expected = rows_of_all
                    .iter()
                    .map(|row| at.iter().map(|at| row[*at].clone()).collect());
                let mut expected: Vec<Vec<String>> = expected.collect();
                expected.sort();
                assert_eq!(sorted(&engine, &sql).await, expected, "{sql}");
            }
            let count = format!("select count(*) from ({whole})");
            assert_eq!(
                rows(&engine, &count).await,
                [rows_of_all.len().to_string()],
                "{count}"
            );
            let left = joins(&engine, &format!("select n from ({whole})")).await;
            // What is within the side that goes has gone with it.
            let is_left_out = *is_idle && join == "left";
            assert_eq!(
                left == 0,
                is_left_out,
                "{join} {right} on {on}: {left} joins"
            );
        }
    }
}

#[tokio::test]
async fn views_nobody_needs_are_not_planned() {
    let scratch = shop();
    scratch.write(
        "sql/intermediate/sums.sql",
        "-- How much did everybody do?\n--\n-- grain: who\n--\n-- who    person\n-- total  of n\n\n\
         select who, sum(n) as total from source.events where who is not null group by who\n",
    );
    scratch.write(
        "sql/marts/people.sql",
        "-- Who is there?\n--\n-- grain: who\n--\n-- who    person\n-- total  of n\n-- first  note\n-- most   of all totals\n\n\
         with first as (select distinct on (who) who, note from source.notes order by who, note), \
         most as (select max(total) as most from intermediate.sums) \
         select people.who, sums.total, first.note as first, most.most \
         from (select distinct who from source.events where who is not null) as people \
         left join intermediate.sums on sums.who = people.who \
         left join first on first.who = people.who cross join most\n",
    );
    let engine = scratch.open().await;
    let whole = "select * from people";
    let plan = rows(&engine, &format!("explain {whole}")).await.join("\n");
    assert!(
        plan.contains("SharedExec: view=intermediate.sums"),
        "{plan}"
    );
    assert_eq!(
        rows(&engine, "select * from people order by who").await,
        ["1 60 a 90", "2 90 c 90", "3 60 - 90"]
    );
    // One reader is left of `sums`, which becomes part of it; or none.
    for (columns, joins_left, expected) in [
        ("count(*)", 0, "3"),
        ("sum(who)", 0, "6"),
        ("sum(total)", 1, "210"),
        ("max(first)", 1, "c"),
        ("min(most)", 1, "90"),
    ] {
        let sql = format!("select {columns} from people");
        let plan = rows(&engine, &format!("explain {sql}")).await.join("\n");
        assert!(!plan.contains("SharedExec"), "{plan}");
        assert_eq!(plan.matches("JoinExec").count(), joins_left, "{plan}");
        assert_eq!(rows(&engine, &sql).await, [expected]);
    }
}

#[tokio::test]
async fn what_a_subquery_or_a_branch_reads_is_needed() {
    let scratch = shop();
    let engine = scratch.open().await;
    let joined = "(select l.who, l.n, r.x from source.events as l left join \
         (select who, count(*) as x from source.notes group by who) as r on l.who = r.who)";
    for (sql, expected) in [
        // A subquery looks at the joined column of the row outside.
        (
            format!(
                "select count(*) from {joined} as j where exists \
                 (select 1 from source.notes where notes.who = j.x)"
            ),
            "5",
        ),
        (
            format!(
                "select sum(j.n) from {joined} as j where j.n < 25 and j.x in (select who + 1 from source.notes)"
            ),
            "30",
        ),
        // Branches are put together by position, whatever a reader wants.
        (
            format!(
                "select sum(n) from (select x, n from {joined} union all select n, x from {joined})"
            ),
            "368",
        ),
        (
            format!(
                "select count(*) from (select distinct n, x from {joined} union select x, n from {joined})"
            ),
            "16",
        ),
        // The rows beside which a subquery is worked out.
        (
            "select count(*), sum(l.n) from source.events as l left join \
             (select who, count(*) as x from source.notes group by who) as r on l.who = r.who \
             cross join lateral (select note from source.notes as m where m.who = r.x) as v"
                .to_owned(),
            "7 240",
        ),
        (
            format!("select n from {joined} order by x desc nulls last, n limit 1"),
            "10",
        ),
        (
            format!("select sum(n) over (order by x, n) from {joined} order by 1 limit 1"),
            "40",
        ),
        (format!("select count(*) from {joined} where x > 1"), "3"),
    ] {
        assert_eq!(rows(&engine, &sql).await, [expected], "{sql}");
    }
}
