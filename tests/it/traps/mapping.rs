//! Sources become canonical tables without guessing: what would lose meaning is refused.

use crate::support::{Scratch, error, rows};

const LINES: &str = "\
id,label,at,day,amount,whole,share,flag,note
1,a,2026-11-01 10:00:00,2026-11-01,12.345,3,0.5,true,x
2,b,2026-11-02 11:30:00,2026-11-02,-0.125,4,1.5,false,
";

/// A workspace whose `returns` map one more column than needed.
fn returns(column: &str, expression: &str) -> Scratch {
    let toml = format!(
        "[workspace]\ntime_zone = 'Asia/Shanghai'\n\n[sources.lines]\nlocation = 'lines.csv'\n\n\
         [tables.returns]\nfrom = 'lines'\n[tables.returns.columns]\nreturn_id = 'id'\nrequested_at = 'at'\n\
         {column} = \"{expression}\"\n"
    );
    let scratch = Scratch::with_workspace(&toml);
    scratch.write("lines.csv", LINES);
    scratch
}

async fn becomes(column: &str, expression: &str, ty: &str, values: [&str; 2]) {
    let scratch = returns(column, expression);
    let engine = scratch.open().await;
    let sql =
        format!("select {column}, arrow_typeof({column}) from raw.returns order by return_id");
    let expected = values.map(|value| format!("{value} {ty}"));
    assert_eq!(
        rows(&engine, &sql).await,
        expected,
        "{column} = {expression}"
    );
}

async fn is_refused(column: &str, expression: &str, message: &str) {
    let found = returns(column, expression).open_error().await;
    assert!(found.starts_with("DIR/aftersight.toml:12:"), "{found}");
    assert!(found.contains(message), "{column} = {expression}: {found}");
}

const SHANGHAI: &str = "Timestamp(µs, \"Asia/Shanghai\")";

#[tokio::test]
async fn ids_are_integers_or_texts() {
    becomes("order_id", "id", "Int64", ["1", "2"]).await;
    becomes("order_id", "label", "Utf8View", ["a", "b"]).await;
    is_refused(
        "order_id",
        "share",
        "returns.order_id is Float64; an id is an integer or a text (cast(x as bigint) or cast(x as varchar))",
    )
    .await;
}

#[tokio::test]
async fn money_is_decimal_and_floats_are_rounded_to_hundredths() {
    becomes(
        "refund_amount",
        "amount",
        "Decimal128(18, 2)",
        ["12.35", "-0.13"],
    )
    .await;
    becomes(
        "refund_amount",
        "whole",
        "Decimal128(18, 2)",
        ["3.00", "4.00"],
    )
    .await;
    becomes(
        "refund_amount",
        "cast(amount as decimal(12, 3))",
        "Decimal128(12, 3)",
        ["12.345", "-0.125"],
    )
    .await;
    is_refused(
        "refund_amount",
        "note",
        "returns.refund_amount must be money, and its expression is Utf8",
    )
    .await;
}

#[tokio::test]
async fn instants_are_in_the_workspaces_zone() {
    // A naive timestamp is UTC unless the source says otherwise; a date is a local midnight.
    becomes(
        "received_at",
        "at",
        SHANGHAI,
        ["2026-11-01T18:00:00+08:00", "2026-11-02T19:30:00+08:00"],
    )
    .await;
    becomes(
        "received_at",
        "day",
        SHANGHAI,
        ["2026-11-01T00:00:00+08:00", "2026-11-02T00:00:00+08:00"],
    )
    .await;
    is_refused(
        "received_at",
        "whole",
        "returns.received_at must be instant, and its expression is Int64",
    )
    .await;
    is_refused(
        "received_at",
        "note",
        "to_timestamp_seconds(to_unixtime(x, '%d.%m.%Y %H:%M'))",
    )
    .await;
}

#[tokio::test]
async fn numbers_and_texts_lose_nothing() {
    becomes("quantity", "whole", "Int64", ["3", "4"]).await;
    is_refused(
        "quantity",
        "share",
        "returns.quantity must be integer, and its expression is Float64 (cast(round(x) as bigint)",
    )
    .await;
    is_refused("quantity", "note", "returns.quantity must be integer").await;
    becomes("reason_code", "whole", "Utf8View", ["3", "4"]).await;
    becomes("reason_code", "flag", "Utf8View", ["true", "false"]).await;
    is_refused(
        "reason_code",
        "share",
        "returns.reason_code must be text, and its expression is Float64 (cast(x as varchar))",
    )
    .await;
}

