//! Files as they are: seen when they change, read in every format, partitions typed, NULL kept.

use arrow::array::Int64Array;

use crate::support::{Scratch, column, error, rows, write_parquet};

const SOURCE: &str = "[sources.numbers]\nlocation = 'numbers/'\n";

fn numbers(scratch: &Scratch, file: &str, values: &[i64]) {
    let values = column(Int64Array::from(values.to_vec()));
    write_parquet(&scratch.path(file), vec![("n", values)], 1000);
}

#[tokio::test]
async fn files_added_and_replaced_are_seen_by_the_next_query() {
    let scratch = Scratch::with_workspace(SOURCE);
    numbers(&scratch, "numbers/a.parquet", &[1, 2, 3]);
    let engine = scratch.open().await;
    let sql = "select count(*), sum(n), max(n) from numbers";
    assert_eq!(rows(&engine, sql).await, ["3 6 3"]);
    numbers(&scratch, "numbers/b.parquet", &[10]);
    assert_eq!(rows(&engine, sql).await, ["4 16 10"]);
    // In place, same number of rows: an old footer would give the old maximum.
    numbers(&scratch, "numbers/a.parquet", &[7, 8, 90]);
    assert_eq!(rows(&engine, sql).await, ["4 115 90"]);
    numbers(&scratch, "numbers/a.parquet", &[5]);
    assert_eq!(rows(&engine, sql).await, ["2 15 10"]);
    std::fs::remove_file(scratch.path("numbers/b.parquet")).unwrap();
    assert_eq!(rows(&engine, sql).await, ["1 5 5"]);
}

#[tokio::test]
async fn files_that_are_gone_are_an_error_and_not_zero_rows() {
    let scratch = Scratch::with_workspace(SOURCE);
    numbers(&scratch, "numbers/a.parquet", &[1, 2, 3]);
    let engine = scratch.open().await;
    std::fs::remove_file(scratch.path("numbers/a.parquet")).unwrap();
    let said = error(&engine, "select count(*) from numbers").await;
    assert!(said.contains("source 'numbers' are gone"), "{said}");
    numbers(&scratch, "numbers/c.parquet", &[4]);
    assert_eq!(rows(&engine, "select sum(n) from numbers").await, ["4"]);
}

#[tokio::test]
async fn markers_and_temporary_files_are_no_data() {
    let scratch = Scratch::with_workspace(SOURCE);
    numbers(&scratch, "numbers/a.parquet", &[1]);
    scratch.write("numbers/_SUCCESS", "");
    scratch.write("numbers/.a.parquet.crc", "x");
    scratch.write("numbers/README.md", "numbers");
    let engine = scratch.open().await;
    assert_eq!(rows(&engine, "select count(*) from numbers").await, ["1"]);
}

#[tokio::test]
async fn partitions_are_typed_by_their_values_or_as_declared() {
    let toml = format!("{SOURCE}partitions = {{ code = 'text', month = 'date' }}\n");
    let scratch = Scratch::with_workspace(&toml);
    for (month, code, shop) in [
        ("2026-09-01", "01", "9"),
        ("2026-10-01", "1", "10"),
        ("2026-11-01", "02", "11"),
    ] {
        let file = format!("numbers/month={month}/code={code}/shop={shop}/a.parquet");
        numbers(&scratch, &file, &[1]);
    }
    let engine = scratch.open().await;
    let types =
        "select arrow_typeof(month), arrow_typeof(code), arrow_typeof(shop) from numbers limit 1";
    assert_eq!(rows(&engine, types).await, ["Date32 Utf8 Int64"]);
    // As texts, 9 would be more than 10, and '01' the same number as '1'.
    let sql = "select max(shop), count(distinct code), max(month) from numbers";
    assert_eq!(rows(&engine, sql).await, ["11 3 2026-11-01"]);
    let sql = "select shop from numbers where month >= date '2026-10-01' and code = '02'";
    assert_eq!(rows(&engine, sql).await, ["11"]);
}

#[tokio::test]
async fn null_partitions_are_read_as_null_of_their_type() {
    let scratch = Scratch::with_workspace(SOURCE);
    for (file, n) in [
        ("numbers/region=east/k=1/day=2026-11-01/a.parquet", 1),
        (
            "numbers/region=__HIVE_DEFAULT_PARTITION__/k=2/day=2026-11-02/a.parquet",
            2,
        ),
        (
            "numbers/region=west/k=__HIVE_DEFAULT_PARTITION__/day=__HIVE_DEFAULT_PARTITION__/a.parquet",
            3,
        ),
    ] {
        numbers(&scratch, file, &[n]);
    }
    let engine = scratch.open().await;
    let sql = "select n, region, k, day from numbers order by n";
    assert_eq!(
        rows(&engine, sql).await,
        ["1 east 1 2026-11-01", "2 - 2 2026-11-02", "3 west - -"]
    );
    assert_eq!(
        rows(&engine, "select n from numbers where region is null").await,
        ["2"]
    );
    assert_eq!(
        rows(&engine, "select n from numbers where k is null").await,
        ["3"]
    );
    assert_eq!(
        rows(&engine, "select n from numbers where k >= 2").await,
        ["2"]
    );
    let sql = "select n from numbers where day = date '2026-11-01'";
    assert_eq!(rows(&engine, sql).await, ["1"]);
}

