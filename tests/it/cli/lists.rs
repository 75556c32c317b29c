//! The lists of views, functions and settings.

use super::shop;

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
