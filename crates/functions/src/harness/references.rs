//! Published cases that concern several functions, or functions of DataFusion that ours rest on.

use super::{Cell, published_case, published_cases, session, value};

/// Writes a list of numbers and nulls as rows with their places.
fn rows(input: &serde_json::Value) -> String {
    let rows: Vec<String> = input
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
        .map(|(place, x)| match x.as_f64() {
            Some(x) => format!("({place}, {x:?})"),
            None => format!("({place}, cast(null as double))"),
        })
        .collect();
    format!("(values {}) as d(place, x)", rows.join(", "))
}

fn expected(values: &serde_json::Value, shift: f64) -> Vec<Cell> {
    let values = values.as_array().unwrap().iter();
    values
        .map(|x| x.as_f64().map(|x| x + shift).into())
        .collect()
}

/// The scores of a method and DataFusion's own ranks, as dplyr and pandas print them.
#[tokio::test]
async fn ranks_tiles_and_cuts_are_as_published() {
    let Some(cases) = published_cases("rank_ntile_qcut.json") else {
        return;
    };
    let ctx = session();
    let mut n_checked = 0;
    for (name, case) in cases {
        let from = rows(&case["input"]);
        let score = |method: &str, bins: u8| {
            format!(
                "select array_agg(s.f order by place) from (select place, \
                 rfm_score(x, x, x, '{method}', {bins}) over (order by place) as s from {from})"
            )
        };
        let (query, expected) = match name.as_str() {
            "x" => {
                for rank in [
                    "row_number",
                    "min_rank",
                    "dense_rank",
                    "percent_rank",
                    "cume_dist",
                ] {
                    let function = if rank == "min_rank" { "rank" } else { rank };
                    let key = if rank == "row_number" {
                        "x, place"
                    } else {
                        "x"
                    };
                    let query = format!(
                        "select array_agg(r order by place) from (select place, \
                         {function}() over (order by {key}) as r from {from} where x is not null \
                         union all select place, null from {from} where x is null)"
                    );
                    let expected = expected(&case["expected"][rank], 0.0);
                    assert_eq!(value(&ctx, &query).await, expected, "{rank}");
                }
                (
                    score("ntile", 2),
                    expected(&case["expected"]["ntile2"], 0.0),
                )
            }
            "ntile(1:8,3)" => (score("ntile", 3), expected(&case["expected"], 0.0)),
            // Codes of pandas begin with 0.
            "pandas qcut(range(5),4,labels=False)" => {
                (score("qcut", 4), expected(&case["expected"], 1.0))
            }
            "pandas qcut(range(5),3) codes" => (score("qcut", 3), expected(&case["expected"], 1.0)),
            other => panic!("no test for {other}"),
        };
        assert_eq!(value(&ctx, &query).await, expected, "{name}");
        n_checked += 1;
    }
    assert_eq!(n_checked, 4);
}

/// The same returns by the month of the order and by the month they came back in.
#[tokio::test]
async fn return_rates_by_order_and_by_date_are_as_published() {
    let Some(case) = published_case("return_rate_basis.json", "orders") else {
        return;
    };
    let table = |name: &str| {
        let rows: Vec<String> = case[name]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| {
                let text = |i: usize| row[i].as_str().unwrap();
                format!(
                    "('{}', '{}', {:?})",
                    text(0),
                    &text(1)[..7],
                    row[2].as_f64().unwrap()
                )
            })
            .collect();
        rows.join(", ")
    };
    let with = format!(
        "with o(id, month, value) as (values {}), r(id, month, value) as (values {})",
        table("orders"),
        table("returns")
    );
    let joined = "from o left join r on r.id = o.id group by o.month";
    let ctx = session();
    for (attribution, rates) in [
        (
            "order_cohort",
            format!(
                "select o.month, return_rate(case when r.id is null then 0 else 1 end, 1) as rate \
                 {joined}"
            ),
        ),
        (
            "value_order_cohort",
            format!("select o.month, return_rate(coalesce(r.value, 0), o.value) as rate {joined}"),
        ),
        (
            "return_date",
            "select month, return_rate(returned, ordered) as rate from ( \
             select month, 0 as returned, 1 as ordered from o union all \
             select month, 1, 0 from r) group by month"
                .to_string(),
        ),
    ] {
        let query = format!("{with} select array_agg(100 * rate order by month) from ({rates})");
        let months = case["expected"][attribution].as_object().unwrap();
        let expected: Vec<f64> = months.values().map(|x| x.as_f64().unwrap()).collect();
        super::assert_near(&value(&ctx, &query).await, &expected, 1e-9);
    }
}
