//! `u_chart(defects, units [, method [, sigmas [, baseline]]]) over (order by ...)`: chart of a number per unit.

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::attribute::{Attribute, Plotted, RESULT, parameters};
use super::{Partition, Window};
use crate::args::{Call, Parameters};

#[user_doc(
    doc_section(label = "Monitoring Functions"),
    description = "Returns the point of each period on a chart of how often something happens per unit, where one unit \
may have it several times, such as complaints per order, `struct(value, centre, lower, upper, z, signal, reason)`: value \
is defects / units, centre that of all periods or of the baseline, lower and upper are centre +- sigmas * sqrt(centre / \
units), the variation of a Poisson count, not below 0; z, signal and baseline are as in `p_chart`. With `laney` the \
standard deviation is multiplied by how much the standardised rates really vary from one period to the next (Laney 2002, \
u'): use it where units are in the thousands. With units of 1 it is a c-chart. Periods with a NULL are not part of the \
chart and have a NULL result. Neither are those with defects that are negative or not whole, or in no units: their \
fields are NULL and reason says why, as it does for a period with neither defects nor units, which has a centre only. A frame has no \
effect.",
    syntax_example = "u_chart(defects, units [, method [, sigmas [, baseline]]]) over ([partition by ...] order by ...)",
    sql_example = r#"```sql
select week, c.value as value, c.centre as centre, round(c.upper, 3) as upper, c.signal as signal
from (
    select week, u_chart(complaints, orders, null, null, week <= 3) over (order by week) as c
    from (values (1, 36, 100), (2, 24, 80), (3, 30, 120), (4, 60, 100)) as weeks(week, complaints, orders)
)
order by week;
+------+-------+--------+-------+--------+
| week | value | centre | upper | signal |
+------+-------+--------+-------+--------+
| 1    | 0.36  | 0.3    | 0.464 | 0      |
| 2    | 0.3   | 0.3    | 0.484 | 0      |
| 3    | 0.25  | 0.3    | 0.45  | 0      |
| 4    | 0.6   | 0.3    | 0.464 | 1      |
+------+-------+--------+-------+--------+
```"#,
    argument(
        name = "defects",
        description = "How often it happened, such as complaints."
    ),
    argument(
        name = "units",
        description = "What it can happen to or in, such as orders or days; 1 for a plain count (c-chart)."
    ),
    argument(name = "method", description = "'plain' (default) or 'laney'."),
    argument(
        name = "sigmas",
        description = "Distance of the limits in standard deviations, 3 by default."
    ),
    argument(
        name = "baseline",
        description = "Whether the period is one of those that centre and limits come from; all by default."
    ),
    related_udf(name = "p_chart"),
    related_udf(name = "run_rules")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct UChart;

impl Window for UChart {
    const NAME: &'static str = "u_chart";
    const PARAMETERS: Parameters = Parameters::new(Self::NAME, &parameters("units"));

    fn result(&self) -> DataType {
        RESULT.data_type()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Partition>> {
        Attribute::read(Self::NAME, Plotted::PerUnit, call)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{Cell, assert_near, session, value};

    /// Montgomery, circuit boards (qcc's data set circuit, type = "c"): 26 samples of 100 boards with 516
    /// nonconformities; centre 19.84615, limits 6.48147 and 33.21084, samples 6 and 20 are out of control.
    const CIRCUIT: [u32; 26] = [
        21, 24, 16, 12, 15, 5, 28, 20, 31, 25, 20, 24, 16, 19, 10, 17, 13, 22, 18, 39, 30, 24, 16,
        19, 17, 15,
    ];

    fn table() -> String {
        let rows = CIRCUIT.iter().enumerate();
        let rows: Vec<String> = rows.map(|(i, d)| format!("({}, {d})", i + 1)).collect();
        format!("(values {}) as t(i, d)", rows.join(", "))
    }

    #[tokio::test]
    async fn circuit_boards_are_charted_as_by_qcc() {
        let table = table();
        for (units, scale) in [(1.0, 1.0), (100.0, 0.01)] {
            let query = format!(
                "select min(struct(c['centre'], c['lower'], c['upper'])) from \
                 (select u_chart(d, {units}) over (order by i) as c from {table})"
            );
            let got = value(&session(), &query).await;
            let expected = [19.846_15, 6.481_447, 33.210_86].map(|x| scale * x);
            assert_near(&got, &expected, 1e-5);
            let query = format!(
                "select array_agg(i order by i) from (select i, u_chart(d, {units}) over (order by i) \
                 as c from {table}) where c['signal'] <> 0"
            );
            assert_near(&value(&session(), &query).await, &[6.0, 20.0], 0.0);
        }
    }

    /// The factor is the mean moving range of z over 1.128, by a loop.
    #[tokio::test]
    async fn laney_widens_the_limits_by_what_really_varies() {
        let query = format!(
            "select min(c['upper']) from (select u_chart(d, 50, 'laney') over (order by i) as c from {})",
            table()
        );
        let rates: Vec<f64> = CIRCUIT.iter().map(|d| f64::from(*d) / 50.0).collect();
        let centre = rates.iter().sum::<f64>() / 26.0;
        let sigma = (centre / 50.0).sqrt();
        let ranges: f64 = rates.windows(2).map(|w| (w[1] - w[0]).abs() / sigma).sum();
        let upper = centre + 3.0 * sigma * ranges / 25.0 / 1.128;
        assert_near(&value(&session(), &query).await, &[upper], 1e-12);
    }

    #[tokio::test]
    async fn periods_without_limits_say_why() {
        let query = "select array_agg(struct(c['centre'], c['upper'], c['reason']) order by i) from (select \
                     i, u_chart(d, n) over (order by i) as c \
                     from (values (1, 4, 1), (2, 0, 0), (3, -1, 1)) as t(i, d, n))";
        let got = value(&session(), query).await;
        let text = |reason: &str| Cell::Text(reason.to_string());
        assert_near(&got[..2], &[4.0, 10.0], 1e-12);
        assert_eq!(
            got[2..],
            [
                Cell::Null,
                Cell::Number(4.0),
                Cell::Null,
                text("units is 0"),
                Cell::Null,
                Cell::Null,
                text("expected a whole number of defects in units above 0, got -1 in 1"),
            ]
        );
    }
}
