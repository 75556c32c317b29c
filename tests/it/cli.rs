//! The real program in a scratch folder: results, words and exit codes, compared whole.
//!
//! Exit codes are a contract with schedulers: 0 done, 1 a query, an input or an
//! output failed, 2 a flag or a file the user wrote is wrong, 5 data is missing.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use crate::support::Scratch;

const ORDERS: &str =
    "id,cust,at,total\n1,10,2026-11-01 10:00:00,12.50\n2,11,2026-11-02 11:00:00,7.25\n";

const WORKSPACE: &str = "\
[sources.lines]
location = \"orders.csv\"

[tables.orders]
from = \"lines\"
columns = { order_id = \"id\", customer_id = \"cust\", ordered_at = \"at\", gross_amount = \"total\" }
";

/// A shop of two orders.
fn shop() -> Scratch {
    let scratch = Scratch::with_workspace(WORKSPACE);
    scratch.write("orders.csv", ORDERS);
    scratch
}

/// The shop with one thing in its workspace file written differently.
fn shop_with(from: &str, to: &str) -> Scratch {
    assert!(WORKSPACE.contains(from), "{from}");
    let scratch = shop();
    scratch.write("aftersight.toml", WORKSPACE.replace(from, to));
    scratch
}

#[test]
fn a_query_prints_a_table() {
    let ran = shop().run(&[
        "-c",
        "select order_id, gross_amount from raw.orders order by 1",
    ]);
    let table = "\
order_id  gross_amount
────────────────────────
       1         12.50
       2          7.25
";
    ran.check(0, table, "");
}

#[test]
fn a_typo_in_the_toml_is_located() {
    shop_with("from = \"lines\"", "from = \"lines")
        .run(&["-c", "select 1"])
        .check_error(
            2,
            "error: aftersight.toml:5:14: not valid TOML: invalid basic string, expected `\"`\n",
        );
}

#[test]
fn an_unknown_key_names_the_nearest() {
    shop_with("from = ", "frm = ").run(&["-c", "select 1"]).check_error(
        2,
        "error: aftersight.toml:5:1: unknown key in [tables.orders] `frm`\n  help: did you mean `from`?\n",
    );
}

#[test]
fn a_value_of_the_wrong_type_says_both_types() {
    shop_with("\"orders.csv\"", "2026").run(&["-c", "select 1"]).check_error(
        2,
        "error: aftersight.toml:2:12: `sources.lines.location` takes a text, not the number 2026\n",
    );
}

#[test]
fn a_mapping_to_a_column_that_does_not_exist_names_the_nearest() {
    shop_with("\"total\"", "\"totl\"").run(&["-c", "select 1"]).check_error(
        2,
        "error: aftersight.toml:6:86: `gross_amount = totl`: there is no column `totl`\n  help: did you mean `total`?\n",
    );
}

#[test]
fn a_source_that_matches_no_file_is_missing_data() {
    for location in ["nowhere.csv", "nowhere/*.csv", "nowhere/"] {
        shop_with("orders.csv", location)
            .run(&["-c", "select 1"])
            .check_error(
                5,
                &format!(
                    "error: aftersight.toml:2:12: source 'lines' matches no file: {location}\n"
                ),
            );
    }
}

#[test]
fn an_empty_file_is_named() {
    let shop = shop();
    shop.write("orders.csv", "");
    shop.run(&["-c", "select 1"]).check_error(
        1,
        "error: aftersight.toml:2:12: source 'lines' cannot be read: DIR/orders.csv: the file is empty (0 bytes)\n",
    );
}

#[test]
fn a_truncated_parquet_file_is_named() {
    let shop = shop_with("orders.csv", "orders.parquet");
    shop.write("empty.toml", "version = 1\n");
    let made = shop.run(&[
        "-w",
        "empty.toml",
        "-c",
        "copy (select 1 as id) to 'orders.parquet'",
    ]);
    assert_eq!(made.code, Some(0), "{made:?}");
    let bytes = std::fs::read(shop.path("orders.parquet")).unwrap();
    shop.write("orders.parquet", &bytes[..bytes.len() / 2]);
    let ran = shop.run(&["-c", "select 1"]);
    ran.check_says(1, "error: aftersight.toml:2:12: source 'lines' cannot be read: DIR/orders.parquet: not a whole Parquet file, it may be truncated (");
}

#[test]
fn a_ragged_row_is_located_wherever_it_is() {
    let shop = shop();
    let late = |n: usize| {
        let good = "1,10,2026-11-01 10:00:00,12.50\n".repeat(n);
        format!("id,cust,at,total\n{good}3,12\n{good}")
    };
    // Within the rows whose types are guessed, first chunk of the file and later.
    for n in [1, 700] {
        shop.write("orders.csv", late(n));
        shop.run(&["-c", "select 1"]).check_error(
            1,
            &format!(
                "error: aftersight.toml:2:12: source 'lines' cannot be read: DIR/orders.csv: line {} has 2 fields instead of 4\n",
                n + 2
            ),
        );
    }
    // Found while a query runs, and by `copy`.
    shop.write("orders.csv", late(5000));
    for sql in [
        "select sum(gross_amount) from raw.orders",
        "copy (select gross_amount from raw.orders) to 'amounts.parquet'",
    ] {
        shop.run(&["-c", sql]).check_error(
            1,
            "error: source 'lines' cannot be read: DIR/orders.csv: line 5002 has 2 fields instead of 4\n",
        );
    }
    assert_eq!(shop.names("."), ["aftersight.toml", "orders.csv"]);
}

#[test]
fn a_value_that_does_not_fit_the_guessed_type_is_located() {
    let shop = shop();
    let good = "1,10,2026-11-01 10:00:00,12.50\n".repeat(1200);
    shop.write(
        "orders.csv",
        format!("id,cust,at,total\n{good}x1,10,2026-11-01 10:00:00,1\n"),
    );
    shop.run(&["-c", "select sum(order_id) from raw.orders"]).check_error(
        1,
        "error: source 'lines' cannot be read: DIR/orders.csv: line 1202: Error while parsing value 'x1' as type 'Int64' for column 0; say its type under `columns` of the source\n",
    );
}

#[test]
fn ids_of_two_types_are_refused_with_both_places() {
    let shop = shop();
    shop.write("customers.csv", "customer_id,region\nC10,east\n");
    let more = "\n[sources.people]\nlocation = \"customers.csv\"\n\n[tables.customers]\nfrom = \"people\"\n";
    shop.write("aftersight.toml", format!("{WORKSPACE}{more}"));
    shop.run(&["-c", "select 1"]).check_error(
        2,
        "error: aftersight.toml:6:44: orders.customer_id is integer and customers.customer_id is text: the same id needs one type\n  help: cast one of them in its mapping\n",
    );
}

#[test]
fn unknown_names_in_sql_are_marked_and_answered() {
    let shop = shop();
    let check = |sql: &str, stderr: &str| shop.run(&["-c", sql]).check_error(1, stderr);
    check(
        "select order_id from ordrs",
        "error: there is no table `ordrs`\n  1 | select order_id from ordrs\n    |                      ^^^^^\n  help: did you mean `orders`?\n",
    );
    check(
        "select ordr_id from raw.orders",
        "error: there is no column `ordr_id`\n  1 | select ordr_id from raw.orders\n    |        ^^^^^^^\n  help: did you mean `order_id`?\n",
    );
    check(
        "select npss(order_id) from raw.orders",
        "error: there is no function `npss`\n  1 | select npss(order_id) from raw.orders\n    |        ^^^^\n  help: did you mean `nps`?\n",
    );
    check(
        "select $asof",
        "error: there is no setting or parameter `$asof` (did you mean `as_of`?)\n  1 | select $asof\n    |        ^^^^^\n",
    );
    check(
        "select 1 +",
        "error: Expected: an expression, found: EOF\n  1 | select 1 +\n    |           ^\n",
    );
    check(
        "select * from 'nowhere.csv'",
        "error: there is no file 'nowhere.csv'\n  1 | select * from 'nowhere.csv'\n    |                ^^^^^^^^^^^\n",
    );
}

#[test]
fn an_error_in_a_file_names_file_line_and_column() {
    let shop = shop();
    shop.write(
        "ask.sql",
        "select 1 as one;\n\nselect ordr_id\nfrom raw.orders;\nselect 3;\n",
    );
    // What ran before the error stands.
    shop.run(&["-f", "ask.sql"]).check(
        1,
        "one\n─────\n  1\n",
        "error: there is no column `ordr_id`\n  --> ask.sql:3:8\n  3 | select ordr_id\n    |        ^^^^^^^\n  help: did you mean `order_id`?\n",
    );
    shop.run(&["-f", "nowhere.sql"]).check_error(
        1,
        "error: cannot read nowhere.sql: No such file or directory (os error 2)\n",
    );
}

#[test]
fn an_error_in_a_view_is_shown_in_the_view() {
    let shop = shop();
    shop.write(
        "sql/marts/wrong.sql",
        "-- Which orders?\n--\n-- grain: id\n--\n-- id  order\n\nselect ordr_id as id\nfrom raw.orders\n",
    );
    shop.run(&["-c", "select count(*) from wrong"]).check_error(
        1,
        "error: there is no column `ordr_id`\n  --> view marts.wrong:7:8\n  7 | select ordr_id as id\n    |        ^^^^^^^\n  help: did you mean `order_id`?\n",
    );
    shop.write("sql/marts/wrong.sql", "select 1");
    shop.run(&["-c", "select 1"])
        .check_says(2, "error: view marts.wrong: the header needs a question");
}

#[test]
fn outputs_that_cannot_be_written_say_so() {
    let shop = shop();
    shop.run(&["-c", "select 1", "-o", "nowhere/a.csv"])
        .check_error(
            1,
            "error: cannot write nowhere/a.csv: No such file or directory (os error 2)\n",
        );
    shop.write("folder/file", "");
    shop.run(&["-c", "select 1", "--format", "csv", "-o", "folder"])
        .check_error(1, "error: cannot write folder: it is a folder\n");
    shop.run(&["-c", "select 1", "-o", "a.unknown"]).check_error(
        2,
        "error: a.unknown does not tell a format\n  help: name one with --format, or end the file in .csv, .parquet, ...\n",
    );
    // A file stands where a folder would have to be.
    shop.run(&["-c", "copy (select 1 as a) to 'folder/file/a.csv'"])
        .check_says(1, "error: cannot write folder/file/a.csv: ");
}

#[cfg(unix)]
#[test]
fn devices_are_written_to_and_links_followed() {
    use std::os::unix::fs::FileTypeExt;
    let shop = shop();
    let ran = shop.run(&[
        "-c",
        "select 1 as a",
        "--format",
        "csv",
        "-o",
        "/dev/stdout",
    ]);
    assert!(ran.stdout.contains("a\n1\n"), "{ran:?}");
    let null = || std::fs::metadata("/dev/null").unwrap().file_type();
    if null().is_char_device() {
        shop.run(&["-c", "select 1 as a", "--format", "csv", "-o", "/dev/null"]);
        let refused = shop.run(&["-c", "copy (select 1 as a) to '/dev/null' stored as csv"]);
        refused.check_says(1, "/dev/null is a device or a pipe");
        assert!(null().is_char_device());
    }
    shop.write("real.csv", "old\n");
    std::os::unix::fs::symlink(shop.path("real.csv"), shop.path("link.csv")).unwrap();
    shop.run(&["-c", "select 1 as a", "-o", "link.csv"]);
    assert_eq!(shop.read("real.csv"), "a\n1\n");
    assert!(
        std::fs::symlink_metadata(shop.path("link.csv"))
            .unwrap()
            .is_symlink()
    );
}

#[test]
fn a_failing_query_leaves_the_last_good_file() {
    let shop = shop();
    shop.write("a.csv", "good\n");
    // The first batches are written before the division fails.
    let sql = "select 1 / (value - 900000) as x from generate_series(1, 1000000)";
    shop.run(&["-c", sql, "-o", "a.csv"])
        .check_says(1, "Divide by zero");
    assert_eq!(shop.read("a.csv"), "good\n");
    assert_eq!(shop.names("."), ["a.csv", "aftersight.toml", "orders.csv"]);
}

#[test]
fn settings_on_the_command_line_are_checked() {
    let shop = shop();
    let check = |args: &[&str], stderr: &str| {
        let args: Vec<&str> = args.iter().copied().chain(["-c", "select 1"]).collect();
        shop.run(&args).check_error(2, stderr);
    };
    check(
        &["--set", "asof=2026-01-01"],
        "error: there is no setting `asof`\n  help: did you mean `as_of`?\n",
    );
    check(
        &["--set", "as_of=2026-13-01"],
        "error: `as_of` takes a date like 2026-11-16, not '2026-13-01'\n",
    );
    check(
        &["--set", "as_of"],
        "error: --set takes NAME=VALUE, not 'as_of'\n",
    );
    check(
        &["--set", "time_zone=UTC"],
        "error: `time_zone` is fixed by the workspace file\n  help: change `time_zone` under [workspace]\n",
    );
    check(
        &["--as-of", "yesterday"],
        "error: `as_of` takes a date like 2026-11-16, not 'yesterday'\n",
    );
    check(
        &["-w", "nowhere.toml"],
        "error: cannot read nowhere.toml: No such file or directory (os error 2)\n",
    );
    shop.run(&["--format", "xls"])
        .check_says(2, "[possible values: table, csv,");
}

#[test]
fn settings_come_from_file_flag_and_set() {
    let shop = shop();
    shop.write(
        "aftersight.toml",
        format!("{WORKSPACE}\n[settings]\nas_of = 2026-11-09\n"),
    );
    let sql = "select $as_of as day";
    let csv = |args: &[&str], stdout: &str| {
        let args: Vec<&str> = args
            .iter()
            .copied()
            .chain(["-q", "--format", "csv"])
            .collect();
        shop.run(&args).check(0, stdout, "");
    };
    csv(&["-c", sql], "day\n2026-11-09\n");
    csv(&["-c", sql, "--as-of", "2026-11-16"], "day\n2026-11-16\n");
    csv(
        &["-c", sql, "--set", "as_of=2026-11-23"],
        "day\n2026-11-23\n",
    );
    csv(
        &[
            "-c",
            "set as_of = date '2026-11-30'",
            "-c",
            sql,
            "-c",
            "reset as_of",
            "-c",
            sql,
        ],
        "day\n2026-11-30\nday\n2026-11-09\n",
    );
}

#[test]
fn the_assumed_report_day_is_said_once() {
    let ran = shop().run(&[
        "--format",
        "csv",
        "-c",
        "select 1 as x; select $as_of is null as x; select $as_of_at is null as x",
    ]);
    assert_eq!(ran.stdout, "x\n1\nx\nfalse\nx\nfalse\n");
    assert!(ran.stderr.starts_with("as_of = 20"), "{ran:?}");
    assert!(
        ran.stderr
            .ends_with(", the end of the last complete period\n"),
        "{ran:?}"
    );
    assert_eq!(ran.stderr.lines().count(), 1, "{ran:?}");
}

/// One row of every difficulty, and what every format makes of it.
const HARD: &str = "select * from (values (1, 'a,b', 2.50, true), (2, 'say \"x\" | y', null, false), (3, null, -0.75, null)) as t(n, s, m, b) order by n";

#[test]
fn formats_hold_the_same_table() {
    let shop = shop();
    let args = |format: &'static str| ["-q", "-c", HARD, "--format", format];
    let csv = "n,s,m,b\n1,\"a,b\",2.5,true\n2,\"say \"\"x\"\" | y\",,false\n3,,-0.75,\n";
    shop.run(&args("csv")).check(0, csv, "");
    let markdown = "| n | s | m | b |\n| ---: | --- | ---: | --- |\n| 1 | a,b | 2.5 | true |\n| 2 | say \"x\" \\| y |  | false |\n| 3 |  | -0.75 |  |\n";
    shop.run(&args("markdown")).check(0, markdown, "");
    let html = shop.run(&args("html"));
    assert!(
        html.stdout
            .contains("<td>say &quot;x&quot; | y</td><td></td>"),
        "{html:?}"
    );

    // Machine formats are read back by path and give the same table again.
    for (format, file) in [
        ("csv", "t.csv"),
        ("tsv", "t.tsv"),
        ("json", "t.json"),
        ("ndjson", "t.ndjson"),
        ("parquet", "t.parquet"),
    ] {
        let written = shop.run(&["-c", HARD, "-o", file]);
        written.check(0, "", &format!("3 rows written to {file}\n"));
        let back = format!("select n, s, m, b from '{file}' order by n");
        shop.run(&["-q", "-c", &back, "--format", "csv"])
            .check(0, csv, "");
        // Standard output holds the same bytes as the file.
        let out = shop.command().args(args(format)).output().unwrap();
        assert!(
            out.stdout == std::fs::read(shop.path(file)).unwrap(),
            "{format}"
        );
    }
}

#[test]
fn results_of_no_rows_have_their_columns() {
    let shop = shop();
    let sql = "select order_id, gross_amount from raw.orders where false";
    let check = |format: &str, stdout: &str| {
        shop.run(&["-q", "-c", sql, "--format", format])
            .check(0, stdout, "");
    };
    check("csv", "order_id,gross_amount\n");
    check("json", "[]\n");
    check("ndjson", "");
    check("markdown", "| order_id | gross_amount |\n| ---: | ---: |\n");
    check(
        "table",
        "order_id  gross_amount\n────────────────────────\n",
    );
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let shop = shop();
    for format in ["csv", "ndjson", "markdown", "table"] {
        let mut command = shop.command();
        command.args([
            "-c",
            "select * from generate_series(1, 200000)",
            "--format",
            format,
        ]);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        drop(stdout);
        let mut stderr = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut stderr)
            .unwrap();
        assert_eq!(
            (child.wait().unwrap().code(), stderr.as_str()),
            (Some(0), ""),
            "{format}"
        );
    }
}