#[tokio::test]
async fn dates_booleans_and_nulls() {
    let toml = |columns: &str| {
        format!(
            "[workspace]\ntime_zone = 'Asia/Shanghai'\n[sources.lines]\nlocation = 'lines.csv'\n\
             [tables.customers]\nfrom = 'lines'\ncolumns = {{ customer_id = 'id', {columns} }}\n"
        )
    };
    let scratch =
        Scratch::with_workspace(&toml("birth_date = 'at', is_vip = 'flag', region = 'null'"));
    scratch.write(
        "lines.csv",
        LINES.replace("2026-11-01 10:00:00", "2026-11-01 17:00:00"),
    );
    let engine = scratch.open().await;
    // 17:00 UTC is already tomorrow in Shanghai.
    let sql = "select birth_date, is_vip, region, arrow_typeof(region) from raw.customers order by customer_id";
    assert_eq!(
        rows(&engine, sql).await,
        ["2026-11-02 true - Utf8View", "2026-11-02 false - Utf8View"]
    );
    scratch.write("aftersight.toml", toml("is_vip = 'whole'"));
    let found = scratch.open_error().await;
    assert!(
        found.contains("customers.is_vip must be boolean") && found.contains("a condition"),
        "{found}"
    );
}

#[tokio::test]
async fn what_the_source_does_not_have_is_null_of_its_type() {
    let scratch = returns("quantity", "whole");
    let engine = scratch.open().await;
    let sql = "select count(refund_amount), arrow_typeof(max(refund_amount)), arrow_typeof(max(received_at)), arrow_typeof(max(reason_code)) from raw.returns";
    let expected = format!("0 Decimal128(18, 2) {SHANGHAI} Utf8View");
    assert_eq!(rows(&engine, sql).await, [expected]);
    assert!(
        engine.tables()["returns"]
            .absent
            .contains(&"refund_amount".to_owned())
    );

    // A table that nobody maps is there, empty, with the columns it promises.
    let sql = "select count(*), arrow_typeof(max(amount)), arrow_typeof(max(refunded_at)) from raw.refunds";
    assert_eq!(
        rows(&engine, sql).await,
        [format!("0 Decimal128(18, 2) {SHANGHAI}")]
    );
    assert!(!engine.tables()["refunds"].is_mapped);
    // Its ids have the type of the mapped tables, so that they join.
    let sql = "select count(*) from raw.returns join raw.refunds using (return_id)";
    assert_eq!(rows(&engine, sql).await, ["0"]);
}

#[tokio::test]
async fn a_required_column_must_be_mapped() {
    let scratch = Scratch::with_workspace(
        "[sources.lines]\nlocation = 'lines.csv'\n[tables.returns]\nfrom = 'lines'\ncolumns = { return_id = 'id' }\n",
    );
    scratch.write("lines.csv", LINES);
    assert_eq!(
        scratch.open_error().await,
        "DIR/aftersight.toml:3:9: returns needs the column `requested_at` (instant): when the customer asked (columns = { ..., requested_at = \"expression\" })"
    );
}

#[tokio::test]
async fn dedupe_keeps_the_row_recorded_last() {
    let toml = |dedupe: &str| {
        format!(
            "[sources.lines]\nlocation = 'lines.csv'\n[tables.returns]\nfrom = 'lines'\n{dedupe}"
        )
    };
    let scratch = Scratch::with_workspace(&toml("dedupe = true\n"));
    scratch.write(
        "lines.csv",
        "return_id,requested_at,quantity,recorded_at\n\
         1,2026-11-01,1,2026-11-01\n1,2026-11-01,1,2026-11-01\n\
         2,2026-11-01,5,2026-11-03\n2,2026-11-01,4,2026-11-02\n2,2026-11-01,3,\n\
         3,2026-11-01,7,\n",
    );
    let engine = scratch.open().await;
    // What one statement does not ask for, the next one may.
    let ids = rows(&engine, "select return_id from raw.returns order by 1").await;
    assert_eq!(ids, ["1", "2", "3"]);
    let sql = "select return_id, quantity from raw.returns order by 1, 2";
    assert_eq!(rows(&engine, sql).await, ["1 1", "2 5", "3 7"]);
    // Copies are looked for once, however often the table is read.
    let twice = "select sum(a.quantity * b.quantity) from raw.returns as a \
         inner join raw.returns as b on a.return_id = b.return_id";
    let plan = rows(&engine, &format!("explain {twice}")).await.join("\n");
    assert_eq!(
        plan.matches("SharedExec: view=returns: copies").count(),
        4,
        "{plan}"
    );
    assert!(!plan.contains("WindowAgg"), "{plan}");
    assert_eq!(rows(&engine, twice).await, ["75"]);
    scratch.write("aftersight.toml", toml(""));
    assert_eq!(
        rows(&scratch.open().await, "select count(*) from raw.returns").await,
        ["6"]
    );
}

