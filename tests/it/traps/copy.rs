//! `copy ... to`: whole or not at all, and NULL stays NULL.

use crate::support::{Scratch, error, rows, script};

/// Fails after the first 900,000 rows have been handed to the writer.
const FAILS_LATE: &str = "select 1 / (value - 900000) as x from generate_series(1, 1000000)";

#[tokio::test]
async fn a_failing_copy_keeps_the_good_file() {
    let scratch = Scratch::new();
    let engine = scratch.open().await;
    for name in ["good.parquet", "good.csv", "good.json"] {
        let file = scratch.path(name);
        let file = file.display();
        rows(&engine, &format!("copy (select 7 as x) to '{file}'")).await;
        let good = std::fs::read(scratch.path(name)).unwrap();
        let failed = error(&engine, &format!("copy ({FAILS_LATE}) to '{file}'")).await;
        assert!(failed.contains("Divide by zero"), "{failed}");
        assert!(std::fs::read(scratch.path(name)).unwrap() == good, "{name}");
    }
    // Where there was none there is none now, and nothing is left behind.
    let file = scratch.path("new.parquet");
    error(
        &engine,
        &format!("copy ({FAILS_LATE}) to '{}'", file.display()),
    )
    .await;
    let folder = scratch.path("new/");
    let sql = format!(
        "copy ({FAILS_LATE}) to '{}' stored as parquet",
        folder.display()
    );
    error(&engine, &sql).await;
    assert_eq!(
        scratch.names("."),
        ["aftersight.toml", "good.csv", "good.json", "good.parquet"]
    );
}

#[tokio::test]
async fn a_folder_that_holds_files_is_refused() {
    let scratch = Scratch::new();
    scratch.write("out/yesterday.parquet", "x");
    let engine = scratch.open().await;
    let out = scratch.path("out/");
    let sql = format!(
        "copy (select 1 as x) to '{}' stored as parquet",
        out.display()
    );
    let refused = error(&engine, &sql).await;
    assert!(
        refused.contains("holds files already, and copy would add to them"),
        "{refused}"
    );
    assert_eq!(scratch.names("out"), ["yesterday.parquet"]);
    std::fs::remove_file(scratch.path("out/yesterday.parquet")).unwrap();
    rows(&engine, &sql).await;
    assert_eq!(scratch.names("out").len(), 1);
}

#[tokio::test]
async fn null_partition_values_come_back_as_null() {
    let scratch = Scratch::new();
    let engine = scratch.open().await;
    let out = scratch.path("out/");
    let table = "select * from (values \
        (1, 'de', 10, date '2026-11-01'), \
        (2, cast(null as varchar), 11, date '2026-11-02'), \
        (3, 'fr', cast(null as int), date '2026-11-01'), \
        (4, 'fr', 12, cast(null as date))) as t(n, country, k, day)";
    let sql = format!(
        "copy ({table}) to '{}' stored as parquet partitioned by (country, k, day)",
        out.display()
    );
    rows(&engine, &sql).await;
    scratch.write("aftersight.toml", "[sources.back]\nlocation = 'out/'\n");
    let again = scratch.open().await;
    let expected = script(&engine, &format!("{table} order by n")).await;
    let sql = "select n, country, k, day from back order by n";
    assert_eq!(rows(&again, sql).await, expected);
    assert_eq!(expected[1], "2 - 11 2026-11-02");
}

#[tokio::test]
async fn copy_replaces_a_file_and_counts_rows() {
    let scratch = Scratch::new();
    scratch.write("a.csv", "old");
    let engine = scratch.open().await;
    let file = scratch.path("a.csv");
    rows(
        &engine,
        &format!(
            "copy (select 1 as x union all select 2) to '{}'",
            file.display()
        ),
    )
    .await;
    assert_eq!(scratch.read("a.csv").lines().count(), 3);
    assert_eq!(scratch.names("."), ["a.csv", "aftersight.toml"]);
}
