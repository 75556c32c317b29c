//! `aftersight init`: files somebody else named and laid out become a workspace that opens.

use aftersight_engine::{Engine, Options};

use crate::slt::root;
use crate::support::{Ran, Scratch, rows, shared};

/// Runs `init` in a scratch folder and writes the proposal there.
fn init(scratch: &Scratch, args: &[&str]) -> Ran {
    let mut all = vec!["init"];
    all.extend(args);
    let ran = scratch.run(&all);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    ran
}

/// The lines of a section of the proposal, without their comments.
fn section(text: &str, name: &str) -> Vec<String> {
    let head = format!("[{name}]");
    let lines = text.lines().skip_while(|l| !l.starts_with(&head)).skip(1);
    lines
        .take_while(|l| !l.starts_with('['))
        .map(|l| {
            let plain = l.split("  #").next().unwrap_or_default().trim_end();
            plain
                .split(" = ")
                .map(str::trim)
                .collect::<Vec<_>>()
                .join(" = ")
        })
        .filter(|l| !l.is_empty() && !l.starts_with('#'))
        .collect()
}

/// A shop's exports with Chinese headers: lines are called orders, times are written three
/// ways, article numbers start with zeros, answers stand side by side.
fn chinese() -> Scratch {
    let scratch = Scratch::new();
    scratch.write(
        "导出/订单.csv",
        "\u{feff}订单号,会员ID,商品编码,商品名称,数量,单价,下单时间,付款时间,签收时间,备注\n\
         D0001,88001,00123,亚麻衬衫,1,100.00,2026/1/2 10:05,2026/1/2 10:06,2026/1/5 18:20,\n\
         D0001,88001,00456,雨靴,2,80.00,2026/1/2 10:05,2026/1/2 10:06,2026/1/5 18:20,\n\
         D0002,88002,00123,亚麻衬衫,1,100.00,2026/1/3 11:15,2026/1/3 11:20,2026/1/6 12:00,\n\
         D0003,88001,00789,台灯,1,150.00,2026/1/9 20:30,2026/1/9 20:31,,加急\n",
    );
    scratch.write(
        "导出/退货.csv",
        "退货单号,订单号,会员ID,商品编码,退货数量,退货原因,退款金额(分),退货申请时间,退款时间\n\
         T001,D0001,88001,00456,1,尺码不合适,8000,2026-01-08 09:00:00,2026-01-12 10:00:00\n\
         T002,D0002,88002,00123,1,质量问题,10000,2026-01-09 09:00:00,\n",
    );
    scratch.write(
        "导出/客户.csv",
        "会员ID,注册时间,渠道,省份,性别,生日,是否VIP\n\
         88001,2025年6月1日,小程序,浙江,女,1990-02-03,是\n\
         88002,2025年7月1日,天猫,上海,男,1985-05-06,否\n",
    );
    scratch.write(
        "导出/工单.csv",
        "工单号,会员ID,订单号,问题类型,渠道,优先级,客服,创建时间,首次响应时间,解决时间\n\
         G1,88001,D0001,退款,电话,高,小王,2026-01-07 09:00:00,2026-01-07 09:05:00,2026-01-07 12:00:00\n\
         G2,88002,D0002,物流,在线,中,小李,2026-01-05 09:00:00,2026-01-05 09:30:00,\n",
    );
    scratch.write(
        "导出/满意度调查.csv",
        "问卷编号,会员ID,订单号,推荐度,满意度,填写时间,评语\n\
         Q1,88001,D0001,9,4,2026-01-10 10:00:00,很好\n\
         Q2,88002,D0002,3,,2026-01-11 10:00:00,物流太慢\n",
    );
    scratch
}

