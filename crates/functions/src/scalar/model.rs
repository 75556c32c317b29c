//! Models as arguments: structs of parameters, as the fits return them.

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::common::cast::as_float64_array;

use aftersight_stats::bgnbd::{BgNbd, History};
use aftersight_stats::gamma_gamma::GammaGamma;

use crate::tally::Numbers;
use crate::value::{Type, Value};

/// The parameters of a BG/NBD model.
pub(super) const BGNBD: [&str; 4] = ["r", "alpha", "a", "b"];

/// The parameters of a Gamma-Gamma model.
pub(super) const GAMMA_GAMMA: [&str; 3] = ["p", "q", "v"];

/// A column of models; a fit that has not converged counts as none.
#[derive(Debug)]
struct Parameters {
    columns: Vec<Float64Array>,
    converged: Option<BooleanArray>,
    models: ArrayRef,
}

impl Parameters {
    fn of(models: &ArrayRef, names: &[&str]) -> Result<Self> {
        let mut columns = Vec::with_capacity(names.len());
        let mut converged = None;
        // A literal NULL is no struct: then there are no columns and no models.
        if let Some(structs) = models.as_struct_opt() {
            for name in names {
                if let Some(column) = structs.column_by_name(name) {
                    let numbers = cast(column, &DataType::Float64)?;
                    columns.push(as_float64_array(&numbers)?.clone());
                }
            }
            let flags = structs.column_by_name("converged");
            converged = flags.and_then(|c| c.as_boolean_opt()).cloned();
        }
        Ok(Self {
            columns,
            converged,
            models: ArrayRef::clone(models),
        })
    }

    fn get<const N: usize>(&self, row: usize) -> Option<[f64; N]> {
        let stands = |flags: &BooleanArray| flags.is_valid(row) && flags.value(row);
        if self.models.is_null(row) || !self.converged.as_ref().is_none_or(stands) {
            return None;
        }
        let values: Option<Vec<f64>> = self
            .columns
            .iter()
            .map(|c| c.is_valid(row).then(|| c.value(row)))
            .collect();
        values?.try_into().ok()
    }
}

/// A column of BG/NBD models.
#[derive(Debug)]
pub(super) struct BgNbdModels(Parameters);

impl BgNbdModels {
    pub(super) fn of(models: &ArrayRef) -> Result<Self> {
        Parameters::of(models, &BGNBD).map(Self)
    }

    /// Returns the model of a row, where there is one with parameters that can be.
    pub(super) fn get(&self, row: usize) -> Option<BgNbd> {
        let [r, alpha, a, b] = self.0.get(row)?;
        BgNbd::new(r, alpha, a, b).ok()
    }
}

/// A column of Gamma-Gamma models.
#[derive(Debug)]
pub(super) struct GammaGammaModels(Parameters);

impl GammaGammaModels {
    pub(super) fn of(models: &ArrayRef) -> Result<Self> {
        Parameters::of(models, &GAMMA_GAMMA).map(Self)
    }

    /// Returns the model of a row, where there is one with parameters that can be.
    pub(super) fn get(&self, row: usize) -> Option<GammaGamma> {
        let [p, q, v] = self.0.get(row)?;
        GammaGamma::new(p, q, v).ok()
    }
}

/// The customers of the first three arguments: x, t_x and t.
#[derive(Debug)]
pub(super) struct Histories<'a>([Numbers<'a>; 3]);

impl<'a> Histories<'a> {
    pub(super) fn of(arguments: &'a [ArrayRef]) -> Result<Self> {
        Ok(Self([
            Numbers::of(arguments, 0)?,
            Numbers::of(arguments, 1)?,
            Numbers::of(arguments, 2)?,
        ]))
    }

    /// Returns the customer of a row, where it is one that can be.
    pub(super) fn get(&self, row: usize) -> Option<History> {
        let [x, t_x, t] = &self.0;
        History::checked(x.get(row)?, t_x.get(row)?, t.get(row)?, row).ok()
    }
}

/// Returns what is known of each row, NULL where that is nothing.
pub(super) fn by_row(
    arguments: &[ArrayRef],
    of: impl FnMut(usize) -> Option<f64>,
) -> Result<ArrayRef> {
    let values = (0..arguments[0].len()).map(of).map(Value::from);
    Type::Number.array(values.collect())
}
