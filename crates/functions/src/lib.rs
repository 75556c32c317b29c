//! After-sales functions for any DataFusion session.
//!
//! ```
//! use aftersight_functions::register_all;
//! use datafusion::prelude::SessionContext;
//!
//! # fn main() -> datafusion::common::Result<()> {
//! let ctx = SessionContext::new();
//! register_all(&ctx)?;
//! # Ok(())
//! # }
//! ```
//!
//! Every function is a file named like it: `src/aggregate/nps.rs` is `nps`.
//! [`functions`] is the only list; registration, documentation and tests walk it.
//!
//! Functions do no I/O, read no clock and no settings, and keep no state
//! between batches other than what they sum up. The same rows give the same
//! result whatever their order or partitions.
//!
//! # What is wrong, and who says so
//!
//! - A wrong call is an error while the query is planned, in windows too: types, counts of arguments,
//!   and literal options out of range. It names function, argument, expected and given.
//! - Rows that make no result possible (a predictor that does not vary, an arm without rows, fewer than
//!   two seasons, a customer with t_x of 0 although x is not, more defects than cases) do not end the
//!   query: one bad group must not take away the others. A struct holds NULL where it knows nothing and
//!   says why in `reason`, naming the argument or column; `reason` is NULL where nothing is missing.
//! - A function with a single value has no place for a reason. It returns NULL where the value is not
//!   defined, and fails, naming argument and value, for one that cannot be what it stands for (a
//!   negative weight, a probability of 1.5), because NULL would hide it.
//! - Without rows, or with rows whose arguments are all unknown, results are NULL, counts 0.

mod additive;
mod aggregate;
mod args;
mod collected;
mod documentation;
mod events;
mod filter;
mod folded;
mod interval;
mod journey;
mod kernel;
mod list;
mod scalar;
pub mod segments;
mod service;
mod steady;
mod survival;
mod tally;
mod time;
mod value;
mod window;
mod window_options;

#[cfg(test)]
mod harness;

pub use documentation::{FunctionDoc, Kind, documentation};
pub use steady::register_steady_sums;

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{AggregateUDF, Documentation, ScalarUDF, WindowUDF};
use datafusion::prelude::SessionContext;

use aggregate::udaf;
use scalar::udf;
use window::udwf;

/// A function of any kind.
#[derive(Debug, Clone)]
pub enum Function {
    /// One value for each row.
    Scalar(Arc<ScalarUDF>),
    /// One value for each group, or for each window.
    Aggregate(Arc<AggregateUDF>),
    /// One value for each row, computed over a window.
    Window(Arc<WindowUDF>),
}

impl Function {
    /// Returns the name in SQL.
    pub fn name(&self) -> &str {
        match self {
            Self::Scalar(f) => f.name(),
            Self::Aggregate(f) => f.name(),
            Self::Window(f) => f.name(),
        }
    }

    /// Returns what the function says about itself.
    pub fn documentation(&self) -> Option<&Documentation> {
        match self {
            Self::Scalar(f) => f.documentation(),
            Self::Aggregate(f) => f.documentation(),
            Self::Window(f) => f.documentation(),
        }
    }
}

impl From<ScalarUDF> for Function {
    fn from(f: ScalarUDF) -> Self {
        Self::Scalar(Arc::new(f))
    }
}

impl From<AggregateUDF> for Function {
    fn from(f: AggregateUDF) -> Self {
        Self::Aggregate(Arc::new(f))
    }
}

impl From<WindowUDF> for Function {
    fn from(f: WindowUDF) -> Self {
        Self::Window(Arc::new(f))
    }
}

