//! A user's own views: held to their headers and examples, and asked for the rows behind a cell.

use super::shop;

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

#[test]
fn an_error_of_types_names_the_view_it_is_in_and_not_its_reader() {
    let shop = shop();
    let header = "-- What is there?\n--\n-- grain: n\n--\n-- n  number\n\n";
    let wrong = "select n from (values (1)) as t (n) where n in (select true)";
    shop.write("sql/marts/wrong.sql", format!("{header}{wrong}"));
    shop.write(
        "sql/marts/reader.sql",
        format!("{header}select n from marts.wrong"),
    );
    shop.run(&["-c", "select * from reader"]).check_error(
        1,
        "error: expr type Int64 can't cast to Boolean in InSubquery\n  --> view marts.wrong\n",
    );
}
