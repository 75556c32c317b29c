//! `examples/online-retail` on the real file: its numbers by a second tool and by plain SQL.
//!
//! The constants come from a script outside this repository that read the
//! Parquet file with pyarrow and went over its rows in plain Python loops, money
//! as `decimal`: one dictionary per grouping, and for the credit notes a search
//! through all earlier sales of the same customer and article. Nothing here was
//! copied from our own output. The same facts are then asked of `source.lines` in
//! SQL that shares nothing with the views.
//!
//! The data is not in the repository: `AFTERSIGHT_SHARED` names the folder it is
//! in, `../shared` is the default, and without it every test says SKIPPED.

use std::collections::BTreeMap;
use std::path::Path;

use aftersight_engine::{Engine, Options};
use aftersight_report::{RunOptions, Spec, builtin};
use serde_json::Value;

use crate::support::{Scratch, rows, shared};

/// A line that is a sale, as the README of the example says, once more and by other means.
const SALE: &str = "quantity > 0 and price > 0 and substr(invoice, 1, 1) not in ('C', 'A')";

/// The exact value of a line.
const VALUE: &str = "quantity * cast(price as decimal(18, 3))";

async fn online_retail() -> Option<Engine> {
    let folder = shared("data/online_retail_ii")?;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/online-retail/aftersight.toml");
    let mut options = Options::default();
    options.stores.base = folder.display().to_string();
    Some(Engine::open_file(&file, options).await.unwrap())
}

/// Compares the rows of a query with what another tool found.
#[track_caller]
fn check(what: &str, found: &[String], expected: &[&str]) {
    assert_eq!(found, expected, "{what}");
}

#[tokio::test]
async fn the_file_is_the_one_its_provenance_describes() {
    let Some(engine) = online_retail().await else {
        return;
    };
    let sql = format!(
        "select count(*), min(invoice_date), max(invoice_date), count(distinct customer_id),
            count(*) - count(customer_id), count(*) - count(description),
            count(distinct invoice),
            count(distinct case when starts_with(invoice, 'C') then invoice end),
            sum(case when starts_with(invoice, 'C') then 1 else 0 end),
            sum(case when quantity < 0 then 1 else 0 end),
            sum(case when price <= 0 then 1 else 0 end),
            count(distinct country), sum({VALUE}),
            sum(case when starts_with(invoice, 'C') then {VALUE} end)
        from source.lines"
    );
    // PROVENANCE.md prints these, the sums rounded to 9,747,747.93 and -896,812.49.
    let expected = "541909 2010-12-01T08:26:00 2011-12-09T12:50:00 4372 135080 1454 25900 3836 \
                    9288 10624 2517 38 9747747.934 -896812.490";
    check("facts of the file", &rows(&engine, &sql).await, &[expected]);

    let by_rule = "select rule, n_lines, amount from marts.invoice_lines_by_rule order by rule";
    let expected = [
        "adjustment 3 -11062.060",
        "credit 9288 -896812.490",
        "no_price 1179 0.000",
        "no_units_and_no_price 1336 0.000",
        "sale 530103 10655622.484",
    ];
    check("lines by rule", &rows(&engine, by_rule).await, &expected);
    let total = "select sum(n_lines), sum(amount) from marts.invoice_lines_by_rule";
    let found = rows(&engine, total).await;
    check("no line is left out", &found, &["541909 9747747.934"]);
}

#[tokio::test]
async fn orders_customers_and_cohorts_follow_the_rules_of_the_readme() {
    let Some(engine) = online_retail().await else {
        return;
    };
    let expected = ["19959 18532 4338 10655622.484 8911407.904"];
    let ours = "select count(*), count(customer_id), count(distinct customer_id), sum(net_amount),
            sum(case when customer_id is not null then net_amount end)
        from staging.orders where is_purchase";
    check("orders", &rows(&engine, ours).await, &expected);
    let plain = format!(
        "select count(distinct invoice),
            count(distinct case when customer_id is not null then invoice end),
            count(distinct customer_id), sum({VALUE}),
            sum(case when customer_id is not null then {VALUE} end)
        from source.lines where {SALE}"
    );
    check(
        "orders by plain SQL",
        &rows(&engine, &plain).await,
        &expected,
    );
    let items = "select count(*), sum(net_amount) from staging.order_items";
    let found = rows(&engine, items).await;
    check("lines of orders", &found, &["530103 10655622.484"]);
    let customers = "select count(*) from staging.customers";
    let found = rows(&engine, customers).await;
    check(
        "customers, also those of credit notes alone",
        &found,
        &["4372"],
    );

    // 42 orders have lines of two minutes: one time must have been taken for each.
    let minutes = format!(
        "select count(*) from (select invoice from source.lines where {SALE}
            group by invoice having count(distinct invoice_date) = 2)"
    );
    let found = rows(&engine, &minutes).await;
    check("orders of two minutes", &found, &["42"]);

    // The 365 days that end with 2011-12-09: 17,756 / 19,125 and 8,599,529.904 / 10,216,769.834.
    let coverage = "select orders, known_orders, round(order_share, 6), sales_amount,
            known_amount, round(amount_share, 6)
        from identity_coverage";
    let found = rows(&engine, coverage).await;
    let expected = ["19125 17756 0.928418 10216769.834 8599529.904 0.841707"];
    check("identity coverage", &found, &expected);

    cohorts_are_the_triangle(&engine).await;
}

