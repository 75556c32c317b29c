//! `p_chart(defects, n [, method [, sigmas [, baseline]]]) over (order by ...)`: chart of a rate.

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::attribute::{Attribute, Plotted, RESULT, parameters};
use super::{Partition, Window};
use crate::args::{Call, Parameters};

#[user_doc(
    doc_section(label = "Monitoring Functions"),
    description = "Returns the point of each period on a chart of a rate, `struct(value, centre, lower, upper, z, \
signal, reason)`: value is defects / n, centre the rate of all periods or of the baseline, lower and upper are centre +- sigmas \
* sqrt(centre * (1 - centre) / n) cut to 0..1, z the distance from the centre in standard deviations (for `run_rules`), \
signal 1 strictly above the upper limit, -1 strictly below the lower, else 0. With `laney` the standard deviation is \
multiplied by how much the standardised rates really vary from one period to the next (Laney 2002, p'): use it where n \
is in the thousands, since plain limits then shrink until every period signals. All are fractions. Periods with a NULL \
are not part of the chart and have a NULL result. Neither are those whose counts are negative, not whole, or more than n: \
their fields are NULL and reason says why, as it does for a period with n of 0, which has a centre only. A frame has no effect.",
    syntax_example = "p_chart(defects, n [, method [, sigmas [, baseline]]]) over ([partition by ...] order by ...)",
    sql_example = r#"```sql
