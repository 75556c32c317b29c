//! Reports through the real program: published whole or not at all, the same bytes from the same inputs.

use std::collections::BTreeMap;
use std::path::Path;

use crate::support::Scratch;

/// A sample workspace with its weekly report, small so that it takes a moment.
fn demo() -> Scratch {
    let scratch = Scratch::new();
    let ran = scratch.run(&["demo", "shop", "--orders", "1500"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let page = "shop/dist/weekly-after-sales/2026-11-16/index.html";
    assert!(ran.stdout.contains(page), "{ran:?}");
    scratch
}

const PUBLISHED: &str = "shop/dist/weekly-after-sales/2026-11-16";

/// Every file below a folder with its bytes, but for what is outside the promise.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|name| name != "run.json") {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                found.insert(name, std::fs::read(path).unwrap());
            }
        }
    }
    found
}

#[test]
fn the_demo_publishes_a_page_and_its_data_and_the_same_bytes_again() {
    let scratch = demo();
    let first = files(&scratch.path(PUBLISHED));
    for name in [
        "index.html",
        "index.zh.html",
        "manifest.json",
        "report.json",
        "csv/kpis.csv",
        "parquet/segments.parquet",
    ] {
        assert!(
            first.contains_key(name),
            "{name} is missing among {:?}",
            first.keys()
        );
    }
    let page = String::from_utf8(first["index.html"].clone()).unwrap();
    assert!(
        page.contains("Week 46, 9–15 November 2026"),
        "the page names its week"
    );
    assert!(page.len() < 250_000, "the page has {} bytes", page.len());

    let ran = scratch.run(&[
        "-w",
        "shop",
        "report",
        "run",
        "weekly-after-sales",
        "--threads",
        "1",
    ]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let second = files(&scratch.path(PUBLISHED));
    let differ: Vec<&String> = first
        .keys()
        .filter(|name| first.get(*name) != second.get(*name))
        .collect();
    assert!(
        differ.is_empty() && first.len() == second.len(),
        "{differ:?} changed with one thread instead of several"
    );
}

#[test]
fn a_report_of_whole_weeks_names_the_week_its_numbers_are_of() {
    let scratch = demo();
    let report = [
        "-w",
        "shop",
        "--as-of",
        "2026-11-12",
        "report",
        "run",
        "weekly-after-sales",
    ];
    let ran = scratch.run(&report);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let note = "as_of = 2026-11-09, since weekly-after-sales is of whole weeks and 2026-11-12 is within one";
    assert!(ran.stderr.contains(note), "{ran:?}");
    let page = scratch.read("shop/dist/weekly-after-sales/2026-11-09/index.html");
    assert!(
        page.contains("Week 45, 2–8 November 2026"),
        "the page names its week"
    );
    let sql = "select orders from return_rates_by_week where sold_week = date '2026-11-02'";
    let orders = scratch.run(&["-w", "shop", "-q", "--format", "csv", "-c", sql]);
    let orders = orders.stdout.lines().nth(1).unwrap_or_default().to_owned();
    assert!(page.contains(&format!("{orders} orders")), "{orders}");
    // A workspace that is no demo's stays as it is.
    scratch.write("mine/aftersight.toml", "version = 1\n");
    let ran = scratch.run(&["demo", "mine", "--orders", "10"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert_eq!(scratch.read("mine/aftersight.toml"), "version = 1\n");
    // The rows behind its cells are of the same day.
    let rows = [
        "-w",
        "shop",
        "--as-of",
        "2026-11-12",
        "rows",
        "weekly-after-sales",
        "reasons",
    ];
    let ran = scratch.run(&rows);
    assert!(ran.stderr.contains(note), "{ran:?}");
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

#[test]
fn what_a_report_prints_is_what_the_marts_say() {
    let scratch = demo();
    let json: serde_json::Value =
        serde_json::from_str(&scratch.read(&format!("{PUBLISHED}/report.json"))).unwrap();
    let asked = scratch.run(&[
        "-w",
        "shop",
        "-q",
        "--format",
        "json",
        "-c",
        "select customers, nps from segments order by kept_share desc, segment",
    ]);
    let marts: serde_json::Value = serde_json::from_str(&asked.stdout).unwrap();
    let text = json.to_string();
    let rows = marts.as_array().unwrap();
    assert!(rows.len() > 3, "{marts}");
    for row in rows {
        // Both are JSON of the same rows, so a number is written the same way.
        let customers = row["customers"].to_string();
        assert!(
            text.contains(&customers),
            "{customers} is not in report.json"
        );
    }
    let csv = scratch.read(&format!("{PUBLISHED}/csv/segments.csv"));
    assert_eq!(csv.lines().count(), rows.len() + 1, "{csv}");
    for (line, row) in csv.lines().skip(1).zip(rows) {
        let customers = line.split(',').nth(1).unwrap();
        assert_eq!(customers, row["customers"].to_string(), "{line}");
    }
}

/// A report of two queries, of which the second may fail.
fn with_own_report(second: &str) -> Scratch {
    let scratch = Scratch::with_workspace(
        "[settings]\nas_of = 2026-11-16\n[sources.lines]\nlocation = 'lines.csv'\n[tables.orders]\nfrom = 'lines'\n",
    );
    scratch.write(
        "lines.csv",
        "order_id,ordered_at\n1,2026-11-10 10:00:00\n2,2026-11-11 10:00:00\n",
    );
    scratch.write(
        "reports/own/report.md",
        "+++\nversion = 1\nname = \"own\"\ntitle = \"Own\"\nlang = [\"en\"]\nneeds = [\"orders\"]\n[outputs]\n\
         html = { lang = [\"en\"] }\ncsv = { queries = \"*\" }\n+++\n\n{{ b.text }}\n",
    );
    scratch.write(
        "reports/own/sql/a.sql",
        "select order_id from raw.orders order by order_id",
    );
    scratch.write("reports/own/sql/b.sql", second);
    scratch
}

#[test]
fn a_report_whose_query_fails_half_way_leaves_the_last_good_one() {
    let scratch = with_own_report("select concat(count(*), ' orders') as text from a");
    let ran = scratch.run(&["report", "run", "own"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let good = files(&scratch.path("dist/own"));
    assert!(String::from_utf8_lossy(&good["2026-11-16/index.html"]).contains("2 orders"));

    scratch.write(
        "reports/own/sql/b.sql",
        "select cast(1 / (count(*) - 2) as varchar) as text from a",
    );
    let ran = scratch.run(&["report", "run", "own"]);
    ran.check_says(1, "ivide by zero");
    assert_eq!(
        files(&scratch.path("dist/own")),
        good,
        "the last good report stays as it was"
    );

    scratch.write("reports/own/sql/b.sql", "select txet as text from a");
    scratch
        .run(&["report", "run", "own"])
        .check_says(1, "sql/b.sql:1:8");
    assert_eq!(files(&scratch.path("dist/own")), good);
}

#[test]
fn a_report_without_its_table_says_which_and_that_data_is_missing() {
    let scratch = with_own_report("select 'x' as text");
    let report = scratch
        .read("reports/own/report.md")
        .replace("needs = [\"orders\"]", "needs = [\"returns\"]");
    scratch.write("reports/own/report.md", report);
    scratch
        .run(&["report", "run", "own"])
        .check_says(5, "needs the table `returns`");
}

#[test]
fn mistakes_in_a_report_are_located_and_answered() {
    let scratch = with_own_report("select 'x' as text");
    scratch
        .run(&["report", "run", "onw"])
        .check_says(2, "did you mean `own`?");
    scratch
        .run(&["report", "run", "own", "--param", "min=3"])
        .check_says(2, "no parameter `min`");
    scratch
        .run(&["report", "run", "own", "--lang", "fr"])
        .check_says(2, "one of: en, zh");
    let report = scratch
        .read("reports/own/report.md")
        .replace("title =", "tilte =");
    scratch.write("reports/own/report.md", report);
    let ran = scratch.run(&["report", "run", "own"]);
    ran.check_says(2, "report.md:4:1");
    ran.check_says(2, "title");
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let scratch = with_own_report("select 'x' as text");
    scratch.write("taken", "a file");
    let ran = scratch.run(&["report", "run", "own", "--out", "taken"]);
    ran.check_says(1, "taken");
    assert_eq!(scratch.read("taken"), "a file");
}

#[test]
fn the_list_of_reports_is_the_folder_and_its_rows_have_an_order() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("sql/reports");
    for (name, listed) in aftersight_report::builtin::REPORTS {
        let mut paths: Vec<String> = listed.iter().map(|(path, _)| (*path).to_owned()).collect();
        paths.sort();
        let found: Vec<String> = files(&root.join(name)).into_keys().collect();
        assert_eq!(paths, found, "report {name}");
        for (path, text) in listed.iter().filter(|(path, _)| path.ends_with(".sql")) {
            // Words and titles are one row; any other result is only the same twice in an order.
            let is_one_row = path.ends_with("_title.sql") || path.ends_with("lede.sql");
            let last = text.rsplit("\nfrom ").next().unwrap();
            assert!(
                is_one_row || last.contains("order by"),
                "{name}/{path} has no order"
            );
        }
    }
    let folders = std::fs::read_dir(&root).unwrap().count();
    assert_eq!(folders, aftersight_report::builtin::REPORTS.len());
}
