//! `km_survival(time, event [, interval [, level [, cluster [, weight]]]])`: the Kaplan-Meier curve.

use aftersight_stats::survival::{IntervalKind, KmPoint, SurvivalTimes, km_survival};
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
use crate::list::{list_array, list_type};

#[user_doc(
    doc_section(label = "Survival Functions"),
    description = "Returns the Kaplan-Meier curve of a group: the share that is still without the event at each \
time, where subjects that are still waiting count for as long as they were seen. One struct for each distinct time: \
time, n_at_risk just before it, n_events and n_censored at it, survival after it, std_err (Greenwood) and the interval \
lower, upper. Of one time, events come before those still waiting. One minus survival is the share returned by then, \
if the event is a return. Rows with a NULL, and times that are negative or no numbers, are \
left out. With a cluster errors allow its subjects to be alike \
(infinitesimal jackknife, as R's robust errors); a subject whose cluster is NULL is one of its own. Rows without a weight above 0 are left out. \
Without subjects the list is empty; where the survival is 0, std_err and interval are NULL. \
Numbers are those of R's survival::survfit.",
    syntax_example = "km_survival(time, event [, interval [, level [, cluster [, weight]]]])",
    sql_example = r#"```sql
select p['time'] as days, p['n_at_risk'] as at_risk, p['n_events'] as returned, round(1 - p['survival'], 3) as share
from (
    select unnest(km_survival(days, is_returned)) as p
    from (values (3, true), (5, true), (5, false), (9, true), (20, false)) as lines(days, is_returned)
) as curve;
+------+---------+----------+-------+
| days | at_risk | returned | share |
+------+---------+----------+-------+
| 3.0  | 5.0     | 1.0      | 0.2   |
| 5.0  | 4.0     | 1.0      | 0.4   |
| 9.0  | 2.0     | 1.0      | 0.7   |
| 20.0 | 1.0     | 0.0      | 0.7   |
+------+---------+----------+-------+
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
    related_udf(name = "km_quantile"),
    related_udf(name = "logrank")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct KmSurvival;