select week, round(c.value, 3) as value, round(c.lower, 3) as lower, round(c.upper, 3) as upper, c.signal as signal
from (
    select week, p_chart(returned, sold, null, null, week <= 3) over (order by week) as c
    from (values (1, 12, 100), (2, 8, 110), (3, 10, 90), (4, 24, 100)) as weeks(week, returned, sold)
)
order by week;
+------+-------+-------+-------+--------+
| week | value | lower | upper | signal |
+------+-------+-------+-------+--------+
| 1    | 0.12  | 0.01  | 0.19  | 0      |
| 2    | 0.073 | 0.014 | 0.186 | 0      |
| 3    | 0.111 | 0.005 | 0.195 | 0      |
| 4    | 0.24  | 0.01  | 0.19  | 1      |
+------+-------+-------+-------+--------+
```"#,
    argument(
        name = "defects",
        description = "Cases that count, such as orders returned."
    ),
    argument(name = "n", description = "All cases of the period."),
    argument(name = "method", description = "'plain' (default) or 'laney'."),
    argument(
        name = "sigmas",
        description = "Distance of the limits in standard deviations, 3 by default."
    ),
    argument(
        name = "baseline",
        description = "Whether the period is one of those that centre and limits come from; all by default."
    ),
    related_udf(name = "np_chart"),
    related_udf(name = "u_chart"),
    related_udf(name = "xmr_chart"),
    related_udf(name = "run_rules")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct PChart;

impl Window for PChart {
    const NAME: &'static str = "p_chart";
    const PARAMETERS: Parameters = Parameters::new(Self::NAME, &parameters("n"));

    fn result(&self) -> DataType {
        RESULT.data_type()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Partition>> {
        Attribute::read(Self::NAME, Plotted::Rate, call)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{
        Cell, assert_near, published, published_case, published_numbers, session, value,
    };

    /// Montgomery, example 6-1 of the solutions manual: 117 defectives in 20 samples of 100.
    #[tokio::test]
    async fn limits_are_cut_at_zero() {
        let query = "select min(c) from (select p_chart(d, 100) over (order by i) as c from \
                     (select i, case when i <= 3 then 5 else 6 end as d \
                     from generate_series(1, 20) as s(i)))";
        let got = value(&session(), query).await;
        assert_near(&got[..4], &[0.05, 0.0585, 0.0, 0.1289], 5e-5);
    }

    /// Large samples whose rate wanders: the factor is the mean moving range of z over 1.128.
    #[tokio::test]
    async fn laney_widens_the_limits_by_what_really_varies() {
        let query = "select [c['upper'], l['upper']] from (select i, \
            p_chart(d, 10000) over (order by i) as c, \
            p_chart(d, 10000, 'laney') over (order by i) as l \
            from (values (1, 1000), (2, 1200), (3, 1000), (4, 1200)) as t(i, d)) where i = 1";
        let got = value(&session(), query).await;
        let sigma = (0.11_f64 * 0.89 / 10_000.0).sqrt();
        let sigma_z = 0.02 / sigma / 1.128;
        let expected = [0.11 + 3.0 * sigma, 0.11 + 3.0 * sigma * sigma_z];
        assert_near(&got, &expected, 1e-12);
    }

    #[tokio::test]
    async fn periods_without_a_count_are_not_part_of_the_chart() {
        let query = "select array_agg(c['centre'] order by i) from (select i, \
                     p_chart(d, n) over (order by i) as c \
                     from (values (1, 1, 10), (2, null, 10), (3, 3, 10)) as t(i, d, n))";
        let got = value(&session(), query).await;
        assert_eq!(got, [Cell::Number(0.2), Cell::Null, Cell::Number(0.2)]);
    }

    #[tokio::test]
    async fn a_period_that_cannot_be_says_why_and_spares_the_others() {
        let query = "select array_agg(struct(c['value'], c['reason']) order by i) from (select i, \
                     p_chart(d, n) over (order by i) as c \
                     from (values (1, 1, 10), (2, 3, 2), (3, 3, 10), (4, 0, 0)) as t(i, d, n))";
        let text = |reason: &str| Cell::Text(reason.to_string());
        assert_eq!(
            value(&session(), query).await,
            [
                Cell::Number(0.1),
                Cell::Null,
                Cell::Null,
                text("expected whole counts with defects of at most n, got 3 of 2"),
                Cell::Number(0.3),
                Cell::Null,
                Cell::Null,
                text("n is 0"),
            ]
        );
    }

    /// qcc's orange juice cans: 30 samples of 50, of which 15 and 23 are out of control.
    #[tokio::test]
    async fn orange_juice_is_charted_as_by_qcc() {
        let file = "p_chart.json";
        let (Some(text), Some(first), Some(second)) = (
            published("pchart_orangejuice.csv"),
            published_case(file, "phase I"),
            published_case(file, "without 15"),
        ) else {
            return;
        };
        let header = text.lines().next().unwrap().replace('"', "");
        let names: Vec<&str> = header.split(',').collect();
        let place = |name: &str| names.iter().position(|n| *n == name).unwrap();
        let (sample, d, size, trial) = (place("sample"), place("D"), place("size"), place("trial"));
        let rows: Vec<String> = text
            .lines()
            .skip(1)
            .map(|line| {
                let c: Vec<&str> = line.split(',').collect();
                format!(
                    "({}, {}, {}, {})",
                    c[sample],
                    c[d],
                    c[size],
                    c[trial].to_lowercase()
                )
            })
            .collect();
        let table = format!("(values {}) as t(i, d, n, trial)", rows.join(", "));
        let ctx = session();
        let query = format!(
            "select min(struct(c['centre'], c['lower'], c['upper'])) from \
             (select p_chart(d, n) over (order by i) as c from {table} where trial)"
        );
        let got = value(&ctx, &query).await;
        let expected = &first["expected"];
        for (cell, name) in got.iter().zip(["center", "lcl", "ucl"]) {
            assert_near(
                std::slice::from_ref(cell),
                &published_numbers(&expected[name]),
                1e-4,
            );
        }
        let query = format!(
            "select array_agg(i order by i) from \
             (select i, p_chart(d, n) over (order by i) as c from {table} where trial) \
             where c['signal'] <> 0"
        );
        let signals = published_numbers(&expected["violations"]);
        assert_near(&value(&ctx, &query).await, &signals, 0.0);
        let query = format!(
            "select min(struct(c['centre'], c['lower'], c['upper'])) from (select p_chart(d, n, \
             null, null, trial and i not in (15, 23)) over (order by i) as c from {table})"
        );
        let got = value(&ctx, &query).await;
        for (cell, name) in got.iter().zip(["center", "lcl", "ucl"]) {
            let expected = published_numbers(&second["expected"][name]);
            assert_near(std::slice::from_ref(cell), &expected, 1e-4);
        }
    }
}
