//! `shapley_change(volume_before, total_before, volume_after, total_after [, label])`: why a total changed.

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::StatsError;
use aftersight_stats::shapley_change::GroupChange;
use aftersight_stats::shapley_change::shapley_change;

use super::Aggregate;
use super::change::{PARAMETERS, Parts, build};
use crate::additive::Build;
use crate::args::{Call, Parameters};
use crate::folded;
use crate::value::Type;

#[user_doc(
    doc_section(label = "Change Functions"),
    description = "Returns the change of a total, such as cost, explained without a rest by volume (more or fewer cases \
altogether), mix (cases moving between groups) and rate (other totals per case within groups), `struct(change, \
volume, mix, rate, groups, reason)`: each part is the Shapley value of its factor, the average over all orders of \
changing one after the other, in the unit of the total; groups lists `struct(label, volume, mix, rate)` for each \
row. Each row is one group in both periods, as a full join gives them: NULL counts as 0, and a group that is \
empty in one period counts as mix. Where a period has no volume at all, or \
a group a negative volume or a total without volume, the fields are NULL and reason says why.",
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
    ("reason", Type::Text),
]);

impl Aggregate for ShapleyChange {
    const NAME: &'static str = "shapley_change";
    const PARAMETERS: Parameters = Parameters::new(Self::NAME, PARAMETERS);

    fn result(&self) -> DataType {
        RESULT.data_type()
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        folded::columns()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        Ok(build(call, &RESULT, explain))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

fn explain(groups: &[GroupChange]) -> std::result::Result<Option<Parts>, StatsError> {
    let Some(change) = shapley_change(groups)? else {
        return Ok(None);
    };
    let groups = change.groups.into_iter();
    Ok(Some(Parts {
        overall: vec![change.change, change.volume, change.mix, change.rate],
        groups: groups
            .map(|(volume, mix, rate)| vec![volume, mix, rate])
            .collect(),
    }))
}

#[cfg(test)]
mod tests {
    use super::super::change::tests::slowly;
    use super::*;
    use crate::harness::{Cell, Subject, assert_near, session, value};

    #[test]
    fn shapley_change_passes_the_common_tests() {
        Subject {
            call: "shapley_change(x, 2 * x, y, 3 * y + 1)",
            x: &[1.0, 2.0, 5.0],
            y: &[4.0, 1.0],
            slowly: |rows| slowly(rows, &RESULT, explain),
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
        assert_near(&got[5..8], &[25.0, 0.0, 15.0], 1e-12);
    }

    #[tokio::test]
    async fn parts_sum_to_the_change_with_a_group_that_is_new() {
        let query = "select c['change'] - c['volume'] - c['mix'] - c['rate'] from (select \
                     shapley_change(a, b, c, d) as c from (values (10, 20, 30, 50), \
                     (null, null, 7, 35)) as t(a, b, c, d))";
        assert_near(&value(&session(), query).await, &[0.0], 1e-9);
        let query = "select [c['reason']] from (select shapley_change(a, 1, -1, 1, a) as c from (values (1)) as t(a))";
        let reason = "volume_after is negative or not a number in group '1'";
        assert_eq!(
            value(&session(), query).await,
            [Cell::Text(reason.to_string())]
        );
    }
}