impl Aggregate for KmSurvival {
    const NAME: &'static str = "km_survival";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("time", Kind::Number),
            Parameter::column("event", Kind::Boolean),
            Parameter::option("interval", Kind::Text),
            Parameter::option("level", Kind::Number),
            CLUSTER,
            WEIGHT,
        ],
    );

    fn result(&self) -> DataType {
        list_type(DataType::Struct(fields(COLUMNS)))
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        events::columns()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        let curve = Curve {
            interval: exits::interval(call, 2)?,
            level: call.level(3)?,
        };
        Ok(build(curve, Places::read(call, 4)))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

const COLUMNS: &Columns<KmPoint> = &[
    ("time", |p| Some(p.time)),
    ("n_at_risk", |p| Some(p.n_at_risk)),
    ("n_events", |p| Some(p.n_events)),
    ("n_censored", |p| Some(p.n_censored)),
    ("survival", |p| Some(p.survival)),
    ("std_err", |p| p.std_err),
    ("lower", |p| p.lower),
    ("upper", |p| p.upper),
];

#[derive(Debug)]
struct Curve {
    interval: IntervalKind,
    level: f64,
}

impl Estimate for Curve {
    fn finish(&self, groups: impl ExactSizeIterator<Item = SurvivalTimes>) -> Result<ArrayRef> {
        let mut lengths = Vec::with_capacity(groups.len());
        let mut points = Vec::new();
        for mut times in groups {
            let curve = km_survival(&mut times, self.interval, self.level);
            let curve = exits::answer("km_survival", curve)?;
            lengths.push(curve.points.len());
            points.extend(curve.points);
        }
        Ok(list_array(structs(COLUMNS, &points), lengths, None))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use crate::harness::{
        Cell, Cells, Row, Subject, assert_close, planning_error, published, published_cases,
        session, value,
    };

    /// Time, counts, survival, standard error and log interval, by the formulas.
    pub(in super::super) fn slowly(rows: &[Row]) -> Cells {
        let rows = rows.iter().filter_map(|r| Some((r.0?, r.1? == 1.0)));
        let rows: Vec<(f64, bool)> = rows.filter(|r| r.0 >= 0.0).collect();
        let mut times: Vec<f64> = rows.iter().map(|r| r.0).collect();
        times.sort_by(f64::total_cmp);
        times.dedup();
        let (mut survival, mut greenwood) = (1.0, 0.0);
        let mut cells = vec![];
        for time in times {
            let count = |keep: &dyn Fn(&(f64, bool)) -> bool| {
                rows.iter().filter(|r| keep(r)).count() as f64
            };
            let n = count(&|r| r.0 >= time);
            let d = count(&|r| r.0 == time && r.1);
            let censored = count(&|r| r.0 == time && !r.1);
            survival *= (n - d) / n;
            greenwood += d / (n * (n - d));
            let root = f64::sqrt(greenwood);
            let known = |x: f64| Cell::from((survival > 0.0).then_some(x));
            cells.extend([time, n, d, censored, survival].map(Cell::Number));
            cells.push(known(survival * root));
            cells.push(known(survival * f64::exp(-1.959_963_984_540_054 * root)));
            cells.push(known(f64::min(
                1.0,
                survival * f64::exp(1.959_963_984_540_054 * root),
            )));
        }
        cells
    }

    #[test]
    fn km_survival_passes_the_common_tests() {
        Subject {
            call: "km_survival(x, y = 1)",
            x: &[0.0, 1.0, 2.0, 2.5, 7.0, -1.0],
            y: &[0.0, 1.0],
            slowly,
        }
        .check_without_moving_windows();
    }

    /// The influence of each subject on the curve, summed by cluster: y % 2.
    fn slowly_clustered(rows: &[Row]) -> Cells {
        let plain = slowly(
            &rows
                .iter()
                .map(|r| (r.0, r.1.map(|y| f64::from(u8::from(y == 1.0 || y == 2.0)))))
                .collect::<Vec<Row>>(),
        );
        let subjects: Vec<(f64, bool, usize)> = rows
            .iter()
            .filter_map(|r| Some((r.0?, r.1?)))
            .map(|(t, y)| (t, y == 1.0 || y == 2.0, y as usize % 2))
            .collect();
        let number = |cell: &Cell| match cell {
            Cell::Number(x) => *x,
            _ => f64::NAN,
        };
        let points: Vec<[f64; 5]> = plain
            .chunks(8)
            .map(|p| [0, 1, 2, 3, 4].map(|i| number(&p[i])))
            .collect();
        let mut cells = vec![];
        for [time, n, d, censored, survival] in points.iter().copied() {
            let mut by_cluster = [0.0; 2];
            for (t, event, cluster) in &subjects {
                for [at, n, d, ..] in points.iter().filter(|p| p[0] <= time && p[0] <= *t) {
                    let own = f64::from(u8::from(*event && at == t));
                    by_cluster[*cluster] -= survival * (own - d / n) / (n - d);
                }
            }
            let variance: f64 = by_cluster.iter().map(|x| x * x).sum();
            let root = variance.sqrt() / survival;
            let known = |x: f64| Cell::from((survival > 0.0).then_some(x));
            cells.extend([time, n, d, censored, survival].map(Cell::Number));
            cells.push(known(survival * root));
            cells.push(known(survival * f64::exp(-1.959_963_984_540_054 * root)));
            cells.push(known(f64::min(
                1.0,
                survival * f64::exp(1.959_963_984_540_054 * root),
            )));
        }
        cells
    }

    #[test]
    fn km_survival_with_clusters_passes_the_common_tests() {
        Subject {
            call: "km_survival(x, y = 1 or y = 2, null, null, cast(y as int) % 2)",
            x: &[0.0, 1.0, 2.0, 2.5, 7.0],
            y: &[0.0, 1.0, 2.0, 3.0],
            slowly: slowly_clustered,
        }
        .check_without_moving_windows();
    }

    /// R survival, aml of the maintained group, by hand to 18: 10/11, then 9/11, then 9/11 * 7/8.
    #[tokio::test]
    async fn a_published_curve_is_met() {
        let query = "select round(km_survival(t, e)[4]['survival'], 6) from (values (9, true), (13, true), \
                     (13, false), (18, true), (23, true), (28, false), (31, true), (34, true), (45, false), \
                     (48, true), (161, false)) as aml(t, e)";
        let expected = 9.0 / 11.0 * 7.0 / 8.0 * 6.0 / 7.0;
        let [Cell::Number(got)] = value(&session(), query).await[..] else {
            panic!("{query}");
        };
        assert!((got - expected).abs() < 1e-6, "{got}");
    }

    #[tokio::test]
    async fn the_published_ovarian_curve_is_met() {
        let (Some(cases), Some(csv)) = (
            published_cases("km_ovarian.json"),
            published("km_ovarian.csv"),
        ) else {
            return;
        };
        let rows = csv.lines().skip(1).map(|line| {
            let mut cells = line.split(',');
            format!("({}, {} = 1)", cells.next().unwrap(), cells.next().unwrap())
        });
        let rows: Vec<String> = rows.collect();
        let ctx = session();
        for row in cases[0].1["expected"].as_array().unwrap() {
            let query = format!(
                "select make_array(p['n_at_risk'], p['n_events'], round(p['survival'], 3), round(p['std_err'], 4), \
                 round(p['lower'], 3), round(p['upper'], 3)) \
                 from (select unnest(km_survival(t, e)) as p from (values {}) as t(t, e)) where p['time'] = {}",
                rows.join(", "),
                row[0]
            );
            let expected = row.as_array().unwrap()[1..].iter();
            let expected: Cells = expected
                .map(|x| Cell::Number(x.as_f64().unwrap()))
                .collect();
            assert_close(&value(&ctx, &query).await, &expected, &query);
        }
    }

    #[tokio::test]
    async fn wrong_options_are_planning_errors() {
        let ctx = session();
        let message = planning_error(&ctx, "select km_survival(1, true, 'exact')").await;
        assert!(
            message.contains("expects one of 'log', 'plain', 'log_log', 'logit', 'arcsin' as argument 3 (interval)"),
            "{message}"
        );
        let message = planning_error(&ctx, "select km_survival(1, true, 'log', 95)").await;
        assert!(
            message.contains("expects a confidence level between 0 and 1"),
            "{message}"
        );
        let message = planning_error(&ctx, "select km_survival(1, 1)").await;
        assert!(
            message.contains("expects true or false as argument 2 (event)"),
            "{message}"
        );
    }
}
