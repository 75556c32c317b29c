//! What is wrong in the workspace file and in the files of its sources, and where.

use super::{WORKSPACE, shop, shop_with};

#[test]
fn a_typo_in_the_toml_is_located() {
    shop_with("from = \"lines\"", "from = \"lines").check_refused(
        "error: aftersight.toml:5:14: not valid TOML: invalid basic string, expected `\"`\n",
    );
}

#[test]
fn an_unknown_key_names_the_nearest() {
    shop_with("from = ", "frm = ").check_refused(
        "error: aftersight.toml:5:1: unknown key in [tables.orders] `frm`\n  help: did you mean `from`?\n",
    );
}

#[test]
fn a_value_of_the_wrong_type_says_both_types() {
    shop_with("\"orders.csv\"", "2026").check_refused(
        "error: aftersight.toml:2:12: `sources.lines.location` takes a text, not the number 2026\n",
    );
}

#[test]
fn a_mapping_to_a_column_that_does_not_exist_names_the_nearest() {
    shop_with("\"total\"", "\"totl\"").check_refused(
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
    shop.check_refused(
        "error: aftersight.toml:6:44: orders.customer_id is integer and customers.customer_id is text: the same id needs one type\n  help: cast one of them in its mapping\n",
    );
}
