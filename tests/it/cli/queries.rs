//! Queries from flags, files and standard input, and the errors in them.

use super::{ORDERS, shop};
use crate::support::Scratch;

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
        "select sum(order_id = '1') from raw.orders",
        "error: 'sum' does not take (Boolean)\n  1 | select sum(order_id = '1') from raw.orders\n    |        ^^^\n  help: to count the rows for which a condition holds: count(*) filter (where ..)\n",
    );
    check(
        "select abs(date '2026-01-01')",
        "error: 'abs' does not take (Date32)\n  1 | select abs(date '2026-01-01')\n    |        ^^^\n  help: it is called as abs(Numeric(1))\n",
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
fn a_query_may_begin_with_a_comment() {
    let sql = "-- how many?\nselect 1 as n";
    let ran = shop().run(&["-q", "--format", "csv", "-c", sql]);
    ran.check(0, "n\n1\n", "");
}

#[test]
fn tables_of_no_workspace_are_said_to_have_no_rows() {
    let nowhere = Scratch::new();
    let ran = nowhere.run(&[
        "--format",
        "csv",
        "-c",
        "select count(*) as n from marts.segments",
    ]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (Some(0), "n\n0\n"),
        "{ran:?}"
    );
    assert!(
        ran.stderr.starts_with(
            "there is no aftersight.toml here, so segments has no rows; name a workspace with -w\n"
        ),
        "{ran:?}"
    );
    // Rules are there without one.
    let rules = "select count(*) > 0 as n from intermediate.reason_codes";
    let ran = nowhere.run(&["--format", "csv", "-c", rules]);
    ran.check(0, "n\ntrue\n", "");
    nowhere
        .run(&["--format", "csv", "-c", "select 1 as n"])
        .check(0, "n\n1\n", "");
}
