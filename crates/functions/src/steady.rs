//! DataFusion's `sum`, `avg`, `var`, `stddev` and their kin, of doubles, whatever the order of rows.
//!
//! Ordinary addition rounds after every step, so a sum of doubles depends in its
//! last digit on which partition came first, and two runs of one report differ.
//! The functions here keep twice the digits while they add (see [`double_sum`])
//! and round once in the end. All other types, and `distinct`, are DataFusion's
//! as before.
//!
//! A session chooses them: they take the places of functions every query knows,
//! so `register_all` leaves them out.

mod double_sum;

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array, Int64Array};
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type, Int64Type};
use datafusion::common::{Result, ScalarValue, internal_err};
use datafusion::functions_aggregate::{average, stddev, sum, variance};
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::function::{
    AccumulatorArgs, AggregateFunctionSimplification, StateFieldsArgs,
};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Documentation, Expr, GroupsAccumulator, Operator,
    ReversedUDAF, SetMonotonicity, Signature, StatisticsArgs,
};
use datafusion::prelude::SessionContext;

use aftersight_stats::exact_sum::ExactSum;

use crate::additive::{Build, Kernel, Rows, State};
use double_sum::DoubleSum;

/// Makes sums, means, variances and deviations of doubles the same in whatever order rows come.
///
/// Replaces `sum`, `avg`, `var`, `var_pop`, `stddev` and `stddev_pop` (and their other
/// names) of the session. A group takes 24 bytes instead of 8 for a sum, 56 instead of
/// 24 for a variance. `corr`, `covar` and `regr` remain as they are.
pub fn register_steady_sums(ctx: &SessionContext) {
    for (built_in, measure) in [
        (sum::sum_udaf(), Measure::Sum),
        (average::avg_udaf(), Measure::Mean),
        (variance::var_samp_udaf(), Measure::Variance { less: 1 }),
        (variance::var_pop_udaf(), Measure::Variance { less: 0 }),
        (stddev::stddev_udaf(), Measure::Deviation { less: 1 }),
        (stddev::stddev_pop_udaf(), Measure::Deviation { less: 0 }),
    ] {
        ctx.register_udaf(AggregateUDF::from(Steady { built_in, measure }));
    }
}

/// What is made of the sums in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Measure {
    Sum,
    Mean,
    /// Of a sample (divided by one less than its size) or of all there is.
    Variance {
        less: i64,
    },
    /// The root of that.
    Deviation {
        less: i64,
    },
}

/// One of DataFusion's functions, with sums of our own for doubles.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Steady {
    built_in: Arc<AggregateUDF>,
    measure: Measure,
}

impl Steady {
    fn is_ours(is_distinct: bool, inputs: &[FieldRef]) -> bool {
        !is_distinct
            && inputs
                .first()
                .is_some_and(|field| field.data_type() == &DataType::Float64)
    }

    fn is_ours_to_run(args: &AccumulatorArgs<'_>) -> bool {
        Self::is_ours(args.is_distinct, args.expr_fields)
    }

    fn build(&self) -> Box<dyn Build> {
        match self.measure {
            Measure::Sum | Measure::Mean => Box::new(Sums::<1>(self.measure)),
            Measure::Variance { .. } | Measure::Deviation { .. } => {
                Box::new(Sums::<3>(self.measure))
            }
        }
    }
}

impl AggregateUDFImpl for Steady {
    fn name(&self) -> &str {
        self.built_in.name()
    }

    fn aliases(&self) -> &[String] {
        self.built_in.aliases()
    }

    fn signature(&self) -> &Signature {
        self.built_in.signature()
    }

    fn return_type(&self, arg_types: &[DataType]) -> Result<DataType> {
        self.built_in.return_type(arg_types)
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        self.built_in.coerce_types(arg_types)
    }