#[tokio::test]
async fn chinese_exports_become_a_workspace() {
    let scratch = chinese();
    let ran = init(&scratch, &["导出", "--write"]);
    assert_eq!(ran.stdout, "workspace file: DIR/导出/aftersight.toml\n");
    let text = scratch.read("导出/aftersight.toml");
    assert!(
        text.contains("time_zone = \"Asia/Shanghai\"  # a guess"),
        "{text}"
    );
    assert!(text.contains("currency = \"CNY\"  # a guess"), "{text}");
    assert!(text.contains("location = \"订单.csv\""), "{text}");
    assert!(text.contains("# not mapped: 备注 (text): 加急"), "{text}");
    let file = scratch.path("导出/aftersight.toml");
    let engine = Engine::open_file(&file, Options::default()).await.unwrap();
    // 10:05 in Shanghai; the value of an order is that of its lines.
    // What the values of codes mean is said, for whoever knows better.
    assert!(
        text.contains(
            "reason_code = { \"尺码不合适\" = \"size_fit\", \"质量问题\" = \"defective\" }"
        ),
        "{text}"
    );
    let orders = rows(
        &engine,
        "select order_id, customer_id, gross_amount, ordered_at, delivered_at from raw.orders order by order_id",
    );
    assert_eq!(
        orders.await,
        [
            "D0001 88001 260.000 2026-01-02T10:05:00+08:00 2026-01-05T18:20:00+08:00",
            "D0002 88002 100.000 2026-01-03T11:15:00+08:00 2026-01-06T12:00:00+08:00",
            "D0003 88001 150.000 2026-01-09T20:30:00+08:00 -",
        ]
    );
    let items = "select order_id, line_no, sku, quantity, unit_price from raw.order_items order by order_id, line_no";
    assert_eq!(
        rows(&engine, items).await,
        [
            "D0001 1 00123 1 100.00",
            "D0001 2 00456 2 80.00",
            "D0002 1 00123 1 100.00",
            "D0003 1 00789 1 150.00",
        ]
    );
    let returns = "select return_id, order_id, sku, reason_code, refund_amount, requested_at from raw.returns order by 1";
    assert_eq!(
        rows(&engine, returns).await,
        [
            "T001 D0001 00456 size_fit 80.00 2026-01-08T09:00:00+08:00",
            "T002 D0002 00123 defective 100.00 2026-01-09T09:00:00+08:00",
        ]
    );
    let surveys = "select response_id, kind, score, scale from raw.surveys order by 1, 2";
    assert_eq!(
        rows(&engine, surveys).await,
        ["Q1 csat 4.0 5", "Q1 nps 9.0 -", "Q2 nps 3.0 -"]
    );
    let customers =
        "select customer_id, first_seen_at, is_vip, birth_date from raw.customers order by 1";
    assert_eq!(
        rows(&engine, customers).await,
        [
            "88001 2025-06-01T00:00:00+08:00 true 1990-02-03",
            "88002 2025-07-01T00:00:00+08:00 false 1985-05-06",
        ]
    );
    assert_eq!(
        rows(&engine, "select count(*) from raw.tickets").await,
        ["2"]
    );
    assert_eq!(
        rows(&engine, "select count(*) from raw.products").await,
        ["3"]
    );
}

#[test]
fn a_demo_is_found_again_with_its_copies() {
    let scratch = Scratch::new();
    let demo = scratch.run(&["-q", "demo", "shop", "--orders", "3000"]);
    assert_eq!(demo.code, Some(0), "{demo:?}");
    let ran = init(&scratch, &["shop/data"]);
    let text = &ran.stdout;
    let tables: Vec<&str> = text
        .lines()
        .filter(|l| l.starts_with("[tables.") && !l.contains(".columns]"))
        .collect();
    let own = scratch.read("shop/aftersight.toml");
    assert_eq!(tables.len(), own.matches("[tables.").count(), "{text}");
    assert!(tables.iter().all(|l| l.ends_with("# 100 %")), "{tables:?}");
    assert!(!text.contains("not mapped"), "{text}");
    // Every column of every file is the one of its own name.
    let mappings = text
        .lines()
        .filter(|l| l.contains(" = \"") && l.contains("  # 100 %: "));
    let mut n_mapped = 0;
    for line in mappings {
        let (name, rest) = line.split_once(" = ").unwrap();
        assert!(rest.starts_with(&format!("\"{name}\"")), "{line}");
        n_mapped += 1;
    }
    assert!(n_mapped > 200, "{n_mapped}");
    // The generator plants copies in these, and their own file says so too.
    for table in ["orders", "order_items", "returns", "surveys"] {
        let lines = section(text, &format!("tables.{table}"));
        assert!(
            lines.contains(&"dedupe = true".to_owned()),
            "{table}: {lines:?}"
        );
    }
}