/// Customers by month of the first order, and of those the ones who ordered in each later month.
const TRIANGLE: [&[u32]; 13] = [
    &[
        885, 324, 286, 340, 321, 352, 321, 309, 313, 350, 331, 445, 235,
    ],
    &[417, 92, 111, 96, 134, 120, 103, 101, 125, 136, 152, 49],
    &[380, 71, 71, 108, 103, 94, 96, 106, 94, 116, 26],
    &[452, 68, 114, 90, 101, 76, 121, 104, 126, 39],
    &[300, 64, 61, 63, 59, 68, 65, 78, 22],
    &[284, 54, 49, 49, 59, 66, 75, 27],
    &[242, 42, 38, 64, 56, 81, 23],
    &[188, 34, 39, 42, 51, 21],
    &[169, 35, 42, 41, 21],
    &[299, 70, 90, 34],
    &[358, 86, 41],
    &[323, 36],
    &[41],
];

async fn cohorts_are_the_triangle(engine: &Engine) {
    // Months are counted from December 2010.
    let mut expected = Vec::new();
    for (cohort, counts) in TRIANGLE.iter().enumerate() {
        for (since, customers) in counts.iter().enumerate() {
            expected.push(format!("{cohort} {since} {customers} {}", counts[0]));
        }
    }
    let month =
        |day: &str| format!("(date_part('year', {day}) * 12 + date_part('month', {day}) - 24132)");
    let ours = format!(
        "select {} as cohort, months_since, customers, cohort_customers
        from retention_by_cohort where customers is not null order by cohort, months_since",
        month("cohort_month")
    );
    assert_eq!(rows(engine, &ours).await, expected);

    let plain = format!(
        "with active as (
            select distinct customer_id, {} as month from source.lines
            where {SALE} and customer_id is not null
        ),
        first as (select customer_id, min(month) as cohort from active group by customer_id),
        cells as (
            select cohort, month - cohort as since, count(*) as customers
            from active join first using (customer_id) group by cohort, month - cohort
        )
        select cells.cohort, cells.since, cells.customers, sizes.customers
        from cells join cells as sizes on cells.cohort = sizes.cohort and sizes.since = 0
        order by cells.cohort, cells.since",
        month("invoice_date")
    );
    assert_eq!(rows(engine, &plain).await, expected);
    let months = "select count(*) from retention_by_cohort where customers is null";
    // 13 cohorts of 13 months, of which the lower triangle had not begun.
    check("months to come", &rows(engine, months).await, &["78"]);
}

/// One engine for all that needs credit notes: matching them is the one slow step.
#[tokio::test]
async fn returns_rfm_segments_and_the_report_agree_with_a_second_tool() {
    let Some(engine) = online_retail().await else {
        return;
    };
    credit_notes_find_their_sales(&engine).await;
    six_customers_are_scored_as_by_hand(&engine).await;
    rfm_agrees_with_plain_sql(&engine).await;
    segments_have_their_customers(&engine).await;
    the_weekly_report_says_the_same(&engine).await;
}

