//! One call of a function: its literals, read from a plan and checked.
//!
//! What a literal may be is said by the function that asks for it; this module
//! has the words in which a wrong one is refused.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::{ColumnarValue, Expr};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{CastExpr, Column, Literal};

use super::{Parameter, Parameters, numbers_type};

impl Parameters {
    /// Reads the literals of a call in a logical plan, or nothing while some are still placeholders.
    pub(crate) fn logical(&self, args: &[Expr]) -> Option<Call> {
        let mut arguments = Vec::with_capacity(args.len());
        for arg in args {
            arguments.push(match arg {
                Expr::Literal(value, _) => Some(value.clone()),
                Expr::Placeholder(_) => return None,
                _ => None,
            });
        }
        Some(self.call(arguments, vec![]))
    }

    /// Reads the literals of a call in a physical plan.
    pub(crate) fn physical(&self, args: &[Arc<dyn PhysicalExpr>], types: Vec<DataType>) -> Call {
        let literals = args
            .iter()
            .map(|e| e.downcast_ref::<Literal>().map(|l| l.value().clone()));
        Call {
            columns: args.iter().map(|e| column_name(e.as_ref())).collect(),
            ..self.call(literals.collect(), types)
        }
    }

    /// Reads the literals that type checking of a scalar function sees, or nothing
    /// while an option is an expression that may still become one.
    pub(crate) fn scalars(&self, args: &[Option<&ScalarValue>]) -> Option<Call> {
        let pending = |(p, a): (&Parameter, &Option<_>)| p.literal && a.is_none();
        if self.list.iter().zip(args).any(pending) {
            return None;
        }
        Some(self.call(args.iter().map(|a| a.cloned()).collect(), vec![]))
    }

    /// Reads the literals that a scalar function is invoked with.
    pub(crate) fn values(&self, args: &[ColumnarValue]) -> Call {
        let literals = args.iter().map(|a| match a {
            ColumnarValue::Scalar(value) => Some(value.clone()),
            ColumnarValue::Array(_) => None,
        });
        self.call(literals.collect(), vec![])
    }

    fn call(&self, arguments: Vec<Option<ScalarValue>>, types: Vec<DataType>) -> Call {
        Call {
            parameters: *self,
            arguments,
            types,
            columns: vec![],
        }
    }
}

/// Returns the name of a column behind the casts of an argument.
fn column_name(argument: &dyn PhysicalExpr) -> Option<String> {
    if let Some(cast) = argument.downcast_ref::<CastExpr>() {
        return column_name(cast.expr().as_ref());
    }
    let column = argument.downcast_ref::<Column>()?;
    // What the optimizer took out of several calls has a name that says nothing.
    let name = column.name();
    (!name.starts_with("__")).then(|| name.to_string())
}

/// One call of a function: the literals among its arguments.
#[derive(Debug)]
pub(crate) struct Call {
    parameters: Parameters,
    /// One entry an argument; nothing for what is not a literal.
    arguments: Vec<Option<ScalarValue>>,
    /// Types of the arguments where the plan is far enough to know them.
    types: Vec<DataType>,
    /// Names of the arguments that are columns, where the plan is far enough to know them.
    columns: Vec<Option<String>>,
}

impl Call {
    /// Returns the types of the arguments; none while the query is still planned.
    pub(crate) fn types(&self) -> &[DataType] {
        &self.types
    }

    /// Returns the columns the arguments are, and nothing for those that are no columns.
    pub(crate) fn columns(&self) -> &[Option<String>] {
        &self.columns
    }

    /// Returns the number of arguments, options included.
    pub(crate) fn n_arguments(&self) -> usize {
        self.arguments.len()
    }

    /// Whether argument `i` is given and is not the literal NULL.
    pub(crate) fn gives(&self, i: usize) -> bool {
        match self.arguments.get(i) {
            None => false,
            Some(None) => true,
            Some(Some(value)) => !value.is_null(),
        }
    }

    /// Returns option `i`, or nothing where it is left out or NULL.
    fn literal(&self, i: usize) -> Result<Option<&ScalarValue>> {
        match self.arguments.get(i) {
            None => Ok(None),
            Some(Some(value)) if value.is_null() => Ok(None),
            Some(Some(value)) => Ok(Some(value)),
            Some(None) => plan_err!(
                "'{}' expects a literal as argument {} ({}), got an expression",
                self.parameters.function,
                i + 1,
                self.name(i)
            ),
        }
    }

