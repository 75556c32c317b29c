//! `aftersight reconcile`: totals that add up, and totals of finance that do not.

use aftersight_datagen::{Config, Shop, write_parquet};
use chrono::NaiveDate;

use crate::slt::root;
use crate::support::{Scratch, rows, shared};

const HEADER: &str = "shop_id,month,measure,amount,currency\n";

#[test]
fn what_is_left_out_makes_up_the_difference() {
    let shop = Scratch::with_tiny();
    let ran = shop.run(&["reconcile"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.stderr
            .contains("49 totals by shop, month and measure, 49 explained"),
        "{ran:?}"
    );
    let sales = ran.stdout.lines().find(|line| line.starts_with("sales"));
    // 3,860 of the files, 3,410 of data/README.md.
    let cells: Vec<&str> = sales
        .unwrap()
        .split("  ")
        .filter(|c| !c.is_empty())
        .collect();
    let cells: Vec<&str> = cells.iter().map(|c| c.trim()).collect();
    assert_eq!(
        cells,
        [
            "sales",
            "3860.00",
            "450.00",
            "after_report_day 150.00, cancelled 150.00, replacement 0.00, unpaid 150.00",
            "3410.00",
            "0.00"
        ]
    );
}

#[test]
fn finance_agrees_or_differs() {
    let shop = Scratch::with_tiny();
    let december = "home,2025-12,orders,1,\nhome,2025-12-01,sales,200.00,CNY\n";
    shop.write("finance.csv", format!("{HEADER}{december}"));
    let ran = shop.run(&["reconcile", "-q", "--finance", "finance.csv"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    // Finance counts the cancelled order; the rule is named. One cent is a cent.
    shop.write(
        "finance.csv",
        format!("{HEADER}home,2025-12,sales,350.01,CNY\nplaza,2025-11,refunds,50.00,CNY\n"),
    );
    let args = [
        "reconcile",
        "-q",
        "--format",
        "csv",
        "--finance",
        "finance.csv",
    ];
    let ran = shop.run(&args);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let line = |ran: &crate::support::Ran, start: &str| {
        let found = ran.stdout.lines().find(|line| line.starts_with(start));
        found.unwrap().to_owned()
    };
    assert_eq!(
        line(&ran, "home,2025-12-01,sales"),
        "home,2025-12-01,sales,500.0000,300.0000,\"cancelled 150.00, unpaid 150.00\",200.0000,0.0000,350.0100,150.0100,cancelled,true,true"
    );
    // A refund that is in nobody's books here.
    shop.write(
        "finance.csv",
        format!("{HEADER}plaza,2025-11,refunds,75.00,CNY\nhome,2026-02,orders,99,\n"),
    );
    let ran = shop.run(&args);
    ran.check_says(
        1,
        "error: 1 of 49 totals are not explained: refunds of plaza in 2025-11\n",
    );
    assert!(
        line(&ran, "plaza,2025-11-01,refunds").ends_with(",75.0000,25.0000,,true,false"),
        "{ran:?}"
    );
}

#[test]
fn a_finance_file_that_cannot_be_used_is_refused() {
    let shop = Scratch::with_tiny();
    let check = |rows: &str, stderr: &str| {
        shop.write("finance.csv", format!("{HEADER}{rows}"));
        let ran = shop.run(&["reconcile", "--finance", "finance.csv", "-o", "out.csv"]);
        ran.check_error(2, stderr);
        assert!(!shop.path("out.csv").exists());
    };
    check(
        "home,2025-12,sales,200.00,EUR\n",
        "error: finance.csv:2:27: the amount is in EUR, the workspace in CNY\n  help: finance totals are not converted: give them in the workspace's currency\n",
    );
    check(
        "home,2025-12,sale,200.00,CNY\n",
        "error: finance.csv:2:14: there is no measure `sale`\n  help: did you mean `sales`?\n",
    );
    check(
        "home,2025-12,orders,1,\nplaca,2025-12,sales,200.00,CNY\n",
        "error: finance.csv:3:1: there is no shop `placa`\n  help: did you mean `plaza`?\n",
    );
    check(
        "home,2025-12,sales,\"1,234.50\",CNY\n",
        "error: finance.csv:2:20: `amount` takes a number, not '1,234.50'\n",
    );
    check(
        "home,2025-12,sales,1.00,CNY\nhome,2025-12-01,sales,1.00,CNY\n",
        "error: finance.csv:3:1: (shop_id, month, measure) = (home, 2025-12-01, sales) stands here and in line 2\n  help: every key stands once\n",
    );
    shop.run(&["reconcile", "--finance", "nowhere.csv"])
        .check_says(2, "cannot read nowhere.csv");
    Scratch::new()
        .run(&["reconcile", "-q", "--as-of", "2026-01-01"])
        .check_error(
            5,
            "error: there are no orders, returns or refunds to reconcile\n",
        );
}

/// Sums of the mart against loops over the rows of the generator, copies and all.
#[tokio::test(flavor = "multi_thread")]
async fn the_made_up_shop_adds_up_by_a_second_route() {
    let as_of = NaiveDate::from_ymd_opt(2026, 11, 16).unwrap();
    let shop = Shop::generate(&Config::sized(as_of, 2_000));
    let scratch = Scratch::new();
    let mut toml = String::from(
        "version = 1\n[workspace]\ntime_zone = \"Asia/Shanghai\"\ncurrency = \"CNY\"\n\
         [settings]\nas_of = \"2026-11-16\"\n",
    );
    for (table, _) in shop.tables().row_counts() {
        let dedupe = ["orders", "order_items", "returns", "surveys"].contains(&table);
        toml += &format!(
            "[sources.{table}]\nlocation = \"data/{table}.parquet\"\n\
             [tables.{table}]\nfrom = \"{table}\"\ndedupe = {dedupe}\n"
        );
    }
    scratch.write("data/.keep", "");
    write_parquet(&shop, &scratch.path("data")).unwrap();
    scratch.write("aftersight.toml", toml);
    let engine = scratch.open().await;
    let tables = shop.tables();
    // Every row of the files is in a raw total, and nothing is left unexplained.
    let sql = "select measure, cast(sum(raw_total) as bigint), sum(unexplained_total) = 0, bool_and(is_explained) from reconciliation where measure in ('orders', 'returns') group by measure order by measure";
    let expected = [
        format!("orders {} true true", tables.orders.len()),
        format!("returns {} true true", tables.returns.len()),
    ];
    assert_eq!(rows(&engine, sql).await, expected);
    // The rules by the generator's own count.
    let dirt = shop.summary().dirt;
    let of = async |rule: &str, measure: &str| {
        let sql = format!(
            "select cast(coalesce(sum(total), 0) as bigint) from intermediate.excluded_totals where rule = '{rule}' and measure = '{measure}'"
        );
        rows(&engine, &sql).await.remove(0)
    };
    assert_eq!(
        of("copy", "orders").await,
        dirt.duplicate_orders.to_string()
    );
    assert_eq!(
        of("copy", "returns").await,
        dirt.duplicate_returns.to_string()
    );
    assert_eq!(
        of("orphan", "returns").await,
        dirt.orphan_returns.to_string()
    );
    let replacements = tables.orders.iter().filter(|o| o.is_replacement).count();
    assert_eq!(of("replacement", "orders").await, replacements.to_string());
    // What is reported is what the marts report.
    let pairs = [
        (
            "select sum(reported_total) from reconciliation where measure = 'sales'",
            "select cast(sum(sales_amount) as decimal(28, 4)) from return_rates_by_month",
        ),
        (
            "select cast(sum(reported_total) as bigint) from reconciliation where measure = 'orders'",
            "select cast(sum(orders) as bigint) from return_rates_by_month",
        ),
        (
            "select sum(reported_total) from reconciliation where measure = 'refunds'",
            "select cast(sum(refund_amount) as decimal(28, 4)) from intermediate.refunds_by_day",
        ),
        (
            "select sum(reported_total) from reconciliation where measure = 'sales'",
            "select cast(sum(gross_amount - discount_amount) as decimal(28, 4)) from raw.orders where paid_at is not null and cancelled_at is null and not is_replacement",
        ),
    ];
    for (ours, theirs) in pairs {
        let (ours, theirs) = (rows(&engine, ours).await, rows(&engine, theirs).await);
        assert_eq!(ours, theirs);
    }
}

/// Totals of finance that a plain query over the file gives, on real data.
#[test]
fn online_retail_agrees_with_the_file() {
    let Some(folder) = shared("data/online_retail_ii") else {
        return;
    };
    let workspace = root("examples/online-retail");
    let scratch = Scratch::new();
    let at = [
        "-w",
        workspace.to_str().unwrap(),
        "--data",
        folder.to_str().unwrap(),
    ];
    let finance = "
        select 'unknown' as shop_id, cast(date_trunc('month', day) as date) as month,
            'sales' as measure, sum(amount) as amount, 'GBP' as currency
        from (select invoice, min(invoice_date) as day, sum(quantity * cast(price as decimal(18, 3))) as amount
              from source.lines
              where quantity > 0 and price > 0 and substr(invoice, 1, 1) not in ('C', 'A')
              group by invoice) as invoices
        group by cast(date_trunc('month', day) as date)";
    let args = [&at[..], &["-q", "-o", "finance.csv", "-c", finance]].concat();
    assert_eq!(scratch.run(&args).code, Some(0));
    let args = [&at[..], &["reconcile", "--finance", "finance.csv"]].concat();
    let ran = scratch.run(&args);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stdout.contains("orphan"), "{ran:?}");
    // A month somebody changed is found.
    let text = scratch.read("finance.csv");
    let changed: Vec<String> = text
        .lines()
        .map(
            |line| match line.strip_prefix("unknown,2011-06-01,sales,") {
                Some(rest) => format!("unknown,2011-06-01,sales,1{rest}"),
                None => line.to_owned(),
            },
        )
        .collect();
    scratch.write("finance.csv", format!("{}\n", changed.join("\n")));
    let ran = scratch.run(&args);
    ran.check_says(1, "not explained: sales of unknown in 2011-06");
}