/// Returns all functions, in the order of the manual.
pub fn functions() -> Vec<Function> {
    vec![
        // Surveys
        udaf::<aggregate::Nps>().into(),
        udaf::<aggregate::NpsSe>().into(),
        udaf::<aggregate::NpsCi>().into(),
        udaf::<aggregate::NpsTest>().into(),
        udaf::<aggregate::NpsBreakdown>().into(),
        udf::<scalar::NpsCategory>().into(),
        udaf::<aggregate::Csat>().into(),
        udaf::<aggregate::CsatCi>().into(),
        udaf::<aggregate::CsatMean>().into(),
        udaf::<aggregate::Ces>().into(),
        udaf::<aggregate::NInvalid>().into(),
        // Returns
        udaf::<aggregate::ReturnRate>().into(),
        udf::<scalar::ReturnerClass>().into(),
        udaf::<aggregate::ReturnMatches>().into(),
        // Customers
        udwf::<window::RfmScore>().into(),
        udaf::<aggregate::RfmBounds>().into(),
        udaf::<aggregate::RfmCollapse>().into(),
        udf::<scalar::RfmBucket>().into(),
        udf::<scalar::RfmSegment>().into(),
        udwf::<window::RfmCn8>().into(),
        // Statistics
        udf::<scalar::ProportionCi>().into(),
        udaf::<aggregate::Gini>().into(),
        udaf::<aggregate::TopKShare>().into(),
        udwf::<window::AbcClass>().into(),
        // Journeys
        udaf::<journey::WindowFunnel>().into(),
        udaf::<journey::WindowFunnelTimes>().into(),
        udaf::<journey::Retention>().into(),
        udaf::<journey::SequenceMatch>().into(),
        udaf::<journey::SequenceCount>().into(),
        udaf::<journey::SequenceMatchEvents>().into(),
        udwf::<journey::Sessionize>().into(),
        udaf::<journey::OrderSequence>().into(),
        // Survival and development
        udaf::<survival::KmSurvival>().into(),
        udaf::<survival::KmQuantile>().into(),
        udaf::<survival::Rmst>().into(),
        udaf::<survival::Logrank>().into(),
        udaf::<survival::CumulativeIncidence>().into(),
        udaf::<survival::ChainLadder>().into(),
        udaf::<survival::Mack>().into(),
        // Service
        udwf::<service::Fcr>().into(),
        udf::<service::ChurnStatus>().into(),
        // Time
        ScalarUDF::from(time::DateTrunc::default()).into(),
        ScalarUDF::from(time::ToInstant::default()).into(),
        udf::<time::BusinessSeconds>().into(),
        udf::<time::BusinessDays>().into(),
        udf::<time::DateDiff>().into(),
        // Experiments
        udaf::<aggregate::PropTest>().into(),
        udf::<scalar::PropDiffCi>().into(),
        udaf::<aggregate::TTestWelch>().into(),
        udaf::<aggregate::TTestPaired>().into(),
        udaf::<aggregate::Mcnemar>().into(),
        udaf::<aggregate::Did>().into(),
        udaf::<aggregate::CupedTheta>().into(),
        udaf::<aggregate::UpliftCi>().into(),
        udf::<scalar::PropSampleSize>().into(),
        udf::<scalar::PropPower>().into(),
        udwf::<window::PAdjust>().into(),
        // Monitoring
        udwf::<window::PChart>().into(),
        udwf::<window::NpChart>().into(),
        udwf::<window::UChart>().into(),
        udwf::<window::XmrChart>().into(),
        udwf::<window::EwmaChart>().into(),
        udwf::<window::Cusum>().into(),
        udwf::<window::RunRules>().into(),
        udwf::<window::ModifiedZscore>().into(),
        udaf::<aggregate::Mad>().into(),
        udwf::<window::SeasonalDecompose>().into(),
        udaf::<aggregate::Ses>().into(),
        udaf::<aggregate::Holt>().into(),
        udaf::<aggregate::HoltWinters>().into(),
        udaf::<aggregate::ForecastAccuracy>().into(),
        // Drivers
        udaf::<aggregate::PearsonCi>().into(),
        udaf::<aggregate::Spearman>().into(),
        udaf::<aggregate::LinearRegression>().into(),
        udaf::<aggregate::DriverRelativeWeights>().into(),
        udaf::<aggregate::DriverShapley>().into(),
        udaf::<aggregate::ChisqTest>().into(),
        udaf::<aggregate::CramersV>().into(),
        udaf::<aggregate::Psi>().into(),
        // Loyalty
        udaf::<aggregate::RepeatRate>().into(),
        udaf::<aggregate::BtydSummary>().into(),
        udaf::<aggregate::BgnbdFit>().into(),
        udf::<scalar::BgnbdAlive>().into(),
        udf::<scalar::BgnbdExpected>().into(),
        udf::<scalar::BgnbdConditionalExpected>().into(),
        udf::<scalar::BgnbdPmf>().into(),
        udaf::<aggregate::GammaGammaFit>().into(),
        udf::<scalar::GammaGammaExpectedValue>().into(),
        udf::<scalar::Clv>().into(),
        // Change, texts, baskets, quantiles
        udaf::<aggregate::ShapleyChange>().into(),
        udaf::<aggregate::RateChange>().into(),
        udaf::<aggregate::NetSentiment>().into(),
        udaf::<aggregate::BasketRules>().into(),
        udaf::<aggregate::QuantileType>().into(),
    ]
}

/// Makes all functions known to a session.
pub fn register_all(ctx: &SessionContext) -> Result<()> {
    for function in functions() {
        match function {
            Function::Scalar(f) => ctx.register_udf(f.as_ref().clone()),
            Function::Aggregate(f) => ctx.register_udaf(f.as_ref().clone()),
            Function::Window(f) => ctx.register_udwf(f.as_ref().clone()),
        }
    }
    ctx.add_optimizer_rule(Arc::new(time::InstantBounds));
    ctx.add_optimizer_rule(Arc::new(window_options::WindowOptions));
    Ok(())
}

/// Returns `to_instant`, for plans built in Rust.
pub fn to_instant() -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::from(time::ToInstant::default()))
}

/// Makes all functions known to a registry, such as the state of a session or of a remote worker.
pub fn register_all_in(registry: &mut dyn FunctionRegistry) -> Result<()> {
    for function in functions() {
        match function {
            Function::Scalar(f) => drop(registry.register_udf(f)?),
            Function::Aggregate(f) => drop(registry.register_udaf(f)?),
            Function::Window(f) => drop(registry.register_udwf(f)?),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use datafusion::execution::registry::MemoryFunctionRegistry;

    use super::*;

    #[test]
    fn sessions_and_registries_learn_all_functions() {
        let ctx = SessionContext::new();
        register_all(&ctx).unwrap();
        let state = ctx.state();
        let mut registry = MemoryFunctionRegistry::new();
        register_all_in(&mut registry).unwrap();
        for function in functions() {
            let name = function.name();
            let found = match function {
                Function::Scalar(_) => state.udf(name).is_ok() && registry.udf(name).is_ok(),
                Function::Aggregate(_) => state.udaf(name).is_ok() && registry.udaf(name).is_ok(),
                Function::Window(_) => state.udwf(name).is_ok() && registry.udwf(name).is_ok(),
            };
            assert!(found, "{name}");
        }
    }
}
