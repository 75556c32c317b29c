//! Windows that move: the time of a row must not depend on how many there are.

use crate::study::Study;
use crate::table::{floats, instants, mixed, table};

/// Two years, in microseconds.
const SPAN: i64 = 2 * 365 * 86_400 * 1_000_000;

pub(crate) fn studies() -> Vec<Study> {
    let sizes = [250_000, 500_000, 1_000_000, 2_000_000];
    sizes
        .into_iter()
        .map(|n_rows| {
            let rows = move || {
                let columns = [
                    instants("at", move |row| SPAN / n_rows as i64 * row as i64),
                    floats("score", |row| (mixed(row) % 11) as f64),
                ];
                table(n_rows, &columns)
            };
            let over = |call: &str| {
                format!(
                    "select sum(v) from (select {call} over (order by at \
                     range between interval '28 days' preceding and current row) as v from t)"
                )
            };
            Study {
                name: format!("28_days_of_{n_rows}_rows"),
                table: Box::new(rows),
                cases: vec![
                    ("avg".into(), over("avg(score)")),
                    ("nps".into(), over("nps(score)")),
                ],
            }
        })
        .collect()
}