#[tokio::test]
async fn the_hand_written_shop_is_its_own_proposal() {
    let scratch = Scratch::with_tiny();
    // Only its tables: the workspace file is what is proposed.
    std::fs::remove_file(scratch.path("aftersight.toml")).unwrap();
    init(
        &scratch,
        &[".", "--output", "aftersight.toml", "--time-zone", "UTC"],
    );
    let file = root("data/tiny").join("aftersight.toml");
    let hand = Engine::open_file(&file, Options::default()).await.unwrap();
    let proposed = scratch.open().await;
    for table in [
        "orders",
        "order_items",
        "returns",
        "refunds",
        "surveys",
        "tickets",
        "shipments",
    ] {
        let sql = format!("select * from raw.{table} order by 1, 2");
        assert_eq!(
            rows(&proposed, &sql).await,
            rows(&hand, &sql).await,
            "{table}"
        );
    }
}

#[tokio::test]
async fn online_retails_file_is_lines_orders_and_credit_notes() {
    let Some(folder) = shared("data/online_retail_ii") else {
        return;
    };
    let scratch = Scratch::new();
    let location = folder.join("online_retail_2010_2011.parquet");
    let location = location.to_str().unwrap();
    let zone = ["--time-zone", "Europe/London", "--currency", "GBP"];
    init(
        &scratch,
        &[&[location, "-o", "aftersight.toml"], &zone[..]].concat(),
    );
    let text = scratch.read("aftersight.toml");
    assert_eq!(
        section(&text, "tables.orders.columns"),
        [
            "order_id = \"invoice\"",
            "customer_id = \"max(customer_id)\"",
            "gross_amount = \"sum(quantity * cast(price as decimal(18, 3)))\"",
            "ordered_at = \"min(invoice_date)\"",
        ]
    );
    assert_eq!(
        section(&text, "tables.order_items"),
        ["from = \"online_retail\"", "where = \"quantity > 0\""]
    );
    let engine = scratch.open().await;
    // 541,909 rows less 10,624 with negative units (PROVENANCE.md of the data).
    assert_eq!(
        rows(&engine, "select count(*) from raw.order_items").await,
        ["531285"]
    );
    let units = "select -sum(quantity) from source.online_retail where quantity < 0";
    let returned = "select sum(quantity) from raw.returns";
    assert_eq!(rows(&engine, returned).await, rows(&engine, units).await);
    let repeated = "select count(*) - count(distinct return_id) from raw.returns";
    assert_eq!(rows(&engine, repeated).await, ["0"]);
}

fn tpc_ds(days: bool) -> Scratch {
    let scratch = Scratch::new();
    scratch.write(
        "store_sales.csv",
        "ss_sold_date_sk,ss_item_sk,ss_customer_sk,ss_store_sk,ss_ticket_number,ss_quantity,ss_sales_price\n\
         2450816,101,1,1,1,2,18.00\n2450816,102,1,1,1,1,9.00\n2450820,101,2,1,2,1,20.00\n",
    );
    scratch.write(
        "store_returns.csv",
        "sr_returned_date_sk,sr_item_sk,sr_customer_sk,sr_ticket_number,sr_reason_sk,sr_return_quantity,sr_return_amt\n\
         2450830,101,1,1,3,1,18.00\n2450835,101,2,2,4,1,20.00\n",
    );
    scratch.write(
        "customer.csv",
        "c_customer_sk,c_customer_id,c_first_name,c_email_address\n\
         1,AAAAAAAABAAAAAAA,Ann,ann@example.com\n2,AAAAAAAACAAAAAAA,Ben,ben@example.com\n",
    );
    scratch.write(
        "item.csv",
        "i_item_sk,i_item_id,i_item_desc,i_wholesale_cost,i_category\n\
         101,AAAAAAAABAAAAAAA,A lamp,10.00,Home\n102,AAAAAAAACAAAAAAA,A boot,5.00,Shoes\n",
    );
    if days {
        scratch.write(
            "date_dim.csv",
            "d_date_sk,d_date,d_year\n2450816,1998-01-02,1998\n2450820,1998-01-06,1998\n\
             2450830,1998-01-16,1998\n2450835,1998-01-21,1998\n",
        );
    }
    scratch
}

