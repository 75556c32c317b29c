//! Aggregate functions, one in each file, and the adaptor that makes them DataFusion's.

mod answers;
mod ces;
mod clustered;
mod csat;
mod csat_ci;
mod csat_mean;
mod gini;
mod n_invalid;
mod nps;
mod nps_breakdown;
mod nps_ci;
mod nps_se;
mod nps_test;
mod return_matches;
mod return_rate;
mod rfm_bounds;
mod rfm_collapse;
mod satisfied;
mod scores;
mod top_k_share;

pub(crate) use ces::Ces;
pub(crate) use csat::Csat;
pub(crate) use csat_ci::CsatCi;
pub(crate) use csat_mean::CsatMean;
pub(crate) use gini::Gini;
pub(crate) use n_invalid::NInvalid;
pub(crate) use nps::Nps;
pub(crate) use nps_breakdown::NpsBreakdown;
pub(crate) use nps_ci::NpsCi;
pub(crate) use nps_se::NpsSe;
pub(crate) use nps_test::NpsTest;
pub(crate) use return_matches::ReturnMatches;
pub(crate) use return_rate::ReturnRate;
pub(crate) use rfm_bounds::RfmBounds;
pub(crate) use rfm_collapse::RfmCollapse;
pub(crate) use top_k_share::TopKShare;

// Experiments.
mod cuped_theta;
mod did;
mod mcnemar;
mod prop_test;
mod t_test_paired;
mod t_test_welch;
mod uplift_ci;

pub(crate) use cuped_theta::CupedTheta;
pub(crate) use did::Did;
pub(crate) use mcnemar::Mcnemar;
pub(crate) use prop_test::PropTest;
pub(crate) use t_test_paired::TTestPaired;
pub(crate) use t_test_welch::TTestWelch;
pub(crate) use uplift_ci::UpliftCi;

// Monitoring.
mod forecast_accuracy;
mod holt;
mod holt_winters;
mod mad;
mod ses;
mod smoothing;

pub(crate) use forecast_accuracy::ForecastAccuracy;
pub(crate) use holt::Holt;
pub(crate) use holt_winters::HoltWinters;
pub(crate) use mad::Mad;
pub(crate) use ses::Ses;

// Drivers.
mod chisq_test;
mod cramers_v;
mod driver_relative_weights;
mod driver_shapley;
mod drivers;
mod linear_regression;
mod pearson_ci;
mod psi;
mod spearman;

pub(crate) use chisq_test::ChisqTest;
pub(crate) use cramers_v::CramersV;
pub(crate) use driver_relative_weights::DriverRelativeWeights;
pub(crate) use driver_shapley::DriverShapley;
pub(crate) use linear_regression::LinearRegression;
pub(crate) use pearson_ci::PearsonCi;
pub(crate) use psi::Psi;
pub(crate) use spearman::Spearman;

// Loyalty.
mod bgnbd_fit;
mod btyd_summary;
mod gamma_gamma_fit;
mod repeat_rate;

pub(crate) use bgnbd_fit::BgnbdFit;
pub(crate) use btyd_summary::BtydSummary;
pub(crate) use gamma_gamma_fit::GammaGammaFit;
pub(crate) use repeat_rate::RepeatRate;

// Change, texts, baskets, quantiles.
mod basket_rules;
mod change;
mod net_sentiment;
mod quantile_type;
mod rate_change;
mod shapley_change;

pub(crate) use basket_rules::BasketRules;
pub(crate) use net_sentiment::NetSentiment;
pub(crate) use quantile_type::QuantileType;
pub(crate) use rate_change::RateChange;
pub(crate) use shapley_change::ShapleyChange;

use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::function::{
    AccumulatorArgs, AggregateFunctionSimplification, StateFieldsArgs,
};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Documentation, Expr, GroupsAccumulator,
    ReversedUDAF, Signature,
};

use crate::additive::{Build, Kernel, State};
use crate::args::{Call, Parameters};

