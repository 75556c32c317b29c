//! Rows that data/tiny has none of, and on which views were wrong once: each case adds some to it.

use crate::support::{Scratch, cells, rows};

/// The shop of data/tiny with more rows, by file.
fn tiny_with(more: &[(&str, &str)]) -> Scratch {
    let scratch = Scratch::with_tiny();
    for (file, rows) in more {
        let text = scratch.read(file);
        scratch.write(file, format!("{}\n{rows}\n", text.trim_end()));
    }
    scratch
}

/// An order of one article by hal, which arrived, in a month of its own.
fn order(id: &str, month: &str, status: &str) -> (String, String) {
    let day = |day: &str| format!("2025-{month}-{day}T09:00:00Z");
    let arrived = if status == "rejected" {
        String::new()
    } else {
        day("05")
    };
    let order = format!(
        "{id},hal,home,web,{status},CNY,false,500.00,0.00,0.00,{},{},{},{},{arrived},,{}",
        day("02"),
        day("02"),
        day("06"),
        day("03"),
        day("02"),
    );
    let line = format!("{id},1,boots,1,500.00,80.00,0.00,{}", day("02"));
    (order, line)
}

/// A request for money or goods of such an order.
fn request(id: &str, order: &str, line: &str, quantity: u8, kind: &str, at: &str) -> String {
    format!(
        "{id},{order},{line},hal,boots,home,{quantity},{kind},size_fit,,web,restock,,{at},{at},{at},{at},{at},{at},{at}"
    )
}

#[tokio::test]
async fn goods_refused_at_the_door_are_not_kept() {
    let (order, line) = order("o30", "05", "rejected");
    let scratch = tiny_with(&[("orders.csv", &order), ("order_items.csv", &line)]);
    let engine = scratch.open().await;
    let kept =
        "select units, units_kept, kept_amount from intermediate.kept_lines where order_id = 'o30'";
    assert_eq!(rows(&engine, kept).await, ["1 0 0.00"]);
    let scored = "select count(*) from rfm_by_category where customer_id = 'hal'";
    assert_eq!(rows(&engine, scored).await, ["0"]);
}

/// The month of an order of one unit, of which these requests were made.
async fn month_of(month: &str, requests: &[String]) -> Vec<String> {
    let (order, line) = order("o30", month, "completed");
    let scratch = tiny_with(&[
        ("orders.csv", &order),
        ("order_items.csv", &line),
        ("returns.csv", &requests.join("\n")),
    ]);
    let engine = scratch.open().await;
    let sql = format!(
        "select units_sold, units_returned, units_exchanged, unit_return_rate, \
         unit_return_exchange_rate from return_rates_by_month \
         where sold_month = date '2025-{month}-01'"
    );
    rows(&engine, &sql).await
}

#[tokio::test]
async fn a_unit_that_was_exchanged_and_then_returned_came_back_once() {
    let exchanged = request("r30", "o30", "1", 1, "exchange", "2025-04-10T09:00:00Z");
    let returned = request("r31", "o30", "1", 1, "return", "2025-04-20T09:00:00Z");
    let month = month_of("04", &[exchanged, returned]).await;
    assert_eq!(month, ["1 1 0 1.0 1.0"]);
}

#[tokio::test]
async fn a_request_that_names_no_line_brings_back_no_more_than_the_order() {
    let returned = request("r30", "o30", "", 3, "return", "2025-03-20T09:00:00Z");
    assert_eq!(month_of("03", &[returned]).await, ["1 1 0 1.0 1.0"]);
}

#[tokio::test]
async fn what_a_return_says_of_money_counts_only_without_a_table_of_refunds() {
    let (order, line) = order("o30", "04", "completed");
    let returned = request("r30", "o30", "1", 1, "return", "2025-04-20T09:00:00Z");
    let check = async |refunds: bool, expected: &str| {
        let scratch = tiny_with(&[
            ("orders.csv", &order),
            ("order_items.csv", &line),
            ("returns.csv", &returned),
        ]);
        let returns = scratch.read("returns.csv");
        let said = returns.lines().enumerate().map(|(at, line)| match at {
            0 => format!("{line},refund_amount\n"),
            _ if line.starts_with("r30") => format!("{line},77.00\n"),
            _ => format!("{line},\n"),
        });
        scratch.write("returns.csv", said.collect::<String>());
        if !refunds {
            let header = scratch.read("refunds.csv");
            scratch.write("refunds.csv", header.lines().next().unwrap_or_default());
        }
        let engine = scratch.open().await;
        let sql = "select return_refund_amount from intermediate.purchases where order_id = 'o30'";
        assert_eq!(rows(&engine, sql).await, [expected]);
    };
    check(true, "0.00").await;
    check(false, "77.00").await;
}

