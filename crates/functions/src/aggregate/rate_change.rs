//! `rate_change(volume_before, total_before, volume_after, total_after [, label])`: why a rate changed.

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::StatsError;
use aftersight_stats::rate_change::rate_change;
use aftersight_stats::shapley_change::GroupChange;

use super::Aggregate;
use super::change::{PARAMETERS, Parts, build};
use crate::additive::Build;
use crate::args::{Call, Parameters};
use crate::folded;
use crate::value::Type;

#[user_doc(
    doc_section(label = "Change Functions"),
    description = "Returns the change of the rate total / volume, such as a return rate, explained additively, `struct(before, \
after, change, mix, within, groups, reason)`: mix is what comes of groups with higher or lower rates gaining share, \
within what comes of rates that changed inside groups (Kitagawa 1955, with mean rates and shares, without a \
rest); both are in the unit of the rate; groups lists `struct(label, mix, within)` for each row, which sum to \
them. Each row is one group in both periods, as a full join gives them: NULL counts as 0, and a group that is \
empty in one period is given its rate of the other. Where a period has no volume at all, or a \
group a negative volume or a total without volume, the fields are NULL and reason says why.",
    syntax_example = "rate_change(volume_before, total_before, volume_after, total_after [, label])",
    sql_example = r#"```sql
select c.before as before, c.after as after, round(c.mix, 4) as mix, round(c.within, 4) as within
from (
    select rate_change(sold0, returned0, sold1, returned1, category) as c
    from (values ('shoes', 100, 30, 300, 90), ('lamps', 300, 30, 100, 15))
    as sales(category, sold0, returned0, sold1, returned1)
);
+--------+--------+--------+--------+
| before | after  | mix    | within |
+--------+--------+--------+--------+
| 0.15   | 0.2625 | 0.0875 | 0.025  |
+--------+--------+--------+--------+
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
pub(crate) struct RateChange;

const GROUP: Type = Type::Record(&[
    ("label", Type::Text),
    ("mix", Type::Number),
    ("within", Type::Number),
]);

const RESULT: Type = Type::Record(&[
    ("before", Type::Number),
    ("after", Type::Number),
    ("change", Type::Number),
    ("mix", Type::Number),
    ("within", Type::Number),
    ("groups", Type::List(&GROUP)),
    ("reason", Type::Text),
]);

impl Aggregate for RateChange {
    const NAME: &'static str = "rate_change";
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
    let Some(change) = rate_change(groups)? else {
        return Ok(None);
    };
    let groups = change.groups.into_iter();
    Ok(Some(Parts {
        overall: vec![
            change.before,
            change.after,
            change.after - change.before,
            change.mix,
            change.within,
        ],
        groups: groups.map(|(mix, within)| vec![mix, within]).collect(),
    }))
}

#[cfg(test)]
mod tests {
    use super::super::change::tests::slowly;
    use super::*;
    use crate::harness::{Cell, Subject, assert_near, session, value};

    #[test]
    fn rate_change_passes_the_common_tests() {
        Subject {
            call: "rate_change(x, 2 * x, y, 3 * y + 1)",
            x: &[1.0, 2.0, 5.0],
            y: &[4.0, 1.0],
            slowly: |rows| slowly(rows, &RESULT, explain),
        }
        .check();
    }

    /// By hand: shares 1/4 to 3/4 of a rate of 0.3, the others from 0.1 to 0.15.
    #[tokio::test]
    async fn a_rate_changes_by_mix_and_within_groups() {
        let query = "select rate_change(a, b, c, d) from (values (100, 30, 300, 90), \
                     (300, 30, 100, 15)) as t(a, b, c, d)";
        let got = value(&session(), query).await;
        let expected = [0.15, 0.2625, 0.1125, 0.5 * 0.3 - 0.5 * 0.125, 0.05 * 0.5];
        assert_near(&got[..5], &expected, 1e-12);
    }

    #[tokio::test]
    async fn a_total_without_volume_says_so() {
        let query = "select rate_change(a, 1, 1, 1) from (values (0), (1)) as t(a)";
        let got = value(&session(), query).await;
        assert_eq!(got[..6], vec![Cell::Null; 6]);
        let text = |reason: &str| Cell::Text(reason.to_string());
        assert_eq!(
            got[6],
            text("total_before is not 0 although the volume is in a group")
        );
        let query = "select [c['reason']] from (select rate_change(0, 0, 1, 1) as c from (values (0), (1)) as t(a))";
        let reason = text("volume_before is 0 in all groups");
        assert_eq!(value(&session(), query).await, [reason]);
    }
}
