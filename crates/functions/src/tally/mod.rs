//! States that several aggregates share: sums by arm, pairs, collected rows.

mod baskets;
mod groups;
mod impossible;
mod moments;
mod pair_counts;
mod products;
mod rows;

pub(crate) use baskets::Baskets;
pub(crate) use groups::Groups;
pub(crate) use impossible::Impossible;
pub(crate) use moments::{Arms, Differences, Pairs, read_moments, write_moments};
pub(crate) use pair_counts::PairCounts;
pub(crate) use products::Products;
pub(crate) use rows::Rows;

use arrow::array::{Array, ArrayRef, BooleanArray, Float64Array, StringArray};
use datafusion::common::Result;
use datafusion::common::cast::{as_boolean_array, as_float64_array, as_string_array};

/// A column of numbers; NULL, infinities and NaN are unknown.
#[derive(Debug)]
pub(crate) struct Numbers<'a>(&'a Float64Array);

impl<'a> Numbers<'a> {
    pub(crate) fn of(columns: &'a [ArrayRef], i: usize) -> Result<Self> {
        Ok(Self(as_float64_array(&columns[i])?))
    }

    /// Returns the number of a row where it is known; only one zero, as SQL has.
    pub(crate) fn get(&self, row: usize) -> Option<f64> {
        let x = self.0.value(row);
        (self.0.is_valid(row) && x.is_finite()).then_some(x + 0.0)
    }
}

/// A column of yes and no.
#[derive(Debug)]
pub(crate) struct Flags<'a>(&'a BooleanArray);

impl<'a> Flags<'a> {
    pub(crate) fn of(columns: &'a [ArrayRef], i: usize) -> Result<Self> {
        Ok(Self(as_boolean_array(&columns[i])?))
    }

    pub(crate) fn get(&self, row: usize) -> Option<bool> {
        self.0.is_valid(row).then(|| self.0.value(row))
    }
}

/// A column of labels.
#[derive(Debug)]
pub(crate) struct Labels<'a>(&'a StringArray);

impl<'a> Labels<'a> {
    pub(crate) fn of(columns: &'a [ArrayRef], i: usize) -> Result<Self> {
        Ok(Self(as_string_array(&columns[i])?))
    }

    pub(crate) fn get(&self, row: usize) -> Option<&'a str> {
        self.0.is_valid(row).then(|| self.0.value(row))
    }
}
