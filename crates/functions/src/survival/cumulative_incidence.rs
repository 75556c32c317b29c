//! `cumulative_incidence(time, cause, of [, level [, cluster [, weight]]])`: the share that had one of several events.

use aftersight_stats::survival::{CumulativeIncidencePoint, SurvivalTimes, cumulative_incidence};
use arrow::array::{Array, ArrayRef};
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::common::cast::as_float64_array;
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
    description = "Returns the share of subjects that had one of several competing events by each time (Aalen-Johansen): \
return, exchange and repair end the waiting for one another, so one minus Kaplan-Meier of one of them would overstate \
it. One struct for each distinct time: time, n_at_risk just before it, n_events of this cause, n_competing of the \
others and n_censored at it, incidence after it, std_err and the log-log interval lower, upper. Rows with a NULL, \
times that are negative or no numbers, and causes that are no whole number from 0 on are left out. With a cluster errors allow its subjects to be alike \
(infinitesimal jackknife, as R's robust errors); a subject whose cluster is NULL is one of its own. Rows without a weight above 0 are left out. \
Without subjects the list is \
empty; where the incidence is 0 or 1 the interval is NULL. Numbers are those of R's survival::survfit with competing states.",
    syntax_example = "cumulative_incidence(time, cause, of [, level [, cluster [, weight]]])",
    sql_example = r#"```sql
select p['time'] as days, p['incidence'] as returned_by_then
from (
    select unnest(cumulative_incidence(days, cause, 1)) as p
    from (values (3, 1), (5, 2), (7, 1), (9, 0)) as lines(days, cause)
) as curve;
+------+------------------+
| days | returned_by_then |
+------+------------------+
| 3.0  | 0.25             |
| 5.0  | 0.25             |
| 7.0  | 0.5              |
| 9.0  | 0.5              |
+------+------------------+
```"#,
    argument(
        name = "time",
        description = "Time under observation: until the event, or until now. Any unit, 0 or more."
    ),
    argument(
        name = "cause",
        description = "What ended it: 0 for nothing yet, 1 and up for the events."
    ),
    argument(name = "of", description = "The cause asked about, 1 or more."),
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
pub(crate) struct CumulativeIncidence;

impl Aggregate for CumulativeIncidence {
    const NAME: &'static str = "cumulative_incidence";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("time", Kind::Number),
            Parameter::column("cause", Kind::Number),
            Parameter::option("of", Kind::Number).mandatory(),
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
        let Some(of) = call.whole(2, 1, i64::from(u32::MAX))? else {
            return call.refuse(2, "a cause, from 1 on", "NULL");
        };
        let incidence = Incidence {
            of: of as u32,
            level: call.level(3)?,
        };
        Ok(build(incidence, Places::read(call, 4)))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

const COLUMNS: &Columns<CumulativeIncidencePoint> = &[
    ("time", |p| Some(p.time)),
    ("n_at_risk", |p| Some(p.n_at_risk)),
    ("n_events", |p| Some(p.n_events)),
    ("n_competing", |p| Some(p.n_competing)),
    ("n_censored", |p| Some(p.n_censored)),
    ("incidence", |p| Some(p.incidence)),
    ("std_err", |p| p.std_err),
    ("lower", |p| p.lower),
    ("upper", |p| p.upper),
];

#[derive(Debug)]
struct Incidence {
    of: u32,
    level: f64,
}

impl Estimate for Incidence {
    fn causes(column: &ArrayRef) -> Result<impl Fn(usize) -> Option<u32>> {
        let causes = as_float64_array(column)?;
        Ok(move |row: usize| {
            let cause = causes.value(row);
            let is_cause = cause.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&cause);
            (causes.is_valid(row) && is_cause).then_some(cause as u32)
        })
    }

    fn finish(&self, groups: impl ExactSizeIterator<Item = SurvivalTimes>) -> Result<ArrayRef> {
        let mut lengths = Vec::with_capacity(groups.len());
        let mut points = Vec::new();
        for mut times in groups {
            let curve = cumulative_incidence(&mut times, self.of, self.level);
            let curve = exits::answer("cumulative_incidence", curve)?;
            lengths.push(curve.len());
            points.extend(curve);
        }
        Ok(list_array(structs(COLUMNS, &points), lengths, None))
    }
}

#[cfg(test)]
mod tests {
    use super::super::km_survival;
    use crate::harness::{Cell, Row, Subject, planning_error, session, value};

    #[test]
    fn cumulative_incidence_passes_the_common_tests() {
        Subject {
            call: "cumulative_incidence(x, y, 1)",
            x: &[0.0, 1.0, 2.0, 2.5, 7.0],
            y: &[0.0, 1.0, 0.5, -1.0],
            // With one cause it is one minus Kaplan-Meier, with the same error.
            slowly: |rows| {
                let rows: Vec<Row> = rows
                    .iter()
                    .map(|r| (r.0, r.1.filter(|y| *y == 0.0 || *y == 1.0)))
                    .collect();
                let mut cells = vec![];
                for point in km_survival::tests::slowly(&rows).chunks(8) {
                    let [time, at_risk, events, censored, survival] =
                        [0, 1, 2, 3, 4].map(|i| match point[i] {
                            Cell::Number(x) => x,
                            _ => f64::NAN,
                        });
                    let incidence = 1.0 - survival;
                    cells.extend(
                        [time, at_risk, events, 0.0, censored, incidence].map(Cell::Number),
                    );
                    match point[5] {
                        Cell::Number(std_err) if incidence > 0.0 => {
                            let width = 1.959_963_984_540_054 * std_err
                                / (incidence * incidence.ln()).abs();
                            cells.push(Cell::Number(std_err));
                            cells.push(Cell::Number(incidence.powf(width.exp())));
                            cells.push(Cell::Number(incidence.powf((-width).exp())));
                        }
                        // Nobody or everybody had the event, without any spread.
                        _ => cells.extend([Cell::Number(0.0), Cell::Null, Cell::Null]),
                    }
                }
                cells
            },
        }
        .check_without_moving_windows();
    }

    #[tokio::test]
    async fn causes_and_those_waiting_add_up_to_one() {
        let query = "select round(cumulative_incidence(t, c, 1)[20]['incidence'] + \
                     cumulative_incidence(t, c, 2)[20]['incidence'] + km_survival(t, c > 0)[20]['survival'], 12) \
                     from (select i * 7 % 31 as t, i % 3 as c from (select unnest(generate_series(1, 200)) as i))";
        assert_eq!(value(&session(), query).await, [Cell::Number(1.0)]);
    }

    #[tokio::test]
    async fn the_cause_of_those_waiting_is_refused() {
        let message = planning_error(&session(), "select cumulative_incidence(1, 1, 0)").await;
        assert!(
            message.contains("expects a whole number from 1 to"),
            "{message}"
        );
    }
}
