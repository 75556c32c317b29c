//! What a name means: CTEs first, then the session's own, then views, then tables.

use aftersight_engine::Options;
use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use datafusion::common::ScalarValue;

use crate::support::{Scratch, error, rows, script};

/// A workspace with one table and views over it.
fn shop(views: &[(&str, &str)]) -> Scratch {
    let scratch = Scratch::with_workspace(
        "[sources.lines]\nlocation = 'assignments.csv'\n\n[tables.assignments]\nfrom = 'lines'\n\n\
         [params.least]\ntype = 'integer'\ndefault = 1\nhelp = 'smallest order that counts'\n",
    );
    scratch.write(
        "assignments.csv",
        "campaign_id,customer_id,arm,cost,sent_at\n1,1,control,10,2026-11-02\n2,1,control,20,2026-11-10\n3,1,control,30,2026-11-16\n",
    );
    for (name, sql) in views {
        let column = column(sql);
        let text = format!(
            "-- Which assignments?\n--\n-- grain: one row\n--\n-- {column}  rows\n\n{sql}\n"
        );
        scratch.write(&format!("sql/{name}.sql"), text);
    }
    scratch
}

/// The one column a view returns, which its header has to promise.
fn column(sql: &str) -> &str {
    let named = sql
        .split(" as ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next());
    named.unwrap_or("n")
}

#[tokio::test]
async fn a_users_cte_is_never_hijacked_by_a_view() {
    let scratch = shop(&[
        ("marts/scores", "select 3 as n"),
        ("staging/assignments", "select 99 as campaign_id"),
    ]);
    let engine = scratch.open().await;
    let sql = "with scores as (select 42 as n) select * from scores";
    assert_eq!(rows(&engine, sql).await, ["42"]);
    assert_eq!(rows(&engine, "select n from scores").await, ["3"]);
    // Nor does it leak into the views that the query reads.
    let sql = "with assignments as (select 1 as x), y as (select * from scores) select * from y";
    assert_eq!(rows(&engine, sql).await, ["3"]);
}

#[tokio::test]
async fn a_bare_name_goes_from_the_session_through_views_to_files() {
    let scratch = shop(&[]);
    let name = "select max(campaign_id) from assignments";
    let lines = "select max(campaign_id) from lines";
    assert_eq!(rows(&scratch.open().await, lines).await, ["3"]);
    // A view reads the layer below by its own name.
    let scratch = shop(&[
        (
            "staging/assignments",
            "select campaign_id + 10 as campaign_id from assignments",
        ),
        (
            "marts/assignments",
            "select campaign_id + 100 as campaign_id from assignments",
        ),
    ]);
    let engine = scratch.open().await;
    assert_eq!(rows(&engine, name).await, ["113"]);
    assert_eq!(
        rows(&engine, "select max(campaign_id) from staging.assignments").await,
        ["13"]
    );
    assert_eq!(
        rows(&engine, "select max(campaign_id) from raw.assignments").await,
        ["3"]
    );
    // The session cannot take a name away, only add to them.
    let own = "create table assignments as select 1000 as campaign_id";
    assert!(error(&engine, own).await.contains("already exists"));
    let own = "create table mine as select 1000 as campaign_id; select max(campaign_id) from mine";
    assert_eq!(script(&engine, own).await, ["1000"]);
}

#[tokio::test]
async fn a_view_follows_a_later_set() {
    let scratch = shop(&[
        (
            "staging/known",
            "select campaign_id as n from raw.assignments where sent_at < $as_of_at and cost >= $least",
        ),
        ("marts/counted", "select count(*) as n from known"),
    ]);
    let engine = scratch.open().await;
    let counted = "select n from counted";
    assert!(
        error(&engine, counted)
            .await
            .contains("the report day is not set")
    );
    let after = |set: &'static str| script_of(set, counted);
    assert_eq!(
        script(&engine, &after("set as_of = '2026-11-16'")).await,
        ["2"]
    );
    assert_eq!(
        script(&engine, &after("set as_of = date '2026-11-09'")).await,
        ["1"]
    );
    assert_eq!(
        script(&engine, &after("set aftersight.as_of = '2026-11-17'")).await,
        ["3"]
    );
    assert_eq!(script(&engine, &after("set least = 25")).await, ["1"]);
    assert_eq!(script(&engine, &after("reset least")).await, ["3"]);
}

fn script_of(first: &str, then: &str) -> String {
    format!("{first}; {then}")
}

/// What a view was before is asked again as it is then, whatever has become its own meanwhile.
#[tokio::test]
async fn a_view_follows_tables_that_the_session_makes_and_forgets() {
    let scratch = shop(&[
        ("intermediate/known", "select 3 as n"),
        ("marts/counted", "select n + 1 as n from known"),
        ("marts/called", "select n + 10 as n from counted()"),
    ]);
    let engine = scratch.open().await;
    let all = "select counted.n, called.n from counted cross join called";
    assert_eq!(rows(&engine, all).await, ["4 14"]);
    let (schema, batches) = engine
        .query_with("select 100 as n", &Default::default())
        .await
        .unwrap();
    engine.register_result("known", schema, batches).unwrap();
    assert_eq!(rows(&engine, all).await, ["101 111"]);
    assert_eq!(rows(&engine, all).await, ["101 111"]);
    engine.remove_result("known");
    assert_eq!(rows(&engine, all).await, ["4 14"]);
}

#[tokio::test]
async fn a_view_follows_parameters_of_a_query() {
    let scratch = shop(&[
        ("marts/limits", "select $least as n"),
        ("marts/doubled", "select 2 * n as n from limits"),
    ]);
    let engine = scratch.open().await;
    let doubled = "select n from doubled";
    assert_eq!(rows(&engine, doubled).await, ["2"]);
    for n in [7, 8] {
        let parameters = [("least".to_owned(), ScalarValue::from(n))].into();
        let (_, batches) = engine.query_with(doubled, &parameters).await.unwrap();
        let doubled = batches[0].column(0).as_primitive::<Int64Type>();
        assert_eq!(doubled.value(0), 2 * n);
    }
    assert_eq!(rows(&engine, doubled).await, ["2"]);
}

#[tokio::test]
async fn a_view_is_the_same_whoever_read_it_before() {
    let scratch = shop(&[
        ("intermediate/left", "select 'l' as n"),
        ("intermediate/right", "select 'r' as n"),
        ("marts/left", "select 'L' || n as n from right"),
        ("marts/right", "select 'R' || n as n from left"),
    ]);
    let right = "select n from marts.right";
    assert_eq!(rows(&scratch.open().await, right).await, ["RLr"]);
    let engine = scratch.open().await;
    assert_eq!(rows(&engine, "select n from marts.left").await, ["LRl"]);
    assert_eq!(rows(&engine, right).await, ["RLr"]);
}

#[tokio::test]
async fn a_view_follows_a_file_that_has_other_columns() {
    let scratch = Scratch::with_workspace("version = 1\n");
    let file = scratch.path("found.csv");
    let text = format!(
        "-- What is there?\n--\n-- grain: one row\n--\n-- n  the most\n\nselect max(x) as n from '{}'\n",
        file.display()
    );
    scratch.write("sql/marts/found.sql", text);
    let options = Options {
        allow_files: true,
        ..Options::default()
    };
    let engine = scratch.open_with(options).await;
    scratch.write("found.csv", "x,y\n9,1\n10,2\n");
    assert_eq!(rows(&engine, "select n from found").await, ["10"]);
    scratch.write("found.csv", "y,x\n1,nine\n2,ten\n");
    assert_eq!(rows(&engine, "select n from found").await, ["ten"]);
}

#[tokio::test]
async fn a_view_is_called_with_settings_for_this_call_only() {
    let scratch = shop(&[
        (
            "staging/known",
            "select campaign_id as n from raw.assignments where sent_at < $as_of_at and cost >= $least",
        ),
        ("marts/counted", "select count(*) as n from known"),
    ]);
    let engine = scratch.open().await;
    let sql = "set as_of = '2026-11-17'; select a.n, b.n, c.n, d.n from counted as a, \
        counted(as_of => date '2026-11-09') as b, counted(least => 15) as c, \
        marts.counted(as_of => '2026-11-16', least => 5 + 10) as d";
    assert_eq!(script(&engine, sql).await, ["3 1 2 1"]);
    // The user's CTE cannot leak into the called view.
    let sql = "with assignments as (select 1 as x) select n from counted(least => 15)";
    assert_eq!(rows(&engine, sql).await, ["2"]);
    let check = async |call: &str, message: &str| {
        let found = error(&engine, &format!("select * from {call}")).await;
        assert!(found.contains(message), "{call}: {found}");
    };
    check("counted(leest => 1)", "did you mean `least`?").await;
    check("counted(15)", "write `name => value`").await;
    check("counted(least => 1, least => 2)", "least is given twice").await;
    check(
        "counted(rfm_bins => 4)",
        "counted does not depend on rfm_bins",
    )
    .await;
    check("counted(least => (select 1))", "must be constant").await;
    check("counted(as_of => 'monday')", "takes a date").await;
}

#[tokio::test]
async fn views_that_read_each_other_are_named() {
    let scratch = shop(&[
        ("marts/a", "select n from b"),
        ("marts/b", "select n from marts.c"),
        ("marts/c", "select n from a"),
        ("staging/self", "select n from staging.self"),
    ]);
    let engine = scratch.open().await;
    let found = error(&engine, "select * from a").await;
    assert!(
        found.contains("view marts.a reads itself: marts.a -> marts.b -> marts.c -> marts.a"),
        "{found}"
    );
    let found = error(&engine, "select * from self").await;
    assert!(found.contains("view staging.self reads itself"), "{found}");
}

#[tokio::test]
async fn what_belongs_to_the_workspace_is_read_only() {
    let scratch = shop(&[("marts/counted", "select count(*) as n from raw.assignments")]);
    let engine = scratch.open().await;
    engine.set("as_of", "2026-11-17").unwrap();
    for sql in [
        "insert into assignments select * from assignments",
        "insert into raw.assignments select * from raw.assignments",
        "insert into source.lines select * from source.lines",
    ] {
        let found = error(&engine, sql).await;
        assert!(
            found.contains("belongs to the workspace and is read-only"),
            "{sql}: {found}"
        );
    }
    for sql in [
        "drop view marts.counted",
        "drop table raw.assignments",
        "create table raw.assignments as select 1 as x",
        "create view marts.counted as select 1 as n",
    ] {
        error(&engine, sql).await;
    }
    assert_eq!(rows(&engine, "select n from counted").await, ["3"]);
    assert_eq!(
        scratch.names("."),
        ["aftersight.toml", "assignments.csv", "sql"]
    );
}
