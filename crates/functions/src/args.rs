//! How functions declare, coerce and read their arguments.
//!
//! A function lists its parameters once, as data. The SQL signature, the
//! coercions, the counts, the names for `f(level => 0.9)` and every error
//! message follow from that list, so that all functions answer a wrong call in
//! the same words: function, argument, expected, given.
//!
//! Options are arguments that must be literals. NULL means the default. They
//! are checked while the query is planned, before any data is read.

mod kind;

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::{ColumnarValue, Expr, Signature, TypeSignature, Volatility};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::{CastExpr, Column, Literal};

pub(crate) use kind::{Kind, numbers_type};

/// One parameter of a function.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parameter {
    name: &'static str,
    kind: Kind,
    literal: bool,
    optional: bool,
    repeated: bool,
}

impl Parameter {
    /// A column that every call gives.
    pub(crate) const fn column(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            literal: false,
            optional: false,
            repeated: false,
        }
    }

    /// An optional literal.
    pub(crate) const fn option(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            kind,
            literal: true,
            optional: true,
            repeated: false,
        }
    }

    /// The same parameter, which a call may leave out.
    pub(crate) const fn optional(self) -> Self {
        Self {
            optional: true,
            ..self
        }
    }

    /// The same parameter, which every call gives.
    pub(crate) const fn mandatory(self) -> Self {
        Self {
            optional: false,
            ..self
        }
    }

    /// The same parameter, which a call gives once or more; only as the last one.
    pub(crate) const fn repeated(self) -> Self {
        Self {
            repeated: true,
            ..self
        }
    }
}

/// The parameters of one function: mandatory ones first, then optional ones.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parameters {
    function: &'static str,
    list: &'static [Parameter],
}

impl Parameters {
    pub(crate) const fn new(function: &'static str, list: &'static [Parameter]) -> Self {
        Self { function, list }
    }

    /// Returns the parameter that argument `i` belongs to.
    fn at(&self, i: usize) -> Option<&Parameter> {
        let last = self.list.last().filter(|p| p.repeated);
        self.list.get(i).or(last)
    }

    /// Returns the signature under which DataFusion plans a call.
    pub(crate) fn signature(&self) -> Signature {
        let names: Vec<String> = self.list.iter().map(|p| p.name.to_string()).collect();
        Signature {
            type_signature: TypeSignature::UserDefined,
            volatility: Volatility::Immutable,
            // A repeated argument cannot be named.
            parameter_names: self.list.iter().all(|p| !p.repeated).then_some(names),
        }
    }

    /// Returns the types to cast the arguments to.
    ///
    /// What does not fit stays as it is: DataFusion wraps an error raised here
    /// in a sentence of its own, so [`Parameters::check`] raises it later.
    pub(crate) fn coerce(&self, given: &[DataType]) -> Vec<DataType> {
        given
            .iter()
            .enumerate()
            .map(|(i, t)| {
                self.at(i)
                    .and_then(|p| p.kind.coerce(t))
                    .unwrap_or_else(|| t.clone())
            })
            .collect()
    }

