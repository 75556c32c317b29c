//! `km_quantile(time, event, share [, interval [, level [, cluster [, weight]]]])`: the time by which a share had the event.

use aftersight_stats::survival::{
    IntervalKind, KmQuantile as Quantile, SurvivalTimes, km_quantile, km_survival,
};
use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::estimate::{Estimate, build};
use super::exits::{self, CLUSTER, Places, WEIGHT};
use super::table::{Columns, fields, structs};
use crate::additive::Build;
use crate::aggregate::Aggregate;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::events;

#[user_doc(
    doc_section(label = "Survival Functions"),
    description = "Returns the time by which a share of the subjects has had the event, from the Kaplan-Meier curve, as \
struct(time, lower, upper): 0.5 is the median. Where the curve is exactly level at that share it is the middle of the \
level stretch, as in R; where it never gets there the time is NULL, and so is an upper end that the data do not bound. Rows with a NULL, and times that are negative or no numbers, are \
left out. With a cluster errors allow its subjects to be alike \
(infinitesimal jackknife, as R's robust errors); a subject whose cluster is NULL is one of its own. Rows without a weight above 0 are left out. \
Without subjects all three are NULL. Numbers are those of R's quantile.survfit.",
    syntax_example = "km_quantile(time, event, share [, interval [, level [, cluster [, weight]]]])",
    sql_example = r#"```sql
select q['time'] as median_days, q['upper'] as upper
from (
    select km_quantile(days, is_solved, 0.5) as q
    from (values (1, true), (2, true), (4, true), (4, false), (9, true), (20, false)) as tickets(days, is_solved)
) as quantiles;
+-------------+-------+
| median_days | upper |
+-------------+-------+
| 6.5         |       |
+-------------+-------+
```"#,
    argument(
        name = "time",
        description = "Time under observation: until the event, or until now. Any unit, 0 or more."
    ),
    argument(
        name = "event",
        description = "Whether the event ended it; false for those still waiting."
    ),
    argument(
        name = "share",
        description = "Share that has had the event, between 0 and 1."
    ),
    argument(
        name = "interval",
        description = "Scale of the interval: 'log' (default, as in R), 'plain', 'log_log', 'logit' or 'arcsin'."
    ),
    argument(name = "level", description = "Confidence level, 0.95 by default."),
    argument(
        name = "cluster",
        description = "Whose subjects are alike, such as the lines of one order: integer or text; none by default."
    ),
    argument(
        name = "weight",
        description = "How many subjects the row stands for, above 0; 1 by default."
    ),
    related_udf(name = "km_survival")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct KmQuantile;

impl Aggregate for KmQuantile {
    const NAME: &'static str = "km_quantile";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("time", Kind::Number),
            Parameter::column("event", Kind::Boolean),
            Parameter::option("share", Kind::Number).mandatory(),
            Parameter::option("interval", Kind::Text),
            Parameter::option("level", Kind::Number),
            CLUSTER,
            WEIGHT,
        ],
    );

    fn result(&self) -> DataType {
        DataType::Struct(fields(COLUMNS))
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        events::columns()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        let share = match call.number(2)? {
            Some(share) if share > 0.0 && share < 1.0 => share,
            Some(share) => return call.refuse(2, "a share between 0 and 1", share),
            None => return call.refuse(2, "a share between 0 and 1", "NULL"),
        };
        let asked = Asked {
            share,
            interval: exits::interval(call, 3)?,
            level: call.level(4)?,
        };
        Ok(build(asked, Places::read(call, 5)))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

const COLUMNS: &Columns<Quantile> = &[
    ("time", |q| q.time),
    ("lower", |q| q.lower),
    ("upper", |q| q.upper),
];

#[derive(Debug)]
struct Asked {
    share: f64,
    interval: IntervalKind,
    level: f64,
}

impl Estimate for Asked {
    fn finish(&self, groups: impl ExactSizeIterator<Item = SurvivalTimes>) -> Result<ArrayRef> {
        let quantiles = groups.map(|mut times| {
            let curve = km_survival(&mut times, self.interval, self.level);
            let quantile = curve.and_then(|curve| km_quantile(&curve, self.share));
            exits::answer("km_quantile", quantile)
        });
        Ok(structs(COLUMNS, &quantiles.collect::<Result<Vec<_>>>()?))
    }
}

#[cfg(test)]
mod tests {
    use super::super::km_survival::tests::slowly;
    use crate::harness::{Cell, Subject, planning_error, session, value};

    /// Where one column of the slow curve reaches 0.7: on a level stretch in its middle.
    fn reach(curve: &[Cell], column: usize) -> Cell {
        let number = |cell: &Cell| match cell {
            Cell::Number(x) => Some(*x),
            _ => None,
        };
        let points = curve
            .chunks(8)
            .filter_map(|p| Some((number(&p[0])?, number(&p[column])?)));
        let points: Vec<(f64, f64)> = points.collect();
        let Some(first) = points.iter().position(|p| p.1 < 0.7 + 1e-8) else {
            return Cell::Null;
        };
        let is_level = points[first].1 > 0.7 - 1e-8;
        let end = points[first..]
            .iter()
            .find(|p| p.1 < 0.7 - 1e-8)
            .or(points.last());
        let end = if is_level {
            end.unwrap().0
        } else {
            points[first].0
        };
        Cell::Number((points[first].0 + end) / 2.0)
    }

    #[test]
    fn km_quantile_passes_the_common_tests() {
        Subject {
            call: "km_quantile(x, y = 1, 0.3)",
            x: &[0.0, 1.0, 2.0, 2.5, 7.0],
            y: &[0.0, 1.0],
            slowly: |rows| {
                let curve = slowly(rows);
                [4, 6, 7].map(|column| reach(&curve, column)).to_vec()
            },
        }
        .check_without_moving_windows();
    }

    /// R survival, tests/quantile.R: exact fractions and the middle of a level stretch.
    #[tokio::test]
    async fn published_quantiles_are_met() {
        let ctx = session();
        let rows = "(values (9, 1), (3, null), (1, 1), (1, 0), (6, 1), (6, 1), (8, 0), (10, 0)) as t(t, s)";
        for (share, expected) in [
            ("1e0 / 14", Some(1.0)),
            ("1e0 / 7", Some(3.5)),
            ("1e0 / 3", Some(6.0)),
            ("0.5", Some(9.0)),
            ("26e0 / 35", Some(9.5)),
            ("0.9", None),
        ] {
            let query = format!("select km_quantile(t, s = 1, {share})['time'] from {rows}");
            assert_eq!(value(&ctx, &query).await, [expected.into()], "{share}");
        }
    }

    #[tokio::test]
    async fn a_share_outside_0_to_1_is_a_planning_error() {
        let message = planning_error(&session(), "select km_quantile(1, true, 50)").await;
        assert!(
            message.contains("expects a share between 0 and 1 as argument 3 (share)"),
            "{message}"
        );
    }
}