    /// Returns the name of argument `i`.
    fn name(&self, i: usize) -> &'static str {
        self.parameters.at(i).map_or("none", |p| p.name)
    }

    /// Returns the error of a kernel that finds the options wrong.
    pub(crate) fn invalid<T>(&self, error: impl fmt::Display) -> Result<T> {
        plan_err!("'{}': {error}", self.parameters.function)
    }

    /// Returns the error for a literal that has the right type and the wrong value.
    pub(crate) fn refuse<T>(&self, i: usize, expected: &str, got: impl fmt::Display) -> Result<T> {
        plan_err!(
            "'{}' expects {expected} as argument {} ({}), got {got}",
            self.parameters.function,
            i + 1,
            self.name(i)
        )
    }

    /// Returns a number.
    pub(crate) fn number(&self, i: usize) -> Result<Option<f64>> {
        match self.literal(i)? {
            None => Ok(None),
            Some(value) => match value.cast_to(&DataType::Float64) {
                Ok(ScalarValue::Float64(Some(x))) if x.is_finite() => Ok(Some(x)),
                _ => self.refuse(i, "a finite number", value),
            },
        }
    }

    /// Returns a number greater than 0.
    pub(crate) fn positive(&self, i: usize) -> Result<Option<f64>> {
        match self.number(i)? {
            Some(x) if x <= 0.0 => self.refuse(i, "a number greater than 0", x),
            x => Ok(x),
        }
    }

    /// Returns a number within `least..=most`.
    pub(crate) fn between(&self, i: usize, least: f64, most: f64) -> Result<Option<f64>> {
        match self.number(i)? {
            Some(x) if x < least || x > most => {
                self.refuse(i, &format!("a number from {least} to {most}"), x)
            }
            x => Ok(x),
        }
    }

    /// Returns true or false.
    pub(crate) fn flag(&self, i: usize) -> Result<Option<bool>> {
        match self.literal(i)? {
            None => Ok(None),
            Some(ScalarValue::Boolean(Some(flag))) => Ok(Some(*flag)),
            Some(value) => self.refuse(i, "true or false", value),
        }
    }

    /// Returns a whole number within `least..=most`.
    pub(crate) fn whole(&self, i: usize, least: i64, most: i64) -> Result<Option<i64>> {
        let Some(x) = self.number(i)? else {
            return Ok(None);
        };
        // The limits are small, so the comparison in floating point is exact.
        if x.fract() != 0.0 || x < least as f64 || x > most as f64 {
            return self.refuse(i, &format!("a whole number from {least} to {most}"), x);
        }
        Ok(Some(x as i64))
    }

    /// Returns a confidence level, 0.95 where none is given.
    pub(crate) fn level(&self, i: usize) -> Result<f64> {
        match self.number(i)? {
            None => Ok(0.95),
            Some(x) if x > 0.0 && x < 1.0 => Ok(x),
            Some(x) => self.refuse(i, "a confidence level between 0 and 1", x),
        }
    }

    /// Returns the numbers of a list.
    pub(crate) fn numbers(&self, i: usize) -> Result<Option<Vec<f64>>> {
        let Some(value) = self.literal(i)? else {
            return Ok(None);
        };
        let ScalarValue::List(list) = value.cast_to(&numbers_type())? else {
            return self.refuse(i, "a list of numbers", value);
        };
        let items = list.value(0);
        let items = datafusion::common::cast::as_float64_array(&items)?;
        if items.iter().any(|x| !x.is_some_and(f64::is_finite)) {
            return self.refuse(i, "a list of finite numbers", value);
        }
        Ok(Some(items.values().to_vec()))
    }

    /// Returns a length of time in the ticks of timestamps of type `at`.
    ///
    /// Numbers are seconds, or count what integer timestamps count. Before the
    /// types are known only what holds for all of them is checked.
    pub(crate) fn ticks(&self, i: usize, at: Option<&DataType>) -> Result<Option<i64>> {
        let Some(value) = self.literal(i)? else {
            return Ok(None);
        };
        let is_integer = at.is_some_and(DataType::is_integer);
        let ticks = if let ScalarValue::IntervalMonthDayNano(Some(interval)) = value {
            if interval.months != 0 {
                return self.refuse(
                    i,
                    "an interval without months, whose length varies",
                    written(value),
                );
            }
            if is_integer {
                return self.refuse(i, "a number in the unit of the timestamps", written(value));
            }
            i64::from(interval.days) * 86_400_000_000 + interval.nanoseconds / 1_000
        } else {
            let x = self.number(i)?.unwrap_or(0.0);
            let ticks = if is_integer { x } else { x * 1e6 };
            if is_integer && x.fract() != 0.0 {
                return self.refuse(i, "a whole number, as the timestamps are", x);
            }
            if ticks.abs() >= 9e18 {
                return self.refuse(i, "a duration below 292,000 years", x);
            }
            ticks.round() as i64
        };
        if ticks <= 0 {
            return self.refuse(i, "a duration above 0", written(value));
        }
        Ok(Some(ticks))
    }

    /// Returns a timestamp or date in microseconds.
    pub(crate) fn instant(&self, i: usize) -> Result<Option<i64>> {
        match self.literal(i)? {
            None => Ok(None),
            Some(ScalarValue::TimestampMicrosecond(Some(at), _)) => Ok(Some(*at)),
            Some(value) => self.refuse(i, "a timestamp or date", value),
        }
    }

    /// Whether argument `i` is a literal text.
    pub(crate) fn is_text(&self, i: usize) -> bool {
        matches!(self.arguments.get(i), Some(Some(value)) if value.data_type().is_string())
    }

    /// Returns a text.
    pub(crate) fn text(&self, i: usize) -> Result<Option<&str>> {
        let Some(value) = self.literal(i)? else {
            return Ok(None);
        };
        match value.try_as_str() {
            Some(Some(text)) => Ok(Some(text)),
            _ => self.refuse(i, "text", value),
        }
    }

    /// Returns the choice a text names; a misspelt one is answered with the nearest.
    pub(crate) fn choice<T: Copy>(
        &self,
        i: usize,
        choices: &[(&'static str, T)],
    ) -> Result<Option<T>> {
        let Some(text) = self.text(i)? else {
            return Ok(None);
        };
        if let Some((_, choice)) = choices.iter().find(|(name, _)| *name == text) {
            return Ok(Some(*choice));
        }
        let names: Vec<String> = choices.iter().map(|(n, _)| format!("'{n}'")).collect();
        let expected = format!("one of {}", names.join(", "));
        let nearest = choices
            .iter()
            .map(|(name, _)| (strsim::jaro_winkler(name, text), name))
            .max_by(|a, b| a.0.total_cmp(&b.0));
        match nearest {
            // Weighs the beginning, since names are often cut short. Below 0.7 the
            // guess would be about as far off as any other.
            Some((likeness, name)) if likeness >= 0.7 => {
                self.refuse(i, &expected, format!("'{text}'. Did you mean '{name}'?"))
            }
            _ => self.refuse(i, &expected, format!("'{text}'")),
        }
    }
}

/// Writes a literal as a user would; intervals have no other form of their own.
fn written(value: &ScalarValue) -> String {
    let ScalarValue::IntervalMonthDayNano(Some(interval)) = value else {
        return value.to_string();
    };
    let seconds = interval.nanoseconds as f64 / 1e9;
    let parts = [
        (f64::from(interval.months), "months"),
        (f64::from(interval.days), "days"),
        (seconds, "seconds"),
    ];
    let parts = parts.iter().filter(|(n, _)| *n != 0.0);
    let parts: Vec<String> = parts.map(|(n, unit)| format!("{n} {unit}")).collect();
    format!("interval '{}'", parts.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::tests::INTERVAL;

    fn call(arguments: Vec<Option<ScalarValue>>) -> Call {
        INTERVAL.call(arguments, vec![])
    }

    fn text(s: &str) -> Option<ScalarValue> {
        Some(ScalarValue::from(s))
    }

    #[test]
    fn a_misspelt_choice_is_answered_with_the_nearest() {
        let choices = [("adjusted_wald", 1), ("wald", 2)];
        let error = call(vec![None, text("adjusted-wald")])
            .choice(1, &choices)
            .unwrap_err();
        assert_eq!(
            error.strip_backtrace(),
            "Error during planning: 'nps_ci' expects one of 'adjusted_wald', 'wald' \
             as argument 2 (method), got 'adjusted-wald'. Did you mean 'adjusted_wald'?"
        );
    }

    #[test]
    fn null_and_absent_options_mean_the_default() {
        let null = Some(ScalarValue::Float64(None));
        assert_eq!(call(vec![None]).level(2).unwrap(), 0.95);
        assert_eq!(call(vec![None, None, null]).level(2).unwrap(), 0.95);
    }

    #[test]
    fn a_level_outside_0_to_1_is_refused() {
        for level in [0.0, 1.0, 95.0, -0.1] {
            let level = Some(ScalarValue::Float64(Some(level)));
            assert!(call(vec![None, None, level]).level(2).is_err());
        }
    }

    #[test]
    fn an_option_that_is_a_column_is_refused() {
        let error = call(vec![None, None, None]).level(2).unwrap_err();
        assert_eq!(
            error.strip_backtrace(),
            "Error during planning: 'nps_ci' expects a literal as argument 3 (level), \
             got an expression"
        );
    }
}
