//! Views that a statement reads several times: computed once, with the answers of views that are not.

use aftersight_engine::{Limits, Options};
use arrow::array::Int64Array;

use crate::support::{Scratch, column, rows, write_parquet};

const WORKSPACE: &str = "version = 1\n[settings]\nas_of = \"2026-01-01\"\n\
     [sources]\nevents = { location = \"events.parquet\" }\n";

/// Numbers 1 to n with their groups of ten, and views over them.
fn lake(n: i64) -> Scratch {
    let scratch = Scratch::with_workspace(WORKSPACE);
    write_events(&scratch, n);
    scratch.write(
        "sql/marts/numbers.sql",
        "-- Which numbers are there?\n--\n-- grain: id\n--\n-- id     number\n-- tens   its group\n\n\
         select id, tens from source.events group by id, tens\n",
    );
    scratch.write(
        "sql/marts/mixed.sql",
        "-- What do a whole and a broken number make?\n--\n-- grain: kind\n--\n\
         -- kind    whole or broken\n-- amount  the number\n\n\
         select 'whole' as kind, 1 as amount\nunion all\nselect 'broken' as kind, 0.5 as amount\n",
    );
    scratch
}

fn write_events(scratch: &Scratch, n: i64) {
    let ids = Int64Array::from_iter_values(1..=n);
    let tens = Int64Array::from_iter_values((1..=n).map(|id| id / 10));
    let columns = vec![("id", column(ids)), ("tens", column(tens))];
    write_parquet(&scratch.path("events.parquet"), columns, 10_000);
}

/// Every number beside the size of its group: the view is read twice.
const TWICE: &str = "select count(*), sum(numbers.id), sum(groups.n) from numbers \
     inner join (select tens, count(*) as n from numbers group by tens) as groups \
     on numbers.tens = groups.tens";

#[tokio::test]
async fn a_view_with_two_readers_is_planned_once() {
    let scratch = lake(100);
    let engine = scratch.open().await;
    let plan = rows(&engine, &format!("explain {TWICE}")).await.join("\n");
    assert_eq!(
        plan.matches("SharedExec: view=marts.numbers").count(),
        2,
        "{plan}"
    );
    assert!(!plan.contains("DataSourceExec"), "{plan}");
    // 100 numbers, groups of 9 (1 to 9), ten times ten less the last, and 100 alone.
    assert_eq!(rows(&engine, TWICE).await, ["100 5050 982"]);
}

#[tokio::test]
async fn a_view_with_one_reader_is_part_of_it() {
    let scratch = lake(100);
    let engine = scratch.open().await;
    let sql = "select id from numbers where id > 98 order by id";
    let plan = rows(&engine, &format!("explain {sql}")).await.join("\n");
    assert!(!plan.contains("SharedExec"), "{plan}");
    // The filter is below the aggregate, at the file.
    assert!(plan.contains("predicate=id"), "{plan}");
    assert_eq!(rows(&engine, sql).await, ["99", "100"]);
}

#[tokio::test]
async fn a_step_with_two_readers_is_planned_once() {
    let scratch = lake(100);
    let engine = scratch.open().await;
    // `groups` is read twice, and what it reads once is part of it.
    let sql = "with picked as (select id, tens from source.events where id > 1), \
         groups as (select tens, count(*) as n from picked group by tens), \
         most as (select max(n) as n from groups) \
         select count(*), sum(groups.n), (select count(*) from groups as g where g.n = 10) as tens \
         from groups cross join most where groups.n = most.n";
    let plan = rows(&engine, &format!("explain {sql}")).await.join("\n");
    assert_eq!(plan.matches("SharedExec: view=groups").count(), 3, "{plan}");
    assert!(!plan.contains("DataSourceExec"), "{plan}");
    assert_eq!(rows(&engine, sql).await, ["9 90 9"]);
}

#[tokio::test]
async fn a_step_that_only_picks_rows_is_part_of_its_readers() {
    let scratch = lake(100);
    let engine = scratch.open().await;
    let sql = "with picked as (select id from source.events where id > 90) \
         select a.id from picked as a inner join picked as b on a.id = b.id + 8 order by a.id";
    let plan = rows(&engine, &format!("explain {sql}")).await.join("\n");
    assert!(!plan.contains("SharedExec"), "{plan}");
    assert_eq!(rows(&engine, sql).await, ["99", "100"]);
}

