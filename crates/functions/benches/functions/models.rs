//! Models, charts and drivers: how their time grows with the rows.
//!
//! `bgnbd_fit` beside the Python package lifetimes is `benches/lifetimes.py`.

use crate::study::Study;
use crate::table::{below, floats, integers, mixed, table};

/// A number between 0 and 1, without order.
fn unit(row: usize) -> f64 {
    (mixed(row) >> 11) as f64 / (1_u64 << 53) as f64
}

pub(crate) fn studies() -> Vec<Study> {
    let mut studies = Vec::new();
    for n_rows in [250_000, 500_000, 1_000_000] {
        let series = move || {
            let columns = [
                integers("day", |row| row as i64),
                floats("x", |row| 100.0 + 10.0 * unit(row) + (row % 7) as f64),
                integers("defects", |row| below(30, row)),
                integers("n", |row| 500 + below(100, row + 1)),
            ];
            table(n_rows, &columns)
        };
        let chart = |call: &str| {
            format!("select count(c) from (select {call} over (order by day) as c from t)")
        };
        let named = |name: &str, sql: String| (name.to_owned(), sql);
        studies.push(Study {
            name: format!("series_of_{n_rows}_rows"),
            table: Box::new(series),
            cases: vec![
                named("row_number", chart("row_number()")),
                named("p_chart", chart("p_chart(defects, n, 'laney')")),
                named("xmr_chart", chart("xmr_chart(x)")),
                named("ewma_chart", chart("ewma_chart(x)")),
                named("cusum", chart("cusum(x)")),
                named("ses", "select ses(day, x)['alpha'] from t".into()),
                named("ses_of_given_alpha", "select ses(day, x, 10, null, 0.2, 'simple')['level'] from t".into()),
                named(
                    "holt_winters_of_given_weights",
                    "select holt_winters(day, x, 7, 14, null, null, null, 0.2, 0.05, 0.1, null, 'simple')['level'] from t".into(),
                ),
            ],
        });
        let drivers = move || {
            let mut columns = vec![floats("y", |row| {
                (0..10).map(|i| unit(row * 16 + i) * i as f64).sum()
            })];
            let names = ["x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9"];
            for (i, name) in names.into_iter().enumerate() {
                columns.push(floats(name, move |row| unit(row * 16 + i)));
            }
            table(n_rows, &columns)
        };
        let all = "y, x0, x1, x2, x3, x4, x5, x6, x7, x8, x9";
        let products = (0..10).map(|i| format!("sum(y * x{i}), sum(x{i})"));
        let products: Vec<String> = products
            .chain((0..10).flat_map(|i| (i..10).map(move |j| format!("sum(x{i} * x{j})"))))
            .collect();
        studies.push(Study {
            name: format!("ten_drivers_of_{n_rows}_rows"),
            table: Box::new(drivers),
            cases: vec![
                named(
                    "cross_products_in_sql",
                    format!("select {} from t", products.join(", ")),
                ),
                named(
                    "driver_relative_weights",
                    format!("select driver_relative_weights({all}) from t"),
                ),
                named(
                    "driver_shapley",
                    format!("select driver_shapley({all}) from t"),
                ),
                named(
                    "linear_regression",
                    format!("select linear_regression({all}) from t"),
                ),
            ],
        });
        studies.push(Study {
            name: format!("bgnbd_of_{n_rows}_customers"),
            table: Box::new(move || {
                let columns = [
                    // Weeks; who bought once was last seen at age 0.
                    integers("x", |row| customer(row).0),
                    integers("t_x", |row| customer(row).1),
                    integers("age", |row| customer(row).2),
                ];
                table(n_rows, &columns)
            }),
            cases: vec![
                named(
                    "count_distinct_groups",
                    "select count(*) from (select x, t_x, age from t group by x, t_x, age)".into(),
                ),
                named("bgnbd_fit", "select bgnbd_fit(x, t_x, age) from t".into()),
            ],
        });
    }
    studies
}

/// A customer of a BG/NBD process: repeat purchases, age at the last, age in weeks.
fn customer(row: usize) -> (i64, i64, i64) {
    let age = 27 + below(78, row);
    // A rate and a chance to drop out of one's own, both skewed.
    let rate = 0.15 * unit(row + 1).powi(3);
    let drop = unit(row + 2).powi(2);
    let (mut at, mut x, mut draw) = (0.0, 0, 3);
    loop {
        let wait = -(1.0 - unit(row * 64 + draw)).ln() / rate.max(1e-9);
        if at + wait > age as f64 || x >= 30 {
            break;
        }
        at += wait;
        x += 1;
        if unit(row * 64 + draw + 1) < drop {
            break;
        }
        draw += 2;
    }
    // Whole weeks; a repeat in the first week is of week one.
    let last = if x == 0 {
        0
    } else {
        (at.ceil() as i64).clamp(1, age)
    };
    (x, last, age)
}
