//! What a mapping cleans: wide sources made long, codes of the source, accounts of several shops.

use crate::support::Scratch;

const HEAD: &str =
    "version = 1\n[workspace]\ncurrency = \"CNY\"\n[settings]\nas_of = \"2026-02-01\"\n";

/// A questionnaire with a column for each question.
fn wide(table: &str) -> Scratch {
    let sources = "[sources.answers]\nlocation = \"answers.csv\"\n";
    let scratch = Scratch::with_workspace(&format!("{HEAD}{sources}[tables.surveys]\n{table}"));
    scratch.write(
        "answers.csv",
        "id,buyer,sent,recommend,satisfied,effort,kind\n\
         a1,ann,2026-01-05 10:00:00,10,5,2,app\n\
         a2,ben,2026-01-06 10:00:00,6,2.5,,app\n\
         a3,cid,2026-01-07 10:00:00,,,,mail\n",
    );
    scratch
}

const UNPIVOT: &str = "from = \"answers\"\n\
    columns = { response_id = \"id\", customer_id = \"buyer\", sent_at = \"sent\", \
    direction = \"case kind when 'ces' then 'effort' end\" }\n";

fn query(scratch: &Scratch, sql: &str) -> String {
    let ran = scratch.run(&["-q", "--format", "csv", "-c", sql]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    ran.stdout
}

#[test]
fn a_wide_questionnaire_becomes_a_row_for_each_answer() {
    let of = "unpivot = { name = \"kind\", value = \"score\", columns = { nps = \"recommend\", csat = \"satisfied\", ces = \"effort\" }";
    let scratch = wide(&format!("{UNPIVOT}{of} }}\n"));
    let sql = "select response_id, kind, customer_id, direction, score from staging.surveys order by response_id, kind";
    assert_eq!(
        query(&scratch, sql),
        "response_id,kind,customer_id,direction,score\n\
         a1,ces,ann,effort,2.0\n\
         a1,csat,ann,,5.0\n\
         a1,nps,ann,,10.0\n\
         a2,csat,ben,,2.5\n\
         a2,nps,ben,,6.0\n"
    );
    // One promoter and one detractor of two.
    let nps = "select nps(score) as nps from staging.surveys where kind = 'nps'";
    assert_eq!(query(&scratch, nps), "nps\n0.0\n");
    // Questions that were asked and not answered stay where they are wanted.
    let scratch = wide(&format!("{UNPIVOT}{of}, keep_empty = true }}\n"));
    let sql = "select kind, count(*) as asked, count(score) as answered from staging.surveys group by kind order by kind";
    assert_eq!(
        query(&scratch, sql),
        "kind,asked,answered\nces,3,1\ncsat,3,2\nnps,3,2\n"
    );
}

#[test]
fn an_unpivot_that_cannot_be_says_where_and_why() {
    let check = |unpivot: &str, stderr: &str| {
        let scratch = wide(&format!("{UNPIVOT}unpivot = {unpivot}\n"));
        scratch.check_refused(stderr);
    };
    check(
        "{ name = \"kind\", columns = { nps = \"recommend\" } }",
        "error: aftersight.toml:11:1: unpivot needs name, value and columns\n  help: { name = \"kind\", value = \"score\", columns = { nps = \"q1\", csat = \"q2\" } }\n",
    );
    check(
        "{ name = \"kind\", value = \"scor\", columns = { nps = \"recommend\" } }",
        "error: aftersight.toml:11:36: there is no column `scor`\n  help: did you mean `score`?\n",
    );
    check(
        "{ name = \"kind\", value = \"score\", columns = { nps = \"recomend\" } }",
        "error: aftersight.toml:11:63: `nps = recomend`: there is no column `recomend`\n  help: did you mean `recommend`?\n",
    );
    check(
        "{ name = \"kind\", value = \"score\", columns = { nps = \"recommend\", csat = \"buyer\" } }",
        "error: aftersight.toml:11:1: unpivot needs columns of one type: nps is Int64, csat is Utf8\n  help: cast(x as double), or cast(x as varchar)\n",
    );
}

#[test]
fn codes_of_the_source_become_those_of_the_tables() {
    let table =
        "[sources.returns]\nlocation = \"returns.csv\"\n[tables.returns]\nfrom = \"returns\"\n";
    let codes = "codes = { reason_code = { \"尺码不符\" = \"size_fit\", \" DEF-1\" = \"defective/seam\" } }\n";
    let scratch = Scratch::with_workspace(&format!("{HEAD}{table}{codes}"));
    scratch.write(
        "returns.csv",
        "return_id,order_id,quantity,kind,requested_at,reason_code\n\
         r1,o1,1,return,2026-01-05 10:00:00,尺码不符\n\
         r2,o2,1,return,2026-01-05 10:00:00,def-1 \n\
         r3,o3,1,return,2026-01-05 10:00:00,late_delivery\n\
         r4,o4,1,return,2026-01-05 10:00:00,\n",
    );
    // White space and case of the source do not matter; what is not listed stays.
    let sql = "select return_id, reason_code from raw.returns order by 1";
    assert_eq!(
        query(&scratch, sql),
        "return_id,reason_code\nr1,size_fit\nr2,defective/seam\nr3,late_delivery\nr4,\n"
    );
    let wrong = |codes: &str, stderr: &str| {
        scratch.write("aftersight.toml", format!("{HEAD}{table}codes = {codes}\n"));
        scratch.check_refused(stderr);
    };
    wrong(
        "{ reson_code = { \"a\" = \"b\" } }",
        "error: aftersight.toml:10:11: unknown column of returns `reson_code`\n  help: did you mean `reason_code`?\n",
    );
    wrong(
        "{ quantity = { \"a\" = \"b\" } }",
        "error: aftersight.toml:10:30: returns.quantity is integer, and codes are of texts\n  help: write a case expression in its mapping\n",
    );
    wrong(
        "{ sku = { \"a\" = \"b\" } }",
        "error: aftersight.toml:10:25: returns.sku is id, and codes are of texts\n  help: write a case expression in its mapping\n",
    );
}

/// Two shops with accounts of their own; ann buys in both, as 7 in the east and as 12 in the west.
fn two_shops(identity: &str, map: &str) -> Scratch {
    let sources = "[sources.orders]\nlocation = \"orders.csv\"\ncolumns = { account = \"text\" }\n\
        [sources.id_map]\nlocation = \"id_map.csv\"\ncolumns = { source_customer_id = \"text\" }\n";
    let tables = "[tables.orders]\nfrom = \"orders\"\n\
        columns = { order_id = \"id\", shop_id = \"shop\", customer_id = \"concat(shop, '-', account)\", ordered_at = \"at\", gross_amount = \"amount\" }\n";
    let scratch = Scratch::with_workspace(&format!("{HEAD}{sources}{tables}{identity}{map}"));
    scratch.write(
        "orders.csv",
        "id,shop,account,at,amount\n\
         1,east,7,2026-01-01 10:00:00,100.00\n\
         2,east,7,2026-01-02 10:00:00,50.00\n\
         3,east,8,2026-01-03 10:00:00,30.00\n\
         4,west,12,2026-01-04 10:00:00,20.00\n\
         5,west,8,2026-01-05 10:00:00,10.00\n\
         6,west,9,2026-01-06 10:00:00,5.00\n",
    );
    // west-9 is said to be two people: of nobody, it stays a customer of its own.
    scratch.write(
        "id_map.csv",
        "source,source_customer_id,customer_id\n\
         East,east-7,ann\n\
         west, west-12,ann\n\
         west,west-9,ben\n\
         west,west-9,cid\n",
    );
    scratch
}

const MAP: &str = "[tables.id_map]\nfrom = \"id_map\"\n";

#[test]
fn accounts_of_two_shops_become_one_customer() {
    let orders = "select customer_id, count(*) as orders, sum(net_amount) as amount from staging.orders group by 1 order by 1";
    // Without the map there are five buyers, of six orders.
    let apart = two_shops("", MAP);
    assert_eq!(
        query(&apart, orders),
        "customer_id,orders,amount\n\
         east-7,2,150.00\neast-8,1,30.00\nwest-12,1,20.00\nwest-8,1,10.00\nwest-9,1,5.00\n"
    );
    let shop = two_shops("identity = \"shop_id\"\n", MAP);
    assert_eq!(
        query(&shop, orders),
        "customer_id,orders,amount\n\
         ann,3,170.00\neast-8,1,30.00\nwest-8,1,10.00\nwest-9,1,5.00\n"
    );
    // ann alone bought in both; 150 of 180 in the east and 20 of 35 in the west are hers.
    let coverage = "select shop, orders, known_orders, customers, shared_customers, shared_orders, shared_amount from identity_coverage_by_shop order by shop";
    assert_eq!(
        query(&shop, coverage),
        "shop,orders,known_orders,customers,shared_customers,shared_orders,shared_amount\n\
         east,3,3,2,1,2,150.00\nwest,3,3,3,1,1,20.00\n"
    );
    assert_eq!(
        query(
            &apart,
            "select sum(shared_customers) as n from identity_coverage_by_shop"
        ),
        "n\n0\n"
    );
    // Her three orders make her the most frequent buyer.
    let rfm =
        "select customer_id, frequency from rfm(rfm_net => false) order by frequency desc limit 1";
    assert_eq!(query(&shop, rfm), "customer_id,frequency\nann,3\n");
}

#[test]
fn an_identity_without_a_map_or_a_customer_is_refused() {
    let shop = two_shops("identity = \"shop_id\"\n", "");
    shop.check_refused(
        "error: aftersight.toml:15:12: `identity` needs the table id_map, which is not mapped\n  help: [tables.id_map] with source, source_customer_id and customer_id\n",
    );
    let shop = two_shops("identity = \"shopid\"\n", MAP);
    shop.run(&["-c", "select 1"])
        .check_says(2, "did you mean `shop_id`?");
    let shop = two_shops("", &format!("{MAP}identity = \"'east'\"\n"));
    shop.run(&["-c", "select 1"])
        .check_says(2, "`identity` needs the table id_map");
    let shop = two_shops(
        "",
        "[sources.p]\nlocation = \"orders.csv\"\n[tables.products]\nfrom = \"p\"\ncolumns = { sku = \"shop\" }\nidentity = \"'east'\"\n",
    );
    shop.check_refused("error: aftersight.toml:20:1: products has no customer_id\n");
}