#[tokio::test]
async fn steps_of_recursion_and_of_outer_rows_keep_their_rows() {
    let scratch = lake(20);
    let engine = scratch.open().await;
    let recursive = "with recursive up as (select 1 as n union all select n + 1 from up where n < 5), \
         sums as (select sum(n) as total from up) \
         select a.total + b.total from sums as a cross join sums as b";
    assert_eq!(rows(&engine, recursive).await, ["30"]);
    // A step read by subqueries that look at the row outside.
    let outer = "with sizes as (select tens, count(*) as n from source.events group by tens) \
         select count(*), sum(id) from numbers \
         where exists (select 1 from sizes where sizes.tens = numbers.tens and sizes.n = 10) \
         and tens in (select tens from sizes)";
    assert_eq!(rows(&engine, outer).await, ["10 145"]);
}

#[tokio::test]
async fn a_single_row_is_the_left_side_of_a_cross_join() {
    let scratch = lake(100);
    let engine = scratch.open().await;
    // How many groups there are is not known beforehand, nor whether a row passes a filter.
    for one in [
        "(select max(id) as most from source.events having max(id) > 3)",
        "(select most + row_number() over () - 1 as most from (select max(id) as most from numbers))",
        "(select id as most from numbers order by id desc limit 1)",
        "(select id as most from (select max(id) as id from numbers group by tens) order by id desc limit 1)",
    ] {
        let sql = format!(
            "select count(*), sum(most) from (select id, most from numbers cross join {one})"
        );
        let plan = rows(&engine, &format!("explain {sql}")).await.join("\n");
        let (_, sides) = plan.split_once("CrossJoinExec\n").expect(&plan);
        let left = sides.lines().next().expect(&plan);
        assert!(left.contains("most"), "{left}\n{plan}");
        assert_eq!(rows(&engine, &sql).await, ["100 10000"]);
    }
}

#[tokio::test]
async fn subqueries_are_readers_too() {
    let scratch = lake(100);
    let engine = scratch.open().await;
    let sql = "select (select max(id) from numbers) as most, \
         (select count(*) from numbers where tens = 3) as threes";
    assert_eq!(rows(&engine, sql).await, ["100 10"]);
}

#[tokio::test]
async fn types_are_those_of_the_whole_view() {
    let scratch = lake(10);
    let engine = scratch.open().await;
    let sql = "select sum(a.amount) from mixed as a inner join mixed as b on a.kind = b.kind";
    assert_eq!(rows(&engine, sql).await, ["1.5"]);
}

#[tokio::test]
async fn rows_that_do_not_fit_are_read_from_a_file() {
    let n = 200_000;
    let limits = Limits {
        // An eighth of it by two tasks is less than half of the rows take.
        memory_bytes: 20 << 20,
        target_partitions: Some(2),
        ..Limits::default()
    };
    let options = Options {
        limits,
        ..Options::default()
    };
    let scratch = lake(n);
    let engine = scratch.open_with(options).await;
    let sql = "select (select sum(id) from numbers) as total, \
         (select count(*) from numbers where id % 2 = 0) as even";
    assert_eq!(
        rows(&engine, sql).await,
        [format!("{} {}", n * (n + 1) / 2, n / 2)]
    );
}

#[tokio::test]
async fn a_reader_that_stops_early_stops_nobody_else() {
    let scratch = lake(50_000);
    let engine = scratch.open().await;
    let sql = "select count(*) from (select id from numbers limit 1) as one \
         cross join (select id from numbers) as every";
    assert_eq!(rows(&engine, sql).await, ["50000"]);
}

#[tokio::test]
async fn rows_are_kept_for_one_statement_only() {
    let scratch = lake(10);
    let engine = scratch.open().await;
    assert_eq!(
        rows(
            &engine,
            "select count(*) from numbers as a inner join numbers as b on a.id = b.id"
        )
        .await,
        ["10"]
    );
    write_events(&scratch, 20);
    assert_eq!(
        rows(
            &engine,
            "select count(*) from numbers as a inner join numbers as b on a.id = b.id"
        )
        .await,
        ["20"]
    );
}
