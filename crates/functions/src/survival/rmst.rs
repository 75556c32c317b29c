//! `rmst(time, event [, tau [, cluster [, weight]]])`: the mean time without the event up to a horizon.

use aftersight_stats::survival::{Rmst as Mean, SurvivalTimes, rmst};
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
    description = "Returns the restricted mean survival time, the mean time without the event up to a horizon tau, as \
struct(mean, std_err, tau): the area under the Kaplan-Meier curve. Unlike the mean of those that had the event it is \
not biased by those still waiting; compare groups at one tau. All are NULL without subjects, and where tau lies \
beyond the last time seen while some are still waiting. Rows with a NULL, and times that are negative or no numbers, are \
left out. With a cluster errors allow its subjects to be alike \
(infinitesimal jackknife, as R's robust errors); a subject whose cluster is NULL is one of its own. Rows without a weight above 0 are left out. \
Numbers are those of R's print(survfit, rmean = tau).",
    syntax_example = "rmst(time, event [, tau [, cluster [, weight]]])",
    sql_example = r#"```sql
select m['mean'] as mean_days
from (
    select rmst(days, is_solved, 10) as m
    from (values (2, true), (4, true), (9, false), (12, true)) as tickets(days, is_solved)
) as means;
+-----------+
| mean_days |
+-----------+
| 6.5       |
+-----------+
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
        name = "tau",
        description = "Horizon in the unit of time, above 0; the last time seen in the group by default."
    ),
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
pub(crate) struct Rmst;

impl Aggregate for Rmst {
    const NAME: &'static str = "rmst";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("time", Kind::Number),
            Parameter::column("event", Kind::Boolean),
            Parameter::option("tau", Kind::Number),
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
        let tau = call.number(2)?;
        if let Some(tau) = tau.filter(|tau| *tau <= 0.0) {
            return call.refuse(2, "a time above 0", tau);
        }
        Ok(build(Restricted { tau }, Places::read(call, 3)))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

const COLUMNS: &Columns<Option<Mean>> = &[
    ("mean", |m| m.map(|m| m.mean)),
    ("std_err", |m| m.and_then(|m| m.std_err)),
    ("tau", |m| m.map(|m| m.tau)),
];

#[derive(Debug)]
struct Restricted {
    tau: Option<f64>,
}

impl Estimate for Restricted {
    fn finish(&self, groups: impl ExactSizeIterator<Item = SurvivalTimes>) -> Result<ArrayRef> {
        let means = groups.map(|mut times| exits::answer("rmst", rmst(&mut times, self.tau)));
        Ok(structs(COLUMNS, &means.collect::<Result<Vec<_>>>()?))
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{Cell, Subject, planning_error, session};

    #[test]
    fn rmst_passes_the_common_tests() {
        Subject {
            // Without those still waiting it is the mean of the times cut at tau.
            call: "rmst(x, y >= 0, 3)",
            x: &[0.0, 1.0, 2.0, 2.5, 7.0],
            y: &[0.0, 1.0],
            slowly: |rows| {
                let times: Vec<f64> = rows.iter().filter_map(|r| r.1.and(r.0)).collect();
                if times.is_empty() {
                    return vec![Cell::Null; 3];
                }
                let n = times.len() as f64;
                let cut = || times.iter().map(|t| t.min(3.0));
                let mean = cut().sum::<f64>() / n;
                let variance = cut().map(|t| (t - mean) * (t - mean)).sum::<f64>() / n;
                [mean, (variance / n).sqrt(), 3.0]
                    .map(Cell::Number)
                    .to_vec()
            },
        }
        .check_without_moving_windows();
    }

    #[tokio::test]
    async fn a_horizon_of_zero_is_a_planning_error() {
        let message = planning_error(&session(), "select rmst(1, true, 0)").await;
        assert!(
            message.contains("expects a time above 0 as argument 3 (tau), got 0"),
            "{message}"
        );
    }
}