async fn credit_notes_find_their_sales(engine: &Engine) {
    // 7,469 / 9,288 lines and 467,430.170 / 896,812.490 pounds.
    let sql = "select n_returns, n_matched, round(matched_share, 6), amount, amount_matched,
            round(amount_share, 6)
        from marts.credit_notes_matched";
    let expected = ["9288 7469 0.804156 896812.490 467430.170 0.521213"];
    check("credit notes matched", &rows(engine, sql).await, &expected);
    let plain = format!(
        "select count(*), -sum({VALUE}), sum(case when customer_id is null then 1 else 0 end)
        from source.lines where starts_with(invoice, 'C')"
    );
    let found = rows(engine, &plain).await;
    check(
        "credit notes by plain SQL",
        &found,
        &["9288 896812.490 383"],
    );

    // What a match promises: same customer, same article, an earlier sale, and no
    // sale gives back more units than it had.
    let broken = "select count(*) from raw.returns as r
        join raw.order_items as i on r.order_id = i.order_id and r.line_no = i.line_no
        join raw.orders as o on r.order_id = o.order_id
        where r.customer_id = o.customer_id and r.sku = i.sku and r.quantity <= i.quantity
            and r.requested_at > o.ordered_at";
    check(
        "matches that keep the rule",
        &rows(engine, broken).await,
        &["7469"],
    );
    let overdrawn = "select count(*) from (
            select i.order_id, i.line_no from raw.returns as r
            join raw.order_items as i on r.order_id = i.order_id and r.line_no = i.line_no
            group by i.order_id, i.line_no having sum(r.quantity) > max(i.quantity)
        )";
    check("sales overdrawn", &rows(engine, overdrawn).await, &["0"]);
    // Units only run down, so whoever stayed without a sale must find none at the end either.
    let missed = "with left_over as (
            select o.customer_id, i.sku, o.ordered_at, i.quantity - coalesce(b.back, 0) as units
            from raw.order_items as i
            join raw.orders as o on i.order_id = o.order_id
            left join (
                select order_id, line_no, sum(quantity) as back from raw.returns
                where order_id is not null group by order_id, line_no
            ) as b on i.order_id = b.order_id and i.line_no = b.line_no
            where o.customer_id is not null
        )
        select count(distinct r.return_id),
            sum(case when l.units >= r.quantity then 1 else 0 end)
        from raw.returns as r
        join left_over as l on r.customer_id = l.customer_id and r.sku = l.sku
        where r.order_id is null and l.ordered_at < r.requested_at";
    check(
        "notes with earlier sales, all of them too small",
        &rows(engine, missed).await,
        &["130 0"],
    );
}

async fn six_customers_are_scored_as_by_hand(engine: &Engine) {
    // The report day is 2011-12-10, the window begins on 2010-12-10. Cuts of the
    // net values at 20, 40, 60 and 80 % (type 7, of 4,252 customers):
    //   days 13, 32, 70.2, 171    orders 1, 2, 3, 5
    //   pounds 242.238, 473.714, 915.798, 1997.536
    //
    // 12829 sent back a part. 538870 of 2010-12-14: 15.90 + 29.95 + 15.90 + 12.60
    //   + 11.40 = 85.75; 540420 of 2011-01-07: 79.90 + 15.00 + 50.85 + 25.20 + 22.80
    //   + 13.50 = 207.25; C541787 takes back one of the two 84816 of 540420, 39.95.
    //   293.00 - 39.95 = 253.05. From 7 January to 10 December are 337 days.
    //   337 > 171: r 1; 2 > 1: f 2; 253.05 > 242.238: m 2.
    // 14646, the largest buyer: 73 orders for 280,206.02, the last on 8 December, so
    //   2 days. Matched are POST 3 * 15.00 of 543387, 22956 144 * 1.85 of 564169 and
    //   21787 144 * 0.65 of 564650: 45.00 + 266.40 + 93.60 = 405.00, of three orders.
    //   The discount D (-206.40) and the manual entry M (-105.60) have no earlier
    //   sale. 280,206.02 - 405.00 = 279,801.02.
    // 15422 ordered twice on 2011-01-20: 17.70 + 22.50 + 15.30 = 55.50 at 14:17 and
    //   17.00 + 15.00 + 10.20 = 42.20 at 16:17, so two orders, 97.70, 324 days.
    // 15759 is plain: 539272 of 2010-12-16, 35.40 + 5.04 + 17.00 + 39.80 = 97.24;
    //   544143, 19.80 + 68.00 = 87.80; 551990 of 2011-05-05, 68.00. Sum 253.04 in
    //   three orders, 219 days. 3 > 2 but not > 3: f 3.
    // 16446 ordered 1.65 + 1.25 = 2.90 on 2011-05-18 (206 days), and 80,995 units for
    //   168,469.60 on 2011-12-09 that C581484 took back twelve minutes later: one kept
    //   order of two.
    // 12346 ordered once, 74,215 units for 77,183.60 on 2011-01-18, and sent back all:
    //   nothing was kept, so there is no row.
    let six = "customer_id in (12346, 12829, 14646, 15422, 15759, 16446)";
    let columns =
        "customer_id, recency_days, frequency, monetary, orders, returned_orders, code, segment";
    let sql = format!("select {columns} from rfm where {six} order by customer_id");
    let expected = [
        "12829 337 2 253.050 2 1 122 hibernating",
        "14646 2 73 279801.020 73 3 555 champions",
        "15422 324 2 97.700 2 0 121 lost",
        "15759 219 3 253.040 3 0 132 hibernating",
        "16446 206 1 2.900 2 1 111 lost",
    ];
    check("six customers, net", &rows(engine, &sql).await, &expected);

    // Gross, nothing came back. Cuts of 4,264 customers: days 13, 32, 69, 171; orders
    // 1, 2, 3, 5; pounds 244.8, 483.952, 932.58, 2038.288.
    engine.set("rfm_net", "false").unwrap();
    let expected = [
        "12346 326 1 77183.600 1 1 115 cant_lose_them",
        "12829 337 2 293.000 2 1 122 hibernating",
        "14646 2 73 280206.020 73 3 555 champions",
        "15422 324 2 97.700 2 0 121 lost",
        "15759 219 3 253.040 3 0 132 hibernating",
        "16446 1 2 168472.500 2 1 525 promising",
    ];
    check("six customers, gross", &rows(engine, &sql).await, &expected);
    engine.reset("rfm_net").unwrap();
}