#[tokio::test]
async fn a_finer_source_is_grouped_and_foreign_names_need_no_quotes() {
    let scratch = Scratch::with_workspace(
        "[sources.lines]\nlocation = 'lines.csv'\n\n[tables.orders]\nfrom = 'lines'\n\
         where = \"not starts_with(InvoiceNo, 'C')\"\n\
         columns = { order_id = 'InvoiceNo', customer_id = 'Customer', ordered_at = 'min(InvoiceDate)', gross_amount = 'cast(sum(Quantity * Price) as decimal(18, 2))' }\n\
         group_by = ['InvoiceNo', 'Customer']\n",
    );
    scratch.write(
        "lines.csv",
        "InvoiceNo,Customer,InvoiceDate,Quantity,Price\nA1,7,2026-11-01 10:05:00,2,1.25\nA1,7,2026-11-01 10:00:00,1,0.50\nC2,7,2026-11-02 09:00:00,-1,0.50\nA3,,2026-11-03 09:00:00,1,9\n",
    );
    let engine = scratch.open().await;
    let sql = "select order_id, customer_id, ordered_at, gross_amount from raw.orders order by 1";
    assert_eq!(
        rows(&engine, sql).await,
        [
            "A1 7 2026-11-01T10:00:00Z 3.00",
            "A3 - 2026-11-03T09:00:00Z 9.00"
        ]
    );
    let file = scratch
        .read("aftersight.toml")
        .replace("min(InvoiceDate)", "InvoiceDate");
    scratch.write("aftersight.toml", file);
    let found = scratch.open_error().await;
    assert!(
        found.contains("orders.ordered_at is neither in group_by nor an aggregate"),
        "{found}"
    );
}

#[tokio::test]
async fn a_table_can_be_a_query_of_its_own() {
    let scratch = Scratch::with_workspace(
        "[sources.lines]\nlocation = 'lines.csv'\n\n[tables.returns]\nsql = 'mapping/returns.sql'\n",
    );
    scratch.write("lines.csv", LINES);
    scratch.write(
        "mapping/returns.sql",
        "select id as return_id, at as requested_at from source.lines where amount > 0",
    );
    let engine = scratch.open().await;
    assert_eq!(
        rows(&engine, "select return_id from raw.returns").await,
        ["1"]
    );
    error(&engine, "select nothing from raw.returns").await;
    scratch.write(
        "mapping/returns.sql",
        "select id as return_id, at as requestd_at from lines",
    );
    let found = scratch.open_error().await;
    assert!(
        found.contains("mapping/returns.sql returns `requestd_at`, which returns does not have (did you mean `requested_at`?)"),
        "{found}"
    );
}

#[tokio::test]
async fn a_query_reads_naive_timestamps_in_the_zone_of_its_sources() {
    let scratch = Scratch::with_workspace(
        "[workspace]\ntime_zone = 'Asia/Shanghai'\n\
         [sources.lines]\nlocation = 'lines.csv'\ntime_zone = 'Europe/London'\n\
         [sources.others]\nlocation = 'lines.csv'\n\
         [tables.returns]\nsql = 'returns.sql'\n",
    );
    scratch.write(
        "lines.csv",
        LINES.replace("2026-11-01 10:00:00", "2026-07-01 10:00:00"),
    );
    let sql = "select requested_at from raw.returns order by requested_at";
    // London is one hour before UTC in July, and not in November.
    let july = "2026-07-01T17:00:00+08:00";
    scratch.write(
        "returns.sql",
        "with l as (select * from source.lines) select id as return_id, at as requested_at from l",
    );
    let found = rows(&scratch.open().await, sql).await;
    assert_eq!(found, [july, "2026-11-02T19:30:00+08:00"]);

    // A zone for the time of one source must not be taken from another.
    let both = |at: &str| {
        format!(
            "select id as return_id, {at} as requested_at from source.lines \
             where id in (select id from source.others where id = 1)"
        )
    };
    scratch.write("returns.sql", both("at"));
    let found = scratch.open_error().await;
    assert!(
        found.contains("returns.requested_at must be")
            && found.contains("from sources of several time zones")
            && found.contains("to_instant(x, 'Europe/London')"),
        "{found}"
    );
    scratch.write("returns.sql", both("to_instant(at, 'Europe/London')"));
    assert_eq!(rows(&scratch.open().await, sql).await, [july]);
}