    fn is_nullable(&self) -> bool {
        self.built_in.is_nullable()
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        if !Self::is_ours(args.is_distinct, args.input_fields) {
            return self.built_in.state_fields(args);
        }
        let columns = match self.measure {
            Measure::Sum | Measure::Mean => Sums::<1>::columns(),
            Measure::Variance { .. } | Measure::Deviation { .. } => Sums::<3>::columns(),
        };
        let fields = columns.into_iter().map(|(name, data_type)| {
            let name = format_state_name(args.name, &name);
            Arc::new(Field::new(name, data_type, false))
        });
        Ok(fields.collect())
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        if Self::is_ours_to_run(&args) {
            return Ok(self.build().plain());
        }
        self.built_in.accumulator(args)
    }

    fn create_sliding_accumulator(
        &self,
        args: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn Accumulator>> {
        if Self::is_ours_to_run(&args) {
            return Ok(self.build().sliding());
        }
        self.built_in.create_sliding_accumulator(args)
    }

    fn groups_accumulator_supported(&self, args: AccumulatorArgs<'_>) -> bool {
        Self::is_ours_to_run(&args) || self.built_in.groups_accumulator_supported(args)
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        if Self::is_ours_to_run(&args) {
            return Ok(self.build().groups());
        }
        self.built_in.create_groups_accumulator(args)
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }

    fn simplify(&self) -> Option<AggregateFunctionSimplification> {
        self.built_in.simplify()
    }

    fn simplify_expr_op_literal(
        &self,
        function: &AggregateFunction,
        arg: &Expr,
        op: Operator,
        literal: &Expr,
        literal_is_left: bool,
    ) -> Result<Option<Expr>> {
        self.built_in
            .simplify_expr_op_literal(function, arg, op, literal, literal_is_left)
    }

    fn value_from_stats(&self, args: &StatisticsArgs<'_>) -> Option<ScalarValue> {
        self.built_in.value_from_stats(args)
    }

    fn default_value(&self, data_type: &DataType) -> Result<ScalarValue> {
        self.built_in.default_value(data_type)
    }

    fn set_monotonicity(&self, data_type: &DataType) -> SetMonotonicity {
        self.built_in.inner().set_monotonicity(data_type)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.built_in.documentation()
    }
}

/// The sum of a column and, where N is three, of its squares.
#[derive(Debug)]
struct Sums<const N: usize>(Measure);

impl<const N: usize> Sums<N> {
    fn columns() -> Vec<(String, DataType)> {
        Moments::<N>::columns()
    }
}

/// How many values there were, their sum, and of their squares the sums of the rounded
/// ones and of what rounding took off: a square has 106 bits, so one sum of both would
/// be full with its first term, and the order of rows would show where the values
/// differ little.
#[derive(Debug, Clone, Copy)]
struct Moments<const N: usize> {
    n: i64,
    sums: [DoubleSum; N],
}

impl<const N: usize> Default for Moments<N> {
    fn default() -> Self {
        Self {
            n: 0,
            sums: [DoubleSum::default(); N],
        }
    }
}

impl<const N: usize> Moments<N> {
    #[inline]
    fn add(&mut self, x: f64) {
        self.n += 1;
        self.sums[0].add(x);
        if N > 1 {
            let square = x * x;
            self.sums[1].add(square);
            if square.is_finite() {
                self.sums[2].add(x.mul_add(x, -square));
            }
        }
    }