async fn rfm_agrees_with_plain_sql(engine: &Engine) {
    // Orders of the window with what came back of them, from the lines of the file;
    // only which credit note belongs to which order is taken from the mapping.
    let plain = format!(
        "with sold as (
            select invoice, max(customer_id) as customer_id, min(invoice_date) as at,
                sum(quantity) as units, sum({VALUE}) as amount
            from source.lines where {SALE} and customer_id is not null group by invoice
        ),
        back as (
            select order_id, sum(quantity) as units, sum(refund_amount) as amount
            from raw.returns where order_id is not null group by order_id
        ),
        kept as (
            select customer_id, at, amount - coalesce(back_amount, 0) as amount,
                coalesce(back_units, 0) < units as is_kept
            from (
                select sold.*, back.units as back_units, back.amount as back_amount
                from sold left join back on sold.invoice = back.order_id
            )
            where cast(at as date) >= date '2010-12-10'
        ),
        plain as (
            select customer_id,
                date '2011-12-10' - cast(max(case when is_kept then at end) as date) as days,
                sum(case when is_kept then 1 else 0 end) as orders, sum(amount) as amount
            from kept group by customer_id having bool_or(is_kept)
        ),
        scored as (
            select *,
                5 - (case when days > 13 then 1 else 0 end + case when days > 32 then 1 else 0 end
                + case when days > 70.2 then 1 else 0 end + case when days > 171 then 1 else 0 end)
                as r,
                1 + case when orders > 1 then 1 else 0 end + case when orders > 2 then 1 else 0 end
                + case when orders > 3 then 1 else 0 end + case when orders > 5 then 1 else 0 end
                as f,
                1 + case when amount > 242.238 then 1 else 0 end
                + case when amount > 473.714 then 1 else 0 end
                + case when amount > 915.798 then 1 else 0 end
                + case when amount > 1997.536 then 1 else 0 end as m
            from plain
        )
        select count(*), sum(scored.orders), sum(amount),
            sum(case when days = recency_days and scored.orders = frequency
                and amount = monetary
                then 1 else 0 end),
            sum(case when scored.r = rfm.r and scored.f = rfm.f and scored.m = rfm.m
                then 1 else 0 end)
        from scored full join rfm on scored.customer_id = rfm.customer_id"
    );
    let found = rows(engine, &plain).await;
    check(
        "every customer",
        &found,
        &["4252 17616 8137661.464 4252 4252"],
    );
}

/// Segment, customers, orders in the window, those something came back of, and kept pounds.
const SEGMENTS: [(&str, u32, u32, u32, &str); 11] = [
    ("about_to_sleep", 215, 273, 38, "83190.250"),
    ("at_risk", 351, 1395, 233, "658061.721"),
    ("cant_lose_them", 135, 210, 38, "161478.010"),
    ("champions", 792, 9507, 1862, "5174296.080"),
    ("hibernating", 642, 1160, 130, "249252.122"),
    ("lost", 556, 596, 71, "119729.540"),
    ("loyal_customers", 358, 2034, 380, "903422.320"),
    ("need_attention", 235, 765, 105, "294975.751"),
    ("new_customers", 403, 468, 28, "87805.440"),
    ("potential_loyalists", 320, 942, 127, "201462.570"),
    ("promising", 245, 394, 54, "203987.660"),
];

