//! Window functions, one in each file, and the adaptor that makes them DataFusion's.
//!
//! All of them look at a whole partition at once, so a frame (`rows between ...`) has no effect.

mod abc_class;
mod rfm_cn8;
mod rfm_score;

pub(crate) use abc_class::AbcClass;
pub(crate) use rfm_cn8::RfmCn8;
pub(crate) use rfm_score::RfmScore;

// Experiments.
mod p_adjust;

pub(crate) use p_adjust::PAdjust;

// Monitoring.
mod attribute;
mod chart;
mod cusum;
mod ewma_chart;
mod modified_zscore;
mod np_chart;
mod p_chart;
mod run_rules;
mod seasonal_decompose;
mod u_chart;
mod xmr_chart;

pub(crate) use cusum::Cusum;
pub(crate) use ewma_chart::EwmaChart;
pub(crate) use modified_zscore::ModifiedZscore;
pub(crate) use np_chart::NpChart;
pub(crate) use p_chart::PChart;
pub(crate) use run_rules::RunRules;
pub(crate) use seasonal_decompose::{LONGEST_PERIOD, SeasonalDecompose};
pub(crate) use u_chart::UChart;
pub(crate) use xmr_chart::XmrChart;

use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::Result;
use datafusion::common::cast::as_float64_array;
use datafusion::logical_expr::function::{PartitionEvaluatorArgs, WindowUDFFieldArgs};
use datafusion::logical_expr::{
    Documentation, PartitionEvaluator, Signature, WindowUDF, WindowUDFImpl,
};

use crate::args::{Call, Parameters};

/// A window function, as its file describes it.
pub(crate) trait Window: Debug + Default + PartialEq + Eq + Hash + Send + Sync {
    /// Its name in SQL.
    const NAME: &'static str;
    /// Its parameters.
    const PARAMETERS: Parameters;

    /// Returns the type of the result.
    fn result(&self) -> DataType;

    /// Reads the options and returns what does the work; fails for wrong options.
    fn build(&self, call: &Call) -> Result<Box<dyn Partition>>;

    /// Returns what `#[user_doc]` wrote.
    fn documentation(&self) -> Option<&Documentation>;
}

/// What a window function does with a partition.
pub(crate) trait Partition: Debug + Send {
    /// Returns the results; the rows of the arguments are in the order of the window.
    fn compute(&self, arguments: &[ArrayRef]) -> Result<ArrayRef>;
}

/// Returns the function to register.
pub(crate) fn udwf<W: Window + 'static>() -> WindowUDF {
    WindowUDF::new_from_impl(Udwf {
        window: W::default(),
        signature: W::PARAMETERS.signature(),
    })
}

/// Returns numbers with NaN in the place of NULL and of infinities.
pub(crate) fn numbers(array: &ArrayRef) -> Result<Vec<f64>> {
    let array = as_float64_array(array)?;
    let known = |x: f64| if x.is_finite() { x + 0.0 } else { f64::NAN };
    Ok(if array.null_count() == 0 {
        array.values().iter().map(|x| known(*x)).collect()
    } else {
        array.iter().map(|x| x.map_or(f64::NAN, known)).collect()
    })
}

/// A [`Window`] in the shape DataFusion takes.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Udwf<W> {
    window: W,
    signature: Signature,
}

impl<W: Window + 'static> WindowUDFImpl for Udwf<W> {
    fn name(&self) -> &str {
        W::NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        Ok(W::PARAMETERS.coerce(given))
    }

    fn field(&self, args: WindowUDFFieldArgs<'_>) -> Result<FieldRef> {
        let types: Vec<DataType> = args
            .input_fields()
            .iter()
            .map(|f| f.data_type().clone())
            .collect();
        W::PARAMETERS.check(&types)?;
        Ok(Arc::new(Field::new(
            args.name(),
            self.window.result(),
            true,
        )))
    }

    /// The planner calls this too, so wrong options fail before data is read.
    fn partition_evaluator(
        &self,
        args: PartitionEvaluatorArgs<'_>,
    ) -> Result<Box<dyn PartitionEvaluator>> {
        let types = args.input_fields().iter().map(|f| f.data_type().clone());
        let call = W::PARAMETERS.physical(args.input_exprs(), types.collect());
        Ok(Box::new(Evaluator(self.window.build(&call)?)))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.window.documentation()
    }
}

#[derive(Debug)]
struct Evaluator(Box<dyn Partition>);

impl PartitionEvaluator for Evaluator {
    fn evaluate_all(&mut self, values: &[ArrayRef], _: usize) -> Result<ArrayRef> {
        self.0.compute(values)
    }
}
