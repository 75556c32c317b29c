//! `shapley_change(volume_before, total_before, volume_after, total_after [, label])`: why a total changed.

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::shapley_change::shapley_change;

use super::Aggregate;
use crate::additive::Build;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::folded::{self, Folded, refused};
use crate::tally::Groups;
use crate::value::{Type, Value};

#[user_doc(
    doc_section(label = "Change Functions"),
    description = "Returns the change of a total, such as cost, explained without a rest by volume (more or fewer cases \
altogether), mix (cases moving between groups) and rate (other totals per case within groups), `struct(change, \
volume, mix, rate, groups)`: each part is the Shapley value of its factor, the average over all orders of \
changing one after the other, in the unit of the total; groups lists `struct(label, volume, mix, rate)` for each \
row. Each row is one group in both periods, as a full join gives them: NULL counts as 0, and a group that is \
empty in one period counts as mix. Where a period has no volume at all the result is NULL. Negative volumes, and \
a total without volume, are an error.",
    syntax_example = "shapley_change(volume_before, total_before, volume_after, total_after [, label])",
    sql_example = r#"```sql
select c.change as change, round(c.volume, 2) as volume, round(c.mix, 2) as mix, round(c.rate, 2) as rate
from (
    select shapley_change(n0, cost0, n1, cost1, channel) as c
    from (values ('web', 100, 500, 140, 770), ('shop', 50, 400, 40, 320)) as costs(channel, n0, cost0, n1, cost1)
);
+--------+--------+--------+-------+
| change | volume | mix    | rate  |
+--------+--------+--------+-------+
| 190.0  | 180.56 | -50.28 | 59.72 |
+--------+--------+--------+-------+
```"#,
    argument(
        name = "volume_before",
        description = "Quantity of the group before, such as orders."
    ),
    argument(
        name = "total_before",
        description = "What it amounted to before, such as refunds."
    ),
    argument(name = "volume_after", description = "Quantity after."),
    argument(name = "total_after", description = "Total after."),
    argument(
        name = "label",
        description = "Name of the group, for the list of groups: text, a whole number, a date, or true or false."
    )
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct ShapleyChange;

const GROUP: Type = Type::Record(&[
    ("label", Type::Text),
    ("volume", Type::Number),
    ("mix", Type::Number),
    ("rate", Type::Number),
]);

const RESULT: Type = Type::Record(&[
    ("change", Type::Number),
    ("volume", Type::Number),
    ("mix", Type::Number),
    ("rate", Type::Number),
    ("groups", Type::List(&GROUP)),
]);

impl Aggregate for ShapleyChange {
    const NAME: &'static str = "shapley_change";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("volume_before", Kind::Number),
            Parameter::column("total_before", Kind::Number),
            Parameter::column("volume_after", Kind::Number),
            Parameter::column("total_after", Kind::Number),
            Parameter::column("label", Kind::Label).optional(),
        ],
    );

    fn result(&self) -> DataType {
        RESULT.data_type()
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        folded::columns()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        Ok(Box::new(Folded {
            empty: Groups::new(call.gives(4)),
            result: &RESULT,
            finish: |groups: &Groups| change(groups),
        }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

fn change(groups: &Groups) -> Result<Value> {
    let (labels, groups) = groups.sorted();
    let change = shapley_change(&groups).map_err(|e| refused(ShapleyChange::NAME, &e))?;
    let Some(change) = change else {
        return Ok(Value::Null);
    };
    let parts = change.groups.iter().zip(labels);
    let parts = parts.map(|(&(volume, mix, rate), label)| {
        Value::Record(vec![label.into(), volume.into(), mix.into(), rate.into()])
    });
    Ok(Value::Record(vec![
        change.change.into(),
        change.volume.into(),
        change.mix.into(),
        change.rate.into(),
        Value::List(parts.collect()),
    ]))
}

#[cfg(test)]
mod tests {
    use aftersight_stats::shapley_change::GroupChange;

    use super::*;
    use crate::harness::{Cell, Subject, assert_near, error, flat, session, value};

    #[test]
    fn shapley_change_passes_the_common_tests() {
        Subject {
            call: "shapley_change(x, 2 * x, y, 3 * y + 1)",
            x: &[1.0, 2.0, 5.0],
            y: &[4.0, 1.0],
            slowly: |rows| {
                // The groups in order of their numbers; what is unknown counts as 0.
                let mut rows: Vec<[f64; 4]> = rows
                    .iter()
                    .map(|r| {
                        let (x, y) = (r.0.unwrap_or(0.0), r.1.unwrap_or(0.0));
                        [x, 2.0 * x, y, r.1.map_or(0.0, |y| 3.0 * y + 1.0)]
                    })
                    .collect();
                rows.sort_by(|a, b| a.partial_cmp(b).unwrap());
                let groups: Vec<GroupChange> = rows
                    .iter()
                    .map(|r| GroupChange {
                        volume_before: r[0],
                        total_before: r[1],
                        volume_after: r[2],
                        total_after: r[3],
                    })
                    .collect();
                match change(&Groups::unnamed(groups)).unwrap() {
                    Value::Null => vec![Cell::Null; 5],
                    value => flat(value),
                }
            },
        }
        .check();
    }

    /// By hand: one group, 10 cases at 2 become 20 at 3: volume 10 * 2.5, rate 1 * 15.
    #[tokio::test]
    async fn one_group_changes_by_volume_and_rate() {
        let query = "select shapley_change(10, 20, 20, 60, 'all') from (values (1)) as t(a)";
        let got = value(&session(), query).await;
        assert_near(&got[..4], &[40.0, 25.0, 0.0, 15.0], 1e-12);
        assert_eq!(got[4], Cell::Text("all".to_string()));
        assert_near(&got[5..], &[25.0, 0.0, 15.0], 1e-12);
    }

    #[tokio::test]
    async fn parts_sum_to_the_change_with_a_group_that_is_new() {
        let query = "select c['change'] - c['volume'] - c['mix'] - c['rate'] from (select \
                     shapley_change(a, b, c, d) as c from (values (10, 20, 30, 50), \
                     (null, null, 7, 35)) as t(a, b, c, d))";
        assert_near(&value(&session(), query).await, &[0.0], 1e-9);
        let query = "select shapley_change(a, 1, 1, 1) from (values (0), (1)) as t(a)";
        let got = error(&session(), query).await;
        assert!(
            got.contains("total is not 0 although the volume is"),
            "{got}"
        );
    }
}