async fn segments_have_their_customers(engine: &Engine) {
    let sql = "select segment, customers, orders, returned_orders, kept_amount
        from segments order by segment";
    let expected: Vec<String> = SEGMENTS
        .iter()
        .map(|(segment, customers, orders, returned, kept)| {
            format!("{segment} {customers} {orders} {returned} {kept}")
        })
        .collect();
    assert_eq!(rows(engine, sql).await, expected);

    engine.set("rfm_net", "false").unwrap();
    let sql = "select segment, count(*) from rfm group by segment order by segment";
    let expected = [
        "about_to_sleep 211",
        "at_risk 350",
        "cant_lose_them 134",
        "champions 794",
        "hibernating 648",
        "lost 558",
        "loyal_customers 360",
        "need_attention 237",
        "new_customers 408",
        "potential_loyalists 319",
        "promising 245",
    ];
    check("segments, gross", &rows(engine, sql).await, &expected);
    engine.reset("rfm_net").unwrap();
}

async fn the_weekly_report_says_the_same(engine: &Engine) {
    let files = builtin::files(None, "weekly-after-sales").unwrap().unwrap();
    let mut spec = Spec::parse(&files).unwrap();
    // The second tool knows the customers of a Saturday; a review of whole weeks would ask for
    // those of the Monday before.
    spec.is_of_calendar = false;
    let run = aftersight_report::run(engine, &spec, &RunOptions::default())
        .await
        .unwrap();
    let scratch = Scratch::new();
    run.publication.publish(&scratch.path("out")).unwrap();
    let report = scratch.read("out/weekly-after-sales/2011-12-10/report.json");
    let report: Value = serde_json::from_str(&report).unwrap();
    let table = |name: &str| -> Vec<Value> {
        let queries = report["queries"].as_array().unwrap();
        let query = queries.iter().find(|query| query["name"] == name).unwrap();
        query["rows"].as_array().unwrap().clone()
    };

    let segments: BTreeMap<String, u64> = table("segments")
        .iter()
        .map(|row| {
            let code = row["segment"]
                .as_str()
                .unwrap()
                .to_lowercase()
                .replace(' ', "_");
            (code, row["customers"].as_u64().unwrap())
        })
        .collect();
    let expected: BTreeMap<String, u64> = SEGMENTS
        .iter()
        .map(|(segment, n, ..)| ((*segment).to_owned(), u64::from(*n)))
        .collect();
    assert_eq!(segments, expected);

    // Months 1 to 11 of the triangle, without those of December 2011: 12 * 11 / 2.
    let cohorts = table("cohorts");
    assert_eq!(cohorts.len(), 66);
    for row in cohorts {
        let month = row["cohort_month"].as_str().unwrap();
        let (year, month): (usize, usize) =
            (month[..4].parse().unwrap(), month[5..7].parse().unwrap());
        let cohort = TRIANGLE[year * 12 + month - 2010 * 12 - 12];
        let since = usize::try_from(row["months_since"].as_u64().unwrap()).unwrap();
        let rate = f64::from(cohort[since]) / f64::from(cohort[0]);
        let found = row["retention_rate"].as_f64().unwrap();
        assert!((found - rate).abs() < 1e-12, "{row}");
    }

    // The report day is a Saturday: the last week is the one that began on 28 November.
    // Of the units of the week of 12 September, the last that is mature, 1,235 of 121,033
    // came back.
    let last = |rank: u64| {
        let kpis = table("kpis");
        let row = kpis.iter().rfind(|row| row["rank"] == rank).unwrap();
        (
            row["week"].as_str().unwrap().to_owned(),
            row["value"].as_f64().unwrap(),
        )
    };
    assert_eq!(last(1), ("2011-11-28".to_owned(), 665.0));
    assert_eq!(last(2), ("2011-11-28".to_owned(), 324_370.83));
    assert_eq!(last(3), ("2011-11-28".to_owned(), 249.0));
    let (week, rate) = last(4);
    assert_eq!(week, "2011-09-12");
    assert!((rate - 1_235.0 / 121_033.0).abs() < 1e-12, "{rate}");

    // And week by week what the mart says.
    let mut shown: BTreeMap<String, [f64; 2]> = BTreeMap::new();
    for row in table("kpis") {
        let measure = match row["rank"].as_u64().unwrap() {
            rank @ (1 | 3) => usize::from(rank == 3),
            _ => continue,
        };
        let week = shown
            .entry(row["week"].as_str().unwrap().to_owned())
            .or_default();
        week[measure] = row["value"].as_f64().unwrap();
    }
    let shown: Vec<String> = shown
        .iter()
        .map(|(week, [orders, requests])| format!("{week} {orders} {requests}"))
        .collect();
    let mart = "select cast(week as date) as monday, orders, return_requests from kpis_by_week
        where week >= date '2011-12-10' - interval '26 weeks' order by monday";
    assert_eq!(shown, rows(engine, mart).await);
}