    /// Checks number and types of the arguments of a call.
    pub(crate) fn check(&self, given: &[DataType]) -> Result<()> {
        let least = self.list.iter().filter(|p| !p.optional).count();
        let most = match self.list.last() {
            Some(last) if last.repeated => usize::MAX,
            _ => self.list.len(),
        };
        if given.len() < least || given.len() > most {
            let expected = match (least, most) {
                (1, 1) => "1 argument".to_string(),
                (l, usize::MAX) => format!("{l} or more arguments"),
                (l, m) if l == m => format!("{l} arguments"),
                (l, m) => format!("{l} to {m} arguments"),
            };
            return plan_err!(
                "'{}' expects {expected}, {self}, got {}",
                self.function,
                given.len()
            );
        }
        for (i, t) in given.iter().enumerate() {
            if let Some(parameter) = self.at(i)
                && parameter.kind.coerce(t).is_none()
            {
                return plan_err!(
                    "'{}' expects {} as argument {} ({}), got {t}",
                    self.function,
                    parameter.kind,
                    i + 1,
                    parameter.name
                );
            }
        }
        Ok(())
    }

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

/// Writes the call as a user would: `nps_ci(score [, method [, level]])`.
impl fmt::Display for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.function)?;
        let mut open = 0;
        for (i, p) in self.list.iter().enumerate() {
            match (i, p.optional) {
                (0, false) => write!(f, "{}", p.name)?,
                (_, false) => write!(f, ", {}", p.name)?,
                (0, true) => {
                    write!(f, "[{}", p.name)?;
                    open += 1;
                }
                (_, true) => {
                    write!(f, " [, {}", p.name)?;
                    open += 1;
                }
            }
        }
        if self.list.last().is_some_and(|p| p.repeated) {
            write!(f, ", ...")?;
        }
        write!(f, "{})", "]".repeat(open))
    }
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

    /// Returns true or false.
    pub(crate) fn boolean(&self, i: usize) -> Result<Option<bool>> {
        match self.literal(i)? {
            None => Ok(None),
            Some(ScalarValue::Boolean(Some(value))) => Ok(Some(*value)),
            Some(value) => self.refuse(i, "true or false", value),
        }
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
        let Some(value) = self.literal(i)? else {
            return Ok(None);
        };
        let Some(Some(text)) = value.try_as_str() else {
            return self.refuse(i, "text", value);
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

    const INTERVAL: Parameters = Parameters::new(
        "nps_ci",
        &[
            Parameter::column("score", Kind::Number),
            Parameter::option("method", Kind::Text),
            Parameter::option("level", Kind::Number),
        ],
    );

    fn call(arguments: Vec<Option<ScalarValue>>) -> Call {
        INTERVAL.call(arguments, vec![])
    }

    fn text(s: &str) -> Option<ScalarValue> {
        Some(ScalarValue::from(s))
    }

    #[test]
    fn a_call_is_written_as_a_user_would() {
        assert_eq!(INTERVAL.to_string(), "nps_ci(score [, method [, level]])");
    }

    #[test]
    fn numbers_of_every_encoding_become_floats() {
        for t in [
            DataType::Int8,
            DataType::UInt64,
            DataType::Float16,
            DataType::Float32,
            DataType::Decimal128(10, 2),
            DataType::Decimal256(50, 2),
            DataType::Null,
            DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Int64)),
        ] {
            assert_eq!(Kind::Number.coerce(&t), Some(DataType::Float64), "{t}");
        }
        assert_eq!(Kind::Number.coerce(&DataType::Utf8), None);
    }

    #[test]
    fn text_of_every_encoding_becomes_utf8() {
        for t in [
            DataType::Utf8,
            DataType::LargeUtf8,
            DataType::Utf8View,
            DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
        ] {
            assert_eq!(Kind::Text.coerce(&t), Some(DataType::Utf8), "{t}");
        }
        assert_eq!(Kind::Text.coerce(&DataType::Int64), None);
    }

    #[test]
    fn amounts_keep_what_makes_them_exact() {
        let check = |given, expected| assert_eq!(Kind::Amount.coerce(&given), Some(expected));
        check(DataType::Int16, DataType::Int64);
        check(DataType::UInt64, DataType::Decimal128(20, 0));
        check(DataType::Decimal64(9, 2), DataType::Decimal128(9, 2));
        check(DataType::Float32, DataType::Float64);
    }

    #[test]
    fn a_wrong_type_names_function_argument_expected_and_given() {
        let error = INTERVAL.check(&[DataType::Utf8]).unwrap_err();
        assert_eq!(
            error.strip_backtrace(),
            "Error during planning: 'nps_ci' expects a number as argument 1 (score), got Utf8"
        );
    }

    #[test]
    fn a_wrong_count_shows_the_whole_call() {
        let error = INTERVAL.check(&[]).unwrap_err();
        assert_eq!(
            error.strip_backtrace(),
            "Error during planning: 'nps_ci' expects 1 to 3 arguments, \
             nps_ci(score [, method [, level]]), got 0"
        );
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