#[tokio::test]
async fn cases_solved_nobody_knows_when_are_in_no_curve() {
    let scratch = Scratch::with_tiny();
    let tickets = scratch.read("tickets.csv");
    let mut lines = tickets.lines();
    let header = lines.next().unwrap_or_default();
    let solved = ["first_solved_at", "solved_at"]
        .map(|name| header.split(',').position(|column| column == name).unwrap());
    let without = lines.map(|line| {
        let fields = line.split(',').enumerate();
        let fields = fields.map(|(at, field)| if solved.contains(&at) { "" } else { field });
        fields.collect::<Vec<_>>().join(",")
    });
    let without: Vec<String> = without.collect();
    scratch.write("tickets.csv", format!("{header}\n{}\n", without.join("\n")));
    let events = scratch.read("ticket_events.csv");
    scratch.write(
        "ticket_events.csv",
        events.lines().next().unwrap_or_default(),
    );
    let engine = scratch.open().await;
    let sql = "select distinct tickets, open_tickets, open_share from resolution_times \
         where dimension = 'all' and hours = 720";
    let curve = cells(&engine, sql).await;
    let open = "select count(*) from tickets where is_open";
    let open = rows(&engine, open).await;
    assert_eq!(curve.len(), 1);
    assert_eq!(curve[0][0], curve[0][1], "only open cases are left");
    assert_eq!(curve[0][1], open[0]);
}

#[tokio::test]
async fn the_middle_of_a_scale_is_the_same_on_every_scale() {
    // Of 1 to 3 the best, of 1 to 7 the middle, of 1 to 5 above it.
    for (scale, score, share) in [(3, 3, "1.0"), (7, 4, "0.5"), (5, 4, "0.75")] {
        let answer = format!(
            "s90,csat,gus,home,transactional,delivery,app,,,,{scale},,{score},,2026-01-30T09:00:00Z,2026-01-30T12:00:00Z,2026-01-30T09:01:00Z"
        );
        let shop = tiny_with(&[("surveys.csv", &answer)]);
        let engine = shop.open().await;
        let sql = "select csat_share from intermediate.last_answers_by_customer where customer_id = 'gus'";
        assert_eq!(rows(&engine, sql).await, [share]);
    }
}

#[tokio::test]
async fn nothing_is_seen_of_the_report_day() {
    // Who first bought n days before the report day was watched for n - 1 whole days.
    let scratch = Scratch::with_tiny();
    let engine = scratch.open().await;
    let sql =
        "select km_repeat_rate from repeat_rates(as_of => '2025-01-01') where within_days = 30";
    assert_eq!(rows(&engine, sql).await, [crate::support::NULL]);
    let sql =
        "select mature_customers from repeat_rates(as_of => '2025-01-01') where within_days = 30";
    assert_eq!(rows(&engine, sql).await, ["0"]);
}

#[tokio::test]
async fn a_parcel_without_instants_is_not_the_last_one() {
    let parcels = "p99,o07,,1,ghost,,,,2025-08-21T10:05:00Z";
    let scratch = tiny_with(&[("shipments.csv", parcels)]);
    let engine = scratch.open().await;
    let sql = "select count(*) from intermediate.sold_lines where carrier = 'ghost'";
    assert_eq!(rows(&engine, sql).await, ["0"]);
}

#[tokio::test]
async fn a_lake_that_records_no_reply_has_missed_none() {
    let open = "t90,gus,,,home,other,question,mail,normal,open,care,,0,0,,false,2025-09-01T09:00:00Z,,,,2025-09-01T09:01:00Z";
    let check = async |replies: bool, expected: &str| {
        let scratch = tiny_with(&[("tickets.csv", open)]);
        if !replies {
            let tickets = scratch.read("tickets.csv");
            let header = tickets.lines().next().unwrap_or_default();
            scratch.write("tickets.csv", format!("{header}\n{open}\n"));
            let events = scratch.read("ticket_events.csv");
            scratch.write(
                "ticket_events.csv",
                events.lines().next().unwrap_or_default(),
            );
        }
        let engine = scratch.open().await;
        let sql = "select is_first_response_met from tickets where ticket_id = 't90'";
        assert_eq!(rows(&engine, sql).await, [expected]);
    };
    check(true, "false").await;
    check(false, crate::support::NULL).await;
}