#[test]
fn scripts_come_from_standard_input() {
    let shop = shop();
    let ran = shop.run_with_input(&["--format", "csv"], "select 1 as a;\nselect 2 as b\n");
    ran.check(0, "a\n1\nb\n2\n", "");
    shop.run_with_input(&[], "").check(0, "", "");
    let ran = shop.run_with_input(&[], "select 1 as a;\nselct 2");
    ran.check_error(
        1,
        "error: Expected: an SQL statement, found: selct\n  2 | selct 2\n    | ^\n",
    );
}

#[test]
fn lists_document_everything_and_find_the_nearest() {
    let shop = shop();
    shop.write(
        "sql/marts/daily.sql",
        "-- How many orders a day?\n--\n-- grain: day\n--\n-- day  the day\n-- n    orders\n\nselect cast(ordered_at as date) as day, count(*) as n from orders group by 1\n",
    );
    let views = shop.run(&["views"]);
    assert!(views.stdout.contains("marts.daily"), "{views:?}");
    assert!(views.stdout.contains("How many orders a day?"), "{views:?}");
    let view = shop.run(&["views", "daily"]);
    assert_eq!(
        (view.code, view.stdout),
        (
            Some(0),
            format!(
                "marts.daily\nfile: sql/marts/daily.sql\nreads: orders, fx_rates\nnot mapped: fx_rates\n\n{}",
                shop.read("sql/marts/daily.sql")
            )
        )
    );
    shop.run(&["views", "daly"])
        .check_says(2, "error: there is no view `daly`\n");

    let functions = shop.run(&["functions"]).stdout;
    for function in aftersight_functions::functions() {
        assert!(
            functions.contains(&format!("  {}(", function.name())),
            "{}",
            function.name()
        );
        let one = shop.run(&["functions", function.name()]);
        assert_eq!(one.code, Some(0), "{one:?}");
        assert!(one.stdout.contains("```sql\n"), "{one:?}");
    }
    shop.run(&["functions", "npss"]).check_error(
        2,
        "error: there is no after-sales function `npss`\n  help: did you mean `nps`?\n",
    );

    let setting = shop.run(&["settings", "rfm_bins", "--set", "rfm_bins=4"]);
    setting.check(
        0,
        "rfm_bins = 4  (integer, default 5)\n    scores per RFM dimension\n",
        "",
    );
    shop.run(&["settings", "rfm_bin"]).check_error(
        2,
        "error: there is no setting `rfm_bin`\n  help: did you mean `rfm_bins`?\n",
    );
}

