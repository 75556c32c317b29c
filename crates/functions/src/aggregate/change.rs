//! What the functions that explain a change have in common: groups in two periods, parts that sum up.

use aftersight_stats::StatsError;
use aftersight_stats::shapley_change::GroupChange;

use crate::additive::Build;
use crate::args::{Call, Kind, Parameter};
use crate::folded::Folded;
use crate::tally::Groups;
use crate::value::{Type, Value};

/// The parameters of both.
pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter::column("volume_before", Kind::Number),
    Parameter::column("total_before", Kind::Number),
    Parameter::column("volume_after", Kind::Number),
    Parameter::column("total_after", Kind::Number),
    Parameter::column("label", Kind::Label).optional(),
];

/// A change with its parts, overall and of each group.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) overall: Vec<f64>,
    pub(super) groups: Vec<Vec<f64>>,
}

/// Explains groups; nothing where a period has no volume.
pub(super) type Explain = fn(&[GroupChange]) -> Result<Option<Parts>, StatsError>;

/// Returns what explains the rows of a call: a struct of overall parts, groups and reason.
pub(super) fn build(call: &Call, result: &'static Type, explain: Explain) -> Box<dyn Build> {
    Box::new(Folded {
        empty: Groups::new(call.gives(4)),
        result,
        finish: move |groups: &Groups| Ok(explained(groups, result, explain)),
    })
}

/// Returns the result over groups; what cannot be explained says why.
pub(super) fn explained(groups: &Groups, result: &Type, explain: Explain) -> Value {
    let (labels, groups) = groups.sorted();
    if groups.is_empty() {
        return Value::Null;
    }
    let parts = match explain(&groups) {
        Ok(Some(parts)) => parts,
        Ok(None) => {
            let has_volume = groups.iter().any(|group| group.volume_before > 0.0);
            let period = if has_volume { "after" } else { "before" };
            return refusal(result, format!("volume_{period} is 0 in all groups"));
        }
        Err(StatsError::Row {
            row,
            argument,
            reason,
        }) => {
            let group =
                labels[row].map_or_else(|| "a group".to_string(), |l| format!("group '{l}'"));
            return refusal(result, format!("{argument} {reason} in {group}"));
        }
        Err(error) => return refusal(result, error.to_string()),
    };
    let numbers = |numbers: Vec<f64>| numbers.into_iter().map(Value::from);
    let groups = parts.groups.into_iter().zip(labels).map(|(parts, label)| {
        let mut values = vec![label.into()];
        values.extend(numbers(parts));
        Value::Record(values)
    });
    let groups = Value::List(groups.collect());
    let mut values: Vec<Value> = numbers(parts.overall).collect();
    values.extend([groups, Value::Null]);
    Value::Record(values)
}

fn refusal(result: &Type, reason: String) -> Value {
    let n_fields = match result {
        Type::Record(fields) => fields.len(),
        _ => 1,
    };
    let mut values = vec![Value::Null; n_fields - 1];
    values.push(reason.into());
    Value::Record(values)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::harness::{Cell, Row, flat};

    /// Explains the groups of a test table by the kernel: volumes x and y, totals 2x and 3y + 1.
    pub(in crate::aggregate) fn slowly(rows: &[Row], result: &Type, explain: Explain) -> Vec<Cell> {
        // The groups in order of their numbers; what is unknown counts as 0.
        let mut rows: Vec<[f64; 4]> = rows
            .iter()
            .map(|r| {
                let (x, y) = (r.0.unwrap_or(0.0), r.1.unwrap_or(0.0));
                [x, 2.0 * x, y, r.1.map_or(0.0, |y| 3.0 * y + 1.0)]
            })
            .collect();
        rows.sort_by(|a, b| a.partial_cmp(b).unwrap());
        let groups = rows.iter().map(|r| GroupChange {
            volume_before: r[0],
            total_before: r[1],
            volume_after: r[2],
            total_after: r[3],
        });
        match explained(&Groups::unnamed(groups.collect()), result, explain) {
            Value::Null => {
                let Type::Record(fields) = result else {
                    panic!("{result:?}");
                };
                vec![Cell::Null; fields.len()]
            }
            value => flat(value),
        }
    }
}
