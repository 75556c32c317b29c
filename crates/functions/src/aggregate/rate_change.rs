//! `rate_change(volume_before, total_before, volume_after, total_after [, label])`: why a rate changed.

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::rate_change::rate_change;

use super::Aggregate;
use crate::additive::Build;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::folded::{self, Folded, refused};
use crate::tally::Groups;
use crate::value::{Type, Value};

#[user_doc(
    doc_section(label = "Change Functions"),
    description = "Returns the change of the rate total / volume, such as a return rate, explained additively, `struct(before, \
after, change, mix, within, groups)`: mix is what comes of groups with higher or lower rates gaining share, \
within what comes of rates that changed inside groups (Kitagawa 1955, with mean rates and shares, without a \
rest); both are in the unit of the rate; groups lists `struct(label, mix, within)` for each row, which sum to \
them. Each row is one group in both periods, as a full join gives them: NULL counts as 0, and a group that is \
empty in one period is given its rate of the other. Where a period has no volume at all the result is NULL. \
Negative volumes, and a total without volume, are an error.",
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
]);

impl Aggregate for RateChange {
    const NAME: &'static str = "rate_change";
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
    let change = rate_change(&groups).map_err(|e| refused(RateChange::NAME, &e))?;
    let Some(change) = change else {
        return Ok(Value::Null);
    };
    let parts = change.groups.iter().zip(labels);
    let parts = parts.map(|(&(mix, within), label)| {
        Value::Record(vec![label.into(), mix.into(), within.into()])
    });
    Ok(Value::Record(vec![
        change.before.into(),
        change.after.into(),
        (change.after - change.before).into(),
        change.mix.into(),
        change.within.into(),
        Value::List(parts.collect()),
    ]))
}

#[cfg(test)]
mod tests {
    use aftersight_stats::shapley_change::GroupChange;

    use super::*;
    use crate::harness::{Cell, Subject, assert_near, error, flat, session, value};

    #[test]
    fn rate_change_passes_the_common_tests() {
        Subject {
            call: "rate_change(x, 2 * x, y, 3 * y + 1)",
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
                    Value::Null => vec![Cell::Null; 6],
                    value => flat(value),
                }
            },
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
    async fn a_total_without_volume_is_refused() {
        let query = "select rate_change(a, 1, 1, 1) from (values (0), (1)) as t(a)";
        let got = error(&session(), query).await;
        assert!(
            got.contains("total is not 0 although the volume is"),
            "{got}"
        );
        let query = "select rate_change(0, 0, 1, 1) from (values (0), (1)) as t(a)";
        assert_eq!(value(&session(), query).await, vec![Cell::Null; 6]);
    }
}