#[test]
fn tables_of_the_workspace_are_read_only() {
    let shop = shop();
    let ran = shop.run(&["-c", "insert into raw.orders select * from raw.orders"]);
    ran.check_error(1, "error: orders belongs to the workspace and is read-only; write results with copy (...) to 'file.parquet'\n");
    assert_eq!(shop.read("orders.csv"), ORDERS);
    let own =
        "create table t as select 1 as x; insert into t values (2); select sum(x) as x from t";
    let ran = shop.run(&["-q", "-c", own, "-o", "sum.csv"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(shop.read("sum.csv"), "x\n3\n");
}

#[test]
fn the_users_own_views_are_tested_against_header_grain_and_examples() {
    let shop = shop();
    shop.write(
        "sql/marts/sizes.sql",
        "-- What is there?\n--\n-- grain: size\n--\n-- size  s\n\nselect 1 as size",
    );
    shop.write(
        "sql/marts/sizes.slt",
        "query I\nselect size from sizes\n----\n2\n",
    );
    let ran = shop.run(&["views", "--test"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stdout.contains("marts.sizes  FAILED\n"), "{ran:?}");
    assert!(ran.stdout.contains("[Diff]"), "{ran:?}");
    shop.run(&["views", "--test", "--update"])
        .check(0, "marts.sizes  ok\n", "");
    assert!(shop.read("sql/marts/sizes.slt").ends_with("----\n1\n"));
    shop.run(&["views", "--test", "sizes"])
        .check(0, "marts.sizes  ok\n", "");
    // A key that is not one.
    let twice = shop.read("sql/marts/sizes.sql") + " union all select 1";
    shop.write("sql/marts/sizes.sql", twice);
    let ran = shop.run(&["views", "--test"]);
    assert!(
        ran.stdout
            .contains("grain: 1 values of (size) are NULL or stand in several rows"),
        "{ran:?}"
    );
}

#[test]
fn a_wrong_header_is_refused_with_the_difference() {
    let shop = shop();
    let header = "-- What is there?\n--\n-- grain: a\n--\n-- a  one\n-- b  two\n\n";
    let check = |query: &str, difference: &str| {
        shop.write("sql/marts/sizes.sql", format!("{header}{query}"));
        shop.run(&["-c", "select * from sizes"])
            .check_says(1, difference);
    };
    check(
        "select 1 as a, 2 as c",
        "the header is wrong: the query returns c, which the header lacks; the header promises b, which the query does not return",
    );
    check(
        "select 1 as b, 2 as a",
        "the header is wrong: column 1 is b in the query and a in the header",
    );
}

#[test]
fn the_rows_behind_a_cell_are_found_by_the_header() {
    let shop = shop();
    let header = "-- What is there?\n--\n-- grain: parity\n-- rows: intermediate.numbers on rows.n % 2 = cell.parity\n--\n-- parity  p\n-- n       n\n\n";
    shop.write(
        "sql/marts/parities.sql",
        format!(
            "{header}select n % 2 as parity, count(*) as n from intermediate.numbers group by n % 2"
        ),
    );
    shop.write(
        "sql/intermediate/numbers.sql",
        "-- Numbers.\n--\n-- grain: n\n--\n-- n  n\n\nselect unnest([1, 2, 3]) as n",
    );
    let rows = |args: &[&str]| {
        let args: Vec<&str> = ["--format", "csv", "rows"]
            .iter()
            .chain(args)
            .copied()
            .collect();
        shop.run(&args)
    };
    rows(&["parities", "parity=0"]).check(0, "n\n2\n", "");
    rows(&["parities", "parity=1"]).check(0, "n\n1\n3\n", "");
    rows(&["parities", "pairity=1"]).check_error(
        2,
        "error: marts.parities has no column `pairity`\n  help: did you mean `parity`?\n",
    );
    rows(&["intermediate.numbers"]).check_says(
        2,
        "intermediate.numbers does not say which rows it is made of",
    );
}
