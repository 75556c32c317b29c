//! Exact moments of one column, of two arms, of differences and of pairs.

use arrow::array::ArrayRef;
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::Result;

use aftersight_stats::moments::{CoMoments, Moments};

use super::{Flags, Numbers};
use crate::folded::{Bytes, Reader, Tally};

pub(crate) fn write_moments(moments: &Moments, bytes: &mut Bytes) {
    let (n, sum, sum_squares) = moments.to_parts();
    bytes.whole(n);
    bytes.numbers(&sum);
    bytes.numbers(&sum_squares);
}

pub(crate) fn read_moments(bytes: &mut Reader<'_>) -> Option<Moments> {
    let n = bytes.whole()?;
    Some(Moments::from_parts(n, &bytes.numbers()?, &bytes.numbers()?))
}

/// Moments of a number in the treatment and in the control, of rows with both arguments.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arms {
    pub(crate) treatment: Moments,
    pub(crate) control: Moments,
}

impl Tally for Arms {
    fn update(&mut self, columns: &[ArrayRef], rows: &[usize]) -> Result<()> {
        // Yes and no count as 1 and 0.
        let outcomes = [cast(&columns[0], &DataType::Float64)?];
        let (x, is_treatment) = (Numbers::of(&outcomes, 0)?, Flags::of(columns, 1)?);
        for &row in rows {
            match (x.get(row), is_treatment.get(row)) {
                (Some(x), Some(true)) => self.treatment.update(x),
                (Some(x), Some(false)) => self.control.update(x),
                _ => {}
            }
        }
        Ok(())
    }

    fn merge(&mut self, other: &Self) -> Result<()> {
        self.treatment.merge(&other.treatment);
        self.control.merge(&other.control);
        Ok(())
    }

    fn write(&self, bytes: &mut Bytes) {
        write_moments(&self.treatment, bytes);
        write_moments(&self.control, bytes);
    }

    fn read(&self, bytes: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            treatment: read_moments(bytes)?,
            control: read_moments(bytes)?,
        })
    }

    fn heap_bytes(&self) -> usize {
        self.treatment.heap_bytes() + self.control.heap_bytes()
    }
}

/// Moments of the second number less the first, of rows with both.
#[derive(Debug, Clone, Default)]
pub(crate) struct Differences(pub(crate) Moments);

impl Tally for Differences {
    fn update(&mut self, columns: &[ArrayRef], rows: &[usize]) -> Result<()> {
        let (before, after) = (Numbers::of(columns, 0)?, Numbers::of(columns, 1)?);
        for &row in rows {
            if let (Some(before), Some(after)) = (before.get(row), after.get(row)) {
                self.0.update(after - before);
            }
        }
        Ok(())
    }

    fn merge(&mut self, other: &Self) -> Result<()> {
        self.0.merge(&other.0);
        Ok(())
    }

    fn write(&self, bytes: &mut Bytes) {
        write_moments(&self.0, bytes);
    }

    fn read(&self, bytes: &mut Reader<'_>) -> Option<Self> {
        read_moments(bytes).map(Self)
    }

    fn heap_bytes(&self) -> usize {
        self.0.heap_bytes()
    }
}

/// Moments of two numbers and of their product, of rows with both.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pairs(pub(crate) CoMoments);

impl Tally for Pairs {
    fn update(&mut self, columns: &[ArrayRef], rows: &[usize]) -> Result<()> {
        let (x, y) = (Numbers::of(columns, 0)?, Numbers::of(columns, 1)?);
        for &row in rows {
            if let (Some(x), Some(y)) = (x.get(row), y.get(row)) {
                self.0.update(x, y);
            }
        }
        Ok(())
    }

    fn merge(&mut self, other: &Self) -> Result<()> {
        self.0.merge(&other.0);
        Ok(())
    }

    fn write(&self, bytes: &mut Bytes) {
        let (x, y, products) = self.0.to_parts();
        write_moments(x, bytes);
        write_moments(y, bytes);
        bytes.numbers(&products);
    }

    fn read(&self, bytes: &mut Reader<'_>) -> Option<Self> {
        let (x, y) = (read_moments(bytes)?, read_moments(bytes)?);
        Some(Self(CoMoments::from_parts(x, y, &bytes.numbers()?)))
    }

    fn heap_bytes(&self) -> usize {
        self.0.heap_bytes()
    }
}