    /// Returns the squared distances from the mean, summed.
    fn squares(&self) -> f64 {
        let [sum, squares, rests] = [self.sums[0], self.sums[1], self.sums[N - 1]];
        let mut distances = squares;
        distances.merge(&rests);
        distances.unmerge(&sum.squared().divided_by(self.n as f64));
        // 106 bits less those that went out with the mean are more than a double has.
        if distances.high > squares.high * CANCELLED {
            return distances.high;
        }
        // Halved until both products are below the sum of squares: no overflow.
        let scale = 0.5_f64.powi(64 - self.n.leading_zeros() as i32);
        let sum = ExactSum::from_parts(&[sum.high, sum.low]);
        ExactSum::from_parts(&[squares.high, squares.low, rests.high, rests.low])
            .scaled(self.n as f64 * scale)
            .minus(&sum.scaled(scale).times(&sum))
            .value()
            // Sums that have lost bits can be below zero together.
            .map_or(f64::NAN, |d| d.max(0.0) / (self.n as f64 * scale))
    }
}

/// The share of the squares below which their distance from the mean is worked out exactly.
const CANCELLED: f64 = 1.0 / (1_u64 << 44) as f64;

impl<const N: usize> State for Moments<N> {
    fn columns() -> Vec<(String, DataType)> {
        let halves = ["sum", "sum_squares", "sum_rests"][..N]
            .iter()
            .flat_map(|sum| ["high", "low"].map(|half| format!("{sum}_{half}")))
            .map(|name| (name, DataType::Float64));
        std::iter::once(("n".to_string(), DataType::Int64))
            .chain(halves)
            .collect()
    }

    fn merge(&mut self, other: &Self) {
        self.n += other.n;
        for (mine, theirs) in self.sums.iter_mut().zip(&other.sums) {
            mine.merge(theirs);
        }
    }

    fn unmerge(&mut self, other: &Self) {
        self.n -= other.n;
        for (mine, theirs) in self.sums.iter_mut().zip(&other.sums) {
            mine.unmerge(theirs);
        }
        if self.n == 0 {
            // Of a window that is empty not even an infinity may be left.
            *self = Self::default();
        }
    }

    fn encode(states: &[Self]) -> Result<Vec<ArrayRef>> {
        let n = Int64Array::from_iter_values(states.iter().map(|state| state.n));
        let mut columns: Vec<ArrayRef> = vec![Arc::new(n)];
        for i in 0..N {
            let sums = || states.iter().map(|state| state.sums[i]);
            let high = Float64Array::from_iter_values(sums().map(|sum| sum.high));
            let low = Float64Array::from_iter_values(sums().map(|sum| sum.low));
            columns.push(Arc::new(high));
            columns.push(Arc::new(low));
        }
        Ok(columns)
    }

    fn merge_encoded(states: &mut [Self], groups: &[usize], columns: &[ArrayRef]) -> Result<()> {
        let Some((n, halves)) = columns.split_first().filter(|(_, h)| h.len() == 2 * N) else {
            return internal_err!("a state of {N} sums has {} columns", columns.len());
        };
        let n = n.as_primitive::<Int64Type>().values();
        let halves: Vec<&[f64]> = halves
            .iter()
            .map(|half| half.as_primitive::<Float64Type>().values().as_ref())
            .collect();
        for (row, &group) in groups.iter().enumerate() {
            let state = &mut states[group];
            state.n += n[row];
            for (i, sum) in state.sums.iter_mut().enumerate() {
                sum.merge(&DoubleSum {
                    high: halves[2 * i][row],
                    low: halves[2 * i + 1][row],
                });
            }
        }
        Ok(())
    }
}

impl<const N: usize> Kernel for Sums<N> {
    type State = Moments<N>;

    fn update(&self, states: &mut [Self::State], rows: &Rows<'_>) -> Result<()> {
        rows.numbers(0, |group, x| states[group].add(x))
    }

    fn finish(&self, states: &[Self::State]) -> Result<ArrayRef> {
        let measure = self.0;
        let results = states.iter().map(|state| match measure {
            Measure::Sum => (state.n > 0).then_some(state.sums[0].high),
            Measure::Mean => (state.n > 0).then(|| state.sums[0].divided_by(state.n as f64).high),
            Measure::Variance { less } => {
                (state.n > less).then(|| state.squares() / (state.n - less) as f64)
            }
            Measure::Deviation { less } => {
                (state.n > less).then(|| (state.squares() / (state.n - less) as f64).sqrt())
            }
        });
        Ok(Arc::new(results.collect::<Float64Array>()))
    }
}

#[cfg(test)]
mod tests;