#[tokio::test]
async fn date_keys_are_read_through_their_table_or_not_at_all() {
    let without = tpc_ds(false);
    let ran = init(&without, &["."]);
    let reason = "returns is not mapped: `sr_returned_date_sk` looks like `requested_at` and is no date but the key of one; the table of days it points into (date_dim in TPC-DS) is not among the files";
    assert!(ran.stderr.contains(reason), "{ran:?}");
    assert!(
        ran.stdout
            .contains(&format!("# {reason}\n# [tables.returns]")),
        "{ran:?}"
    );
    // What needs no day is there, by the keys that the facts use.
    let customers = section(&ran.stdout, "tables.customers.columns");
    assert_eq!(customers[0], "customer_id = \"c_customer_sk\"");
    assert!(ran.stdout.contains("also fits: c_customer_id ("), "{ran:?}");

    let with = tpc_ds(true);
    init(&with, &[".", "--write"]);
    let engine = with.open().await;
    let returns = "select return_id, order_id, sku, quantity, refund_amount, requested_at from raw.returns order by 1";
    assert_eq!(
        rows(&engine, returns).await,
        [
            "1/101 1 101 1 18.00 1998-01-16T00:00:00Z",
            "2/101 2 101 1 20.00 1998-01-21T00:00:00Z",
        ]
    );
    let orders =
        "select order_id, customer_id, gross_amount, ordered_at from raw.orders order by 1";
    assert_eq!(
        rows(&engine, orders).await,
        [
            "1 1 45.000 1998-01-02T00:00:00Z",
            "2 2 20.000 1998-01-06T00:00:00Z",
        ]
    );
}

#[test]
fn the_yardsticks_names_are_found() {
    let scratch = Scratch::new();
    scratch.write(
        "lake/orders/month=2026-01/part-000.csv",
        "order_id,customer_id,order_ts,status,total,promo_code\n1,7,2026-01-02T10:00:00,delivered,10.50,\n2,8,2026-01-03T10:00:00,delivered,20.00,X\n",
    );
    scratch.write(
        "lake/orders/month=2026-02/part-000.csv",
        "order_id,customer_id,order_ts,status,total,promo_code\n3,7,2026-02-02T10:00:00,delivered,30.00,\n",
    );
    scratch.write(
        "lake/order_items/month=2026-01/part-000.csv",
        "order_id,product_id,qty,unit_price\n1,4,1,10.50\n2,4,1,10.50\n2,5,1,9.50\n3,5,3,10.00\n",
    );
    scratch.write(
        "lake/returns/month=2026-02/part-000.csv",
        "return_id,order_id,product_id,return_ts,reason,qty,refund_amount,logistics_cost\n1,2,5,2026-02-01T10:00:00,size,1,9.50,4.00\n",
    );
    scratch.write("lake/MANIFEST.json", "{\n  \"rows\": 3\n}\n");
    let ran = init(&scratch, &["lake"]);
    let text = &ran.stdout;
    assert!(
        text.contains("[sources.orders]  # csv 2 files, 3 rows"),
        "{text}"
    );
    assert_eq!(
        section(text, "sources.orders"),
        ["location = \"lake/orders/\""]
    );
    // An article stands once in an order, so it numbers the lines, and the returned ones.
    for table in ["order_items", "returns"] {
        let lines = section(text, &format!("tables.{table}.columns"));
        assert!(
            lines.contains(&"line_no = \"product_id\"".to_owned()),
            "{lines:?}"
        );
    }
    let returns = section(text, "tables.returns.columns");
    assert!(
        returns.contains(&"reverse_shipping_cost = \"logistics_cost\"".to_owned()),
        "{returns:?}"
    );
    assert!(text.contains("# Not read: lake/MANIFEST.json: "), "{text}");
    assert!(text.contains("100 % are in orders.order_id"), "{text}");
    assert!(
        ran.stderr.contains("not read: DIR/lake/MANIFEST.json"),
        "{ran:?}"
    );
    assert!(
        ran.stderr.contains("the proposal opens: 3 tables\n"),
        "{ran:?}"
    );
    // The same files, the same bytes.
    assert_eq!(init(&scratch, &["lake"]).stdout, *text);
}