#[tokio::test]
async fn every_format_holds_the_same_rows() {
    let scratch = Scratch::new();
    scratch.write("a.csv", "n,s\n1,x\n2,\"y, z\"\n");
    scratch.write("a.tsv", "n\ts\n1\tx\n2\ty, z\n");
    scratch.write(
        "a.ndjson",
        "{\"n\":1,\"s\":\"x\"}\n{\"n\":2,\"s\":\"y, z\"}\n",
    );
    scratch.write(
        "a.json",
        " [{\"n\":1,\"s\":\"x\"},\n {\"n\":2,\"s\":\"y, z\"}]\n",
    );
    scratch.write("semicolon.data", "n;s\n1;x\n2;y, z\n");
    scratch.write("bare.csv", "1,x\n2,\"y, z\"\n");
    scratch.write("many/1.csv", "n,s\n1,x\n");
    scratch.write("many/2.csv", "n,s\n2,\"y, z\"\n");
    scratch.write("many/other.txt", "no data\n");
    scratch.write(
        "aftersight.toml",
        "\
[sources]
comma = { location = 'a.csv' }
tab = { location = 'a.tsv' }
lines = { location = 'a.ndjson' }
array = { location = 'a.json' }
semicolon = { location = 'semicolon.data', format = 'csv', delimiter = ';' }
folder = { location = 'many' }
glob = { location = 'many/[12].csv' }
list = { location = ['many/1.csv', 'many/2.csv'] }
",
    );
    let engine = scratch.open().await;
    let expected = ["1 x", "2 y, z"];
    let sources: Vec<String> = engine.sources().keys().cloned().collect();
    assert_eq!(sources.len(), 8);
    for source in sources {
        let sql = format!("select n, s from {source} order by n");
        assert_eq!(rows(&engine, &sql).await, expected, "{source}");
    }
    // Compressed and binary ones are made by copy.
    for (file, options) in [
        (
            "b.csv.gz",
            "stored as csv options (format.compression gzip)",
        ),
        (
            "b.ndjson.zst",
            "stored as json options (format.compression zstd)",
        ),
        ("b.parquet", ""),
    ] {
        let path = scratch.path(file);
        let path = path.display();
        rows(
            &engine,
            &format!("copy (select n, s from comma) to '{path}' {options}"),
        )
        .await;
        let name = file.split_once('.').unwrap().1.replace('.', "_");
        let more = format!("[sources]\n{name} = {{ location = '{file}' }}\n");
        scratch.write("aftersight.toml", more);
        let again = scratch.open().await;
        let sql = format!("select n, s from {name} order by n");
        assert_eq!(rows(&again, &sql).await, expected, "{file}");
    }
    scratch.write(
        "aftersight.toml",
        "[sources]\nbare = { location = 'bare.csv', has_header = false }\n",
    );
    let sql = "select column_1, column_2 from bare order by 1";
    assert_eq!(rows(&scratch.open().await, sql).await, expected);
}

#[tokio::test]
async fn declared_types_keep_what_guessing_would_lose() {
    let scratch = Scratch::with_workspace(
        "[sources.a]\nlocation = 'a.csv'\ncolumns = { zip = 'text', price = 'decimal(9,3)' }\n",
    );
    scratch.write("a.csv", "zip,price\n01234,0.1\n98765,0.2\n");
    let engine = scratch.open().await;
    let sql = "select min(zip), sum(price), arrow_typeof(sum(price)) from a";
    assert_eq!(rows(&engine, sql).await, ["01234 0.300 Decimal128(19, 3)"]);
}

#[tokio::test]
async fn a_column_that_came_later_is_null_before() {
    let scratch = Scratch::with_workspace(SOURCE);
    numbers(&scratch, "numbers/a.parquet", &[1]);
    let (n, m) = (
        column(Int64Array::from(vec![2])),
        column(Int64Array::from(vec![20])),
    );
    write_parquet(
        &scratch.path("numbers/b.parquet"),
        vec![("m", m), ("n", n)],
        10,
    );
    let engine = scratch.open().await;
    let sql = "select n, m from numbers order by n";
    assert_eq!(rows(&engine, sql).await, ["1 -", "2 20"]);
}

#[tokio::test]
async fn files_of_two_formats_are_refused() {
    let scratch = Scratch::with_workspace("[sources.a]\nlocation = 'a/'\n");
    scratch.write("a/1.csv", "n\n1\n");
    scratch.write("a/2.ndjson", "{\"n\":1}\n");
    assert_eq!(
        scratch.open_error().await,
        "DIR/aftersight.toml:2:12: source 'a': its files have different formats: .csv, .ndjson (format = \"parquet\", \"csv\" or \"json\")"
    );
    scratch.write(
        "aftersight.toml",
        "[sources.a]\nlocation = 'a/'\nformat = 'csv'\n",
    );
    assert_eq!(rows(&scratch.open().await, "select n from a").await, ["1"]);
}

#[tokio::test]
async fn files_are_tables_by_path_only_where_that_is_allowed() {
    let scratch = Scratch::new();
    numbers(&scratch, "some/day=2026-11-01/a.parquet", &[1, 2]);
    let closed = scratch.open().await;
    let path = scratch.path("some/");
    let sql = format!("select sum(n), max(day) from '{}'", path.display());
    assert!(error(&closed, &sql).await.contains("not found"));
    let open = aftersight_engine::Options {
        allow_files: true,
        ..Default::default()
    };
    let open = scratch.open_with(open).await;
    assert_eq!(rows(&open, &sql).await, ["3 2026-11-01"]);
}
