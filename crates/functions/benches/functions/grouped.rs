//! Grouped rates beside `avg` and beside plain SQL, and RFM beside `ntile`.

use crate::study::Study;
use crate::table::{below, floats, ids, integers, mixed, table};

const N_ROWS: usize = 10_000_000;
const N_CUSTOMERS: usize = 2_000_000;

const NPS_BY_HAND: &str = "100.0 * (sum(case when score in (9, 10) then 1 else 0 end) \
    - sum(case when score in (0, 1, 2, 3, 4, 5, 6) then 1 else 0 end)) \
    / nullif(sum(case when score in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10) then 1 else 0 end), 0)";
const CSAT_BY_HAND: &str = "cast(sum(case when stars in (4, 5) then 1 else 0 end) as double) \
    / nullif(sum(case when stars in (1, 2, 3, 4, 5) then 1 else 0 end), 0)";

pub(crate) fn studies() -> Vec<Study> {
    let mut studies = Vec::new();
    for n_groups in [2, 1_000, 1_000_000] {
        for is_text in [false, true] {
            let kind = if is_text { "text" } else { "integer" };
            let rows = move || {
                let columns = [
                    ids("g", is_text, move |row| below(n_groups, row)),
                    floats("score", |row| (mixed(row + 1) % 11) as f64),
                    floats("stars", |row| (mixed(row + 2) % 5 + 1) as f64),
                    integers("returned", |row| (mixed(row + 3) % 2) as i64),
                    integers("sold", |row| (mixed(row + 4) % 3 + 1) as i64),
                ];
                table(N_ROWS, &columns)
            };
            let grouped =
                |call: &str| format!("select count(v) from (select {call} as v from t group by g)");
            let named = |name: &str, call: &str| (name.to_owned(), grouped(call));
            studies.push(Study {
                name: format!("nps_of_{n_groups}_{kind}_groups"),
                table: Box::new(rows),
                cases: vec![
                    named("avg", "avg(score)"),
                    named("nps", "nps(score)"),
                    named("plain_sql", NPS_BY_HAND),
                ],
            });
            studies.push(Study {
                name: format!("csat_of_{n_groups}_{kind}_groups"),
                table: Box::new(rows),
                cases: vec![
                    named("avg", "avg(stars)"),
                    named("csat", "csat(stars)"),
                    named("plain_sql", CSAT_BY_HAND),
                ],
            });
            studies.push(Study {
                name: format!("return_rate_of_{n_groups}_{kind}_groups"),
                table: Box::new(rows),
                cases: vec![
                    named("sum_by_sum", "cast(sum(returned) as double) / sum(sold)"),
                    named("return_rate", "return_rate(returned, sold)"),
                ],
            });
        }
    }
    studies.push(Study::new(
        "rfm_of_2_m_customers",
        || {
            let columns = [
                integers("recency", |row| (mixed(row) % 700) as i64),
                // Most customers bought once.
                integers("frequency", |row| {
                    1 + (mixed(row + 1) % 100).saturating_sub(55).isqrt() as i64
                }),
                floats("monetary", |row| {
                    (mixed(row + 2) % 1_000_000) as f64 / 100.0
                }),
            ];
            table(N_CUSTOMERS, &columns)
        },
        &[
            (
                "three_ntile",
                "select sum(r), sum(f), sum(m) from (select \
                 ntile(5) over (order by recency desc) as r, \
                 ntile(5) over (order by frequency) as f, \
                 ntile(5) over (order by monetary) as m from t)",
            ),
            (
                "rfm_score",
                "select sum(s['r']), sum(s['f']), sum(s['m']) from (select \
                 rfm_score(recency, frequency, monetary) over () as s from t)",
            ),
        ],
    ));
    studies
}
