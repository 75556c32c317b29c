//! Scalar functions, one in each file, and the adaptor that makes them DataFusion's.

mod nps_category;
mod proportion_ci;
mod returner_class;
mod rfm_bucket;
mod rfm_segment;

pub(crate) use nps_category::NpsCategory;
pub(crate) use proportion_ci::ProportionCi;
pub(crate) use returner_class::ReturnerClass;
pub(crate) use rfm_bucket::RfmBucket;
pub(crate) use rfm_segment::RfmSegment;

// Experiments.
mod prop_diff_ci;
mod prop_power;
mod prop_sample_size;

pub(crate) use prop_diff_ci::{PropDiffCi, counted};
pub(crate) use prop_power::PropPower;
pub(crate) use prop_sample_size::PropSampleSize;

// Loyalty.
mod bgnbd_alive;
mod bgnbd_conditional_expected;
mod bgnbd_expected;
mod bgnbd_pmf;
mod clv;
mod gamma_gamma_expected_value;
mod model;

pub(crate) use bgnbd_alive::BgnbdAlive;
pub(crate) use bgnbd_conditional_expected::BgnbdConditionalExpected;
pub(crate) use bgnbd_expected::BgnbdExpected;
pub(crate) use bgnbd_pmf::BgnbdPmf;
pub(crate) use clv::Clv;
pub(crate) use gamma_gamma_expected_value::GammaGammaExpectedValue;

use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, ScalarValue, internal_err};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl,
    Signature,
};

use crate::args::{Call, Parameters};

/// A scalar function, as its file describes it.
pub(crate) trait Scalar: Debug + Default + PartialEq + Eq + Hash + Send + Sync {
    /// Its name in SQL.
    const NAME: &'static str;
    /// Its parameters.
    const PARAMETERS: Parameters;
    /// What the options say.
    type Options;

    /// Returns the type of the result.
    fn result(&self) -> DataType;

    /// Reads the options; fails for wrong ones.
    fn options(&self, call: &Call) -> Result<Self::Options>;

    /// Computes the results; the arguments have the same length and the types of the parameters.
    fn compute(&self, options: &Self::Options, arguments: &[ArrayRef]) -> Result<ArrayRef>;

    /// Returns what `#[user_doc]` wrote.
    fn documentation(&self) -> Option<&Documentation>;
}

/// Returns the function to register.
pub(crate) fn udf<S: Scalar + 'static>() -> ScalarUDF {
    ScalarUDF::new_from_impl(Udf {
        scalar: S::default(),
        signature: S::PARAMETERS.signature(),
    })
}

/// A [`Scalar`] in the shape DataFusion takes.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Udf<S> {
    scalar: S,
    signature: Signature,
}

impl<S: Scalar + 'static> ScalarUDFImpl for Udf<S> {
    fn name(&self) -> &str {
        S::NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        Ok(S::PARAMETERS.coerce(given))
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        internal_err!("'{}' is asked for a type without its options", S::NAME)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let types: Vec<DataType> = args
            .arg_fields
            .iter()
            .map(|f| f.data_type().clone())
            .collect();
        S::PARAMETERS.check(&types)?;
        if let Some(call) = S::PARAMETERS.scalars(args.scalar_arguments) {
            self.scalar.options(&call)?;
        }
        Ok(Arc::new(Field::new(S::NAME, self.scalar.result(), true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let options = self.scalar.options(&S::PARAMETERS.values(&args.args))?;
        let is_constant = args
            .args
            .iter()
            .all(|a| matches!(a, ColumnarValue::Scalar(_)));
        let n_rows = if is_constant { 1 } else { args.number_rows };
        let arguments = args
            .args
            .into_iter()
            .map(|a| a.into_array(n_rows))
            .collect::<Result<Vec<_>>>()?;
        let results = self.scalar.compute(&options, &arguments)?;
        Ok(if is_constant {
            ColumnarValue::Scalar(ScalarValue::try_from_array(&results, 0)?)
        } else {
            ColumnarValue::Array(results)
        })
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.scalar.documentation()
    }
}