/// An aggregate function, as its file describes it.
pub(crate) trait Aggregate: Debug + Default + PartialEq + Eq + Hash + Send + Sync {
    /// Its name in SQL.
    const NAME: &'static str;
    /// Its parameters.
    const PARAMETERS: Parameters;
    /// The result over no rows; NULL for all but counts.
    const EMPTY: Option<i64> = None;

    /// Returns the type of the result.
    fn result(&self) -> DataType;

    /// Returns the type of the result where it follows from those of the arguments;
    /// fails for types that do not go together.
    fn result_of(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.result())
    }

    /// Returns the columns of a state, given the types of the arguments.
    fn state(&self, arguments: &[DataType]) -> Vec<(String, DataType)>;

    /// Reads the options and returns what does the work; fails for wrong options.
    fn build(&self, call: &Call) -> Result<Box<dyn Build>>;

    /// Returns what `#[user_doc]` wrote.
    fn documentation(&self) -> Option<&Documentation>;
}

/// Returns the columns of the states of a kernel.
pub(crate) fn state_of<K: Kernel>() -> Vec<(String, DataType)> {
    K::State::columns()
}

/// Returns the function to register.
pub(crate) fn udaf<A: Aggregate + 'static>() -> AggregateUDF {
    AggregateUDF::new_from_impl(Udaf {
        aggregate: A::default(),
        signature: A::PARAMETERS.signature(),
    })
}

/// An [`Aggregate`] in the shape DataFusion takes.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Udaf<A> {
    aggregate: A,
    signature: Signature,
}

impl<A: Aggregate> Udaf<A> {
    fn build(&self, args: &AccumulatorArgs<'_>) -> Result<Box<dyn Build>> {
        refuse_distinct::<A>(args.is_distinct)?;
        let types = args.expr_fields.iter().map(|f| f.data_type().clone());
        let call = A::PARAMETERS.physical(args.exprs, types.collect());
        self.aggregate.build(&call)
    }
}

/// Refuses `f(DISTINCT x)`: a score of the distinct answers is not the score of the answers.
fn refuse_distinct<A: Aggregate>(is_distinct: bool) -> Result<()> {
    if is_distinct {
        return plan_err!(
            "'{}' does not support DISTINCT: deduplicate rows in a subquery",
            A::NAME
        );
    }
    Ok(())
}

impl<A: Aggregate + 'static> AggregateUDFImpl for Udaf<A> {
    fn name(&self) -> &str {
        A::NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        Ok(A::PARAMETERS.coerce(given))
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        A::PARAMETERS.check(given)?;
        self.aggregate.result_of(given)
    }

    fn is_nullable(&self) -> bool {
        A::EMPTY.is_none()
    }

    fn default_value(&self, data_type: &DataType) -> Result<ScalarValue> {
        match A::EMPTY {
            Some(count) => Ok(ScalarValue::Int64(Some(count))),
            None => ScalarValue::try_from(data_type),
        }
    }

    /// Changes nothing; this is the one place where the planner shows us
    /// options and DISTINCT before it rewrites the latter away.
    fn simplify(&self) -> Option<AggregateFunctionSimplification> {
        Some(Box::new(|function, _| {
            refuse_distinct::<A>(function.params.distinct)?;
            if let Some(call) = A::PARAMETERS.logical(&function.params.args) {
                A::default().build(&call)?;
            }
            Ok(Expr::AggregateFunction(function))
        }))
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let types: Vec<DataType> = args
            .input_fields
            .iter()
            .map(|f| f.data_type().clone())
            .collect();
        Ok(self
            .aggregate
            .state(&types)
            .into_iter()
            .map(|(name, data_type)| {
                let name = format_state_name(args.name, &name);
                Arc::new(Field::new(name, data_type, false))
            })
            .collect())
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(self.build(&args)?.plain())
    }

    fn create_sliding_accumulator(
        &self,
        args: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn Accumulator>> {
        Ok(self.build(&args)?.sliding())
    }

    fn groups_accumulator_supported(&self, _: AccumulatorArgs<'_>) -> bool {
        true
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs<'_>,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(self.build(&args)?.groups())
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        ReversedUDAF::Identical
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.aggregate.documentation()
    }
}