#[test]
fn competing_names_and_open_readings_are_said() {
    let scratch = Scratch::new();
    scratch.write(
        "orders.csv",
        "order_id,customer_id,amount,total_amount,order_date\n1,7,1200,1300,03/02/2026\n2,8,2400,2500,04/02/2026\n",
    );
    let ran = init(&scratch, &["orders.csv", "-q"]);
    assert_eq!(ran.stderr, "");
    let text = &ran.stdout;
    assert!(text.contains("also fits: total_amount ("), "{text}");
    assert!(text.contains("divide by 100 if they are cents"), "{text}");
    assert!(
        text.contains("day and month could as well stand the other way round"),
        "{text}"
    );
}

#[test]
fn ids_of_two_types_become_text() {
    let scratch = Scratch::new();
    scratch.write(
        "orders.csv",
        "order_id,customer_id,ordered_at\nA1,7,2026-01-01T00:00:00Z\n",
    );
    scratch.write(
        "customers.csv",
        "customer_id,email\nc7,c7@example.com\n7,seven@example.com\n",
    );
    let ran = init(&scratch, &["."]);
    let orders = section(&ran.stdout, "tables.orders.columns");
    assert!(
        orders.contains(&"customer_id = \"cast(customer_id as varchar)\"".to_owned()),
        "{orders:?}"
    );
}

#[test]
fn what_is_not_there_or_not_readable_is_told_and_nothing_is_written() {
    let scratch = Scratch::new();
    std::fs::create_dir(scratch.path("empty")).unwrap();
    scratch.write("notes/readme.txt", "hello");
    scratch.write("cut/orders.parquet", "PAR1 but no footer");
    scratch.write(
        "gbk/orders.csv",
        [b"id,".as_slice(), &[0xb6, 0xa9], b"\n1,2\n"].concat(),
    );
    let help = "\n  help: a file, folder, glob or URL of Parquet, CSV or JSON files\n";
    let nothing = |place: &str, why: &str| {
        format!("error: there is nothing to map at DIR/{place}: {why}{help}")
    };
    let run = |args: &[&str]| scratch.run(&[&["init"], args].concat());
    run(&["nowhere", "--write"]).check_error(5, &nothing("nowhere", "no file is there"));
    run(&["empty", "--write"]).check_error(5, &nothing("empty", "no file is there"));
    run(&["empty/*.csv"]).check_error(5, &nothing("empty/*.csv", "no file is there"));
    run(&["notes", "--write"]).check_error(
        5,
        &nothing(
            "notes",
            "none of its 1 files is Parquet, CSV or JSON by its name",
        ),
    );
    run(&["cut", "--write"]).check_says(
        1,
        "error: cannot read DIR/cut/orders.parquet: not a whole Parquet file",
    );
    run(&["gbk", "-o", "new.toml"]).check_says(1, "line 1 is not UTF-8; a file written as GBK");
    assert_eq!(scratch.names("."), ["cut", "empty", "gbk", "notes"]);
    for folder in ["empty", "notes", "cut", "gbk"] {
        assert!(scratch.names(folder).len() <= 1, "{folder}");
    }
}

#[test]
fn a_file_that_is_there_is_replaced_only_by_force() {
    let scratch = Scratch::new();
    scratch.write(
        "orders.csv",
        "order_id,ordered_at\n1,2026-01-01T00:00:00Z\n",
    );
    scratch.write("aftersight.toml", "mine");
    let there = "error: DIR/aftersight.toml is there already\n  help: --force replaces it\n";
    scratch.run(&["init", ".", "--write"]).check_error(2, there);
    scratch
        .run(&["init", "orders.csv", "--write"])
        .check_error(2, there);
    scratch
        .run(&["init", ".", "-o", "aftersight.toml"])
        .check_error(2, there);
    assert_eq!(scratch.read("aftersight.toml"), "mine");
    init(&scratch, &[".", "--write", "--force"]);
    assert!(
        scratch
            .read("aftersight.toml")
            .starts_with("# Proposed by `aftersight init .`")
    );
    scratch.run(&["init", ".", "--currency", "euro"]).check_error(
        2,
        "error: 'euro' is not a currency code\n  help: three capital letters, like EUR or CNY\n",
    );
    scratch
        .run(&["init", ".", "--time-zone", "Asia/Shangai"])
        .check_error(
            2,
            "error: there is no time zone 'Asia/Shangai'\n  help: did you mean `Asia/Shanghai`?\n",
        );
}
