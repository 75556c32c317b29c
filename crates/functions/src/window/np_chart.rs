//! `np_chart(defects, n [, method [, sigmas [, baseline]]]) over (order by ...)`: chart of a number of cases.

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::attribute::{Attribute, Plotted, RESULT, parameters};
use super::{Partition, Window};
use crate::args::{Call, Parameters};

#[user_doc(
    doc_section(label = "Monitoring Functions"),
    description = "Returns the point of each period on a chart of how many cases count, `struct(value, centre, lower, \
upper, z, signal, reason)`: the chart of `p_chart` times n, for readers who count parcels and not percent. value is \
defects, centre n * the rate of all periods or of the baseline, lower and upper are centre +- sigmas * sqrt(n * rate * (1 \
- rate)) cut to 0..n; all else is as in `p_chart`. Take it where n is much the same in every period, since centre and \
limits follow n. Periods with a NULL have a NULL result. A frame has no effect.",
    syntax_example = "np_chart(defects, n [, method [, sigmas [, baseline]]]) over ([partition by ...] order by ...)",
    sql_example = r#"```sql
select week, c.value as value, c.centre as centre, round(c.upper, 3) as upper, c.signal as signal
from (
    select week, np_chart(returned, 100, null, null, week <= 3) over (order by week) as c
    from (values (1, 12), (2, 8), (3, 10), (4, 24)) as weeks(week, returned)
)
order by week;
+------+-------+--------+-------+--------+
| week | value | centre | upper | signal |
+------+-------+--------+-------+--------+
| 1    | 12.0  | 10.0   | 19.0  | 0      |
| 2    | 8.0   | 10.0   | 19.0  | 0      |
| 3    | 10.0  | 10.0   | 19.0  | 0      |
| 4    | 24.0  | 10.0   | 19.0  | 1      |
+------+-------+--------+-------+--------+
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
    related_udf(name = "p_chart"),
    related_udf(name = "u_chart")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct NpChart;

impl Window for NpChart {
    const NAME: &'static str = "np_chart";
    const PARAMETERS: Parameters = Parameters::new(Self::NAME, &parameters("n"));

    fn result(&self) -> DataType {
        RESULT.data_type()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Partition>> {
        Attribute::read(Self::NAME, Plotted::Count, call)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{Cell, assert_near, planning_error, session, value};

    /// qcc's manual charts the same orange juice cans with type = "np": 30 samples of 50, 347 defectives;
    /// centre 11.56667 and limits 2.621378 and 20.51196 are those of the p-chart times 50.
    #[tokio::test]
    async fn the_chart_is_the_p_chart_times_n() {
        let counts = [
            12, 15, 8, 10, 4, 7, 16, 9, 14, 10, 5, 6, 17, 12, 22, 8, 10, 5, 13, 11, 20, 18, 24, 15,
            9, 12, 7, 13, 9, 6,
        ];
        let rows: Vec<String> = counts
            .iter()
            .enumerate()
            .map(|(i, d)| format!("({}, {d})", i + 1))
            .collect();
        let table = format!("(values {}) as t(i, d)", rows.join(", "));
        let query = format!(
            "select min(struct(c['centre'], c['lower'], c['upper'])) from \
             (select np_chart(d, 50) over (order by i) as c from {table})"
        );
        let got = value(&session(), &query).await;
        assert_near(&got, &[11.566_67, 2.621_378, 20.511_96], 5e-6);
        let query = format!(
            "select array_agg(i order by i) from (select i, np_chart(d, 50) over (order by i) as c \
             from {table}) where c['signal'] <> 0"
        );
        assert_near(&value(&session(), &query).await, &[15.0, 23.0], 0.0);
    }

    #[tokio::test]
    async fn limits_follow_n_and_stay_within_it() {
        let query = "select array_agg([c['centre'], c['lower'], c['upper']] order by i) from (select i, \
                     np_chart(d, n) over (order by i) as c from (values (1, 1, 2), (2, 7, 14)) as t(i, d, n))";
        let half_width = 3.0 * 3.5_f64.sqrt();
        let expected = [1.0, 0.0, 2.0, 7.0, 7.0 - half_width, 7.0 + half_width];
        assert_near(&value(&session(), query).await, &expected, 1e-12);
    }

    #[tokio::test]
    async fn wrong_calls_and_impossible_counts_are_told_apart() {
        let ctx = session();
        let got = planning_error(&ctx, "select np_chart(1, 2, 'lany') over ()").await;
        assert!(got.ends_with("Did you mean 'laney'?"), "{got}");
        let query = "select [c['reason']] from (select np_chart(0.5, 2) over () as c)";
        let reason = "expected whole counts with defects of at most n, got 0.5 of 2";
        assert_eq!(value(&ctx, query).await, [Cell::Text(reason.to_string())]);
    }
}
