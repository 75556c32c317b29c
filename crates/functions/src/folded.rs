//! Aggregates whose state is a value of the plain statistics library.
//!
//! Exact sums, counts by label and collected rows all update, merge and travel
//! as bytes; what a function makes of them in the end is one closure. Unlike
//! the sums of `additive` they need not be able to forget a row, so a moving
//! window keeps its rows and folds them anew.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BinaryArray, BooleanArray};
use arrow::datatypes::DataType;
use datafusion::common::cast::as_binary_array;
use datafusion::common::{Result, ScalarValue, exec_datafusion_err, internal_err};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};

use aftersight_stats::StatsError;

use crate::additive::Build;
use crate::filter::passes;
use crate::value::{Type, Value};

/// What is kept for one group.
pub(crate) trait Tally: Clone + fmt::Debug + Send + Sync + 'static {
    /// Adds the rows with these numbers.
    fn update(&mut self, columns: &[ArrayRef], rows: &[usize]) -> Result<()>;
    /// Adds what another tally has seen.
    fn merge(&mut self, other: &Self) -> Result<()>;
    /// Appends what `read` needs.
    fn write(&self, bytes: &mut Bytes);
    /// Reads what `write` wrote into a copy of this empty tally; nothing if it is cut short.
    fn read(&self, bytes: &mut Reader<'_>) -> Option<Self>;
    /// Returns the bytes of memory behind the tally itself.
    fn heap_bytes(&self) -> usize;
}

/// Returns the columns a state travels as.
pub(crate) fn columns() -> Vec<(String, DataType)> {
    vec![("tally".to_string(), DataType::Binary)]
}

/// Says which function refuses its input, and why.
pub(crate) fn refused(function: &str, error: &StatsError) -> DataFusionError {
    exec_datafusion_err!("'{function}': {error}")
}

/// A tally and what a function makes of it.
pub(crate) struct Folded<T, F> {
    /// The tally of no rows.
    pub(crate) empty: T,
    /// The type of the result.
    pub(crate) result: &'static Type,
    /// Returns the result.
    pub(crate) finish: F,
}

/// What a function makes of a tally.
type Finish<T> = Box<dyn Fn(&T) -> Result<Value> + Send + Sync>;

/// The same with the closure out of the way of types.
struct Fold<T> {
    empty: T,
    result: &'static Type,
    finish: Finish<T>,
}

impl<T: fmt::Debug> fmt::Debug for Fold<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fold")
            .field("empty", &self.empty)
            .field("result", &self.result)
            .finish_non_exhaustive()
    }
}

impl<T: Tally, F: Fn(&T) -> Result<Value> + Send + Sync + 'static> From<Folded<T, F>> for Fold<T> {
    fn from(folded: Folded<T, F>) -> Self {
        Self {
            empty: folded.empty,
            result: folded.result,
            finish: Box::new(folded.finish),
        }
    }
}

impl<T: Tally> Fold<T> {
    fn results(&self, tallies: &[T]) -> Result<ArrayRef> {
        let values = tallies.iter().map(&self.finish).collect::<Result<_>>()?;
        self.result.array(values)
    }

    fn encode(&self, tallies: &[T]) -> ArrayRef {
        let states = tallies.iter().map(|tally| {
            let mut bytes = Bytes::default();
            tally.write(&mut bytes);
            bytes.0
        });
        Arc::new(BinaryArray::from_iter_values(states))
    }

    fn decode(&self, states: &[ArrayRef]) -> Result<Vec<T>> {
        let [states] = states else {
            return internal_err!("a tally has {} columns", states.len());
        };
        let states = as_binary_array(states)?;
        (0..states.len())
            .map(|row| {
                let mut reader = Reader(states.value(row));
                match self.empty.read(&mut reader) {
                    Some(tally) if reader.0.is_empty() => Ok(tally),
                    _ => internal_err!("a tally is cut short"),
                }
            })
            .collect()
    }
}

impl<T: Tally, F: Fn(&T) -> Result<Value> + Send + Sync + 'static> Build for Folded<T, F> {
    fn plain(self: Box<Self>) -> Box<dyn Accumulator> {
        let fold = Fold::from(*self);
        Box::new(Plain {
            tally: fold.empty.clone(),
            fold,
        })
    }

    fn sliding(self: Box<Self>) -> Box<dyn Accumulator> {
        Box::new(Sliding {
            fold: Fold::from(*self),
            batches: VecDeque::new(),
        })
    }

    fn groups(self: Box<Self>) -> Box<dyn GroupsAccumulator> {
        Box::new(Groups {
            fold: Fold::from(*self),
            tallies: Vec::new(),
            heap_bytes: 0,
        })
    }
}

/// Returns the numbers of all rows of a batch.
fn all_rows(values: &[ArrayRef]) -> Vec<usize> {
    (0..values.first().map_or(0, |v| v.len())).collect()
}

/// The tally of the only group.
#[derive(Debug)]
struct Plain<T> {
    fold: Fold<T>,
    tally: T,
}

impl<T: Tally> Accumulator for Plain<T> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        self.tally.update(values, &all_rows(values))
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        for other in self.fold.decode(states)? {
            self.tally.merge(&other)?;
        }
        Ok(())
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let state = self.fold.encode(std::slice::from_ref(&self.tally));
        Ok(vec![ScalarValue::try_from_array(&state, 0)?])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let result = self.fold.results(std::slice::from_ref(&self.tally))?;
        ScalarValue::try_from_array(&result, 0)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.tally.heap_bytes()
    }
}

/// The rows of a moving window, oldest first: they leave in the order they came.
#[derive(Debug)]
struct Sliding<T> {
    fold: Fold<T>,
    batches: VecDeque<Vec<ArrayRef>>,
}

impl<T: Tally> Sliding<T> {
    fn tally(&self) -> Result<T> {
        let mut tally = self.fold.empty.clone();
        for batch in &self.batches {
            tally.update(batch, &all_rows(batch))?;
        }
        Ok(tally)
    }
}

impl<T: Tally> Accumulator for Sliding<T> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        if values.first().is_some_and(|v| !v.is_empty()) {
            self.batches.push_back(values.to_vec());
        }
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let mut leaving = values.first().map_or(0, |v| v.len());
        while leaving > 0 {
            let Some(batch) = self.batches.front_mut() else {
                return internal_err!("{leaving} rows leave a window they never entered");
            };
            let rows = batch.first().map_or(0, |v| v.len());
            if rows <= leaving {
                self.batches.pop_front();
                leaving -= rows;
            } else {
                for column in batch {
                    *column = column.slice(leaving, rows - leaving);
                }
                leaving = 0;
            }
        }
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn merge_batch(&mut self, _: &[ArrayRef]) -> Result<()> {
        internal_err!("windows do not merge")
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let state = self.fold.encode(&[self.tally()?]);
        Ok(vec![ScalarValue::try_from_array(&state, 0)?])
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        ScalarValue::try_from_array(&self.fold.results(&[self.tally()?])?, 0)
    }

    fn size(&self) -> usize {
        // Slices share their buffers; a row is counted by its bytes at least.
        let columns = self.batches.iter().flatten();
        size_of_val(self)
            + columns
                .map(|c| size_of::<ArrayRef>() + 8 * c.len())
                .sum::<usize>()
    }
}

/// The tally of each group.
#[derive(Debug)]
struct Groups<T> {
    fold: Fold<T>,
    tallies: Vec<T>,
    /// Bytes behind all tallies; counting them anew for every batch would walk all groups.
    heap_bytes: usize,
}

impl<T: Tally> Groups<T> {
    fn grow(&mut self, total_num_groups: usize) {
        self.tallies
            .resize_with(total_num_groups, || self.fold.empty.clone());
    }

    fn take(&mut self, emit_to: EmitTo) -> Vec<T> {
        let taken = emit_to.take_needed(&mut self.tallies);
        let freed = taken.iter().map(Tally::heap_bytes).sum();
        self.heap_bytes = self.heap_bytes.saturating_sub(freed);
        taken
    }

    /// Changes one tally and counts the memory that takes.
    fn change(&mut self, group: usize, by: impl FnOnce(&mut T) -> Result<()>) -> Result<()> {
        let tally = &mut self.tallies[group];
        let before = tally.heap_bytes();
        by(tally)?;
        self.heap_bytes = (self.heap_bytes + tally.heap_bytes()).saturating_sub(before);
        Ok(())
    }
}

/// Returns the rows that pass a filter, those of one group together and in order.
fn by_group(groups: &[usize], filter: Option<&BooleanArray>) -> Vec<usize> {
    let rows = (0..groups.len()).filter(|row| passes(filter, *row));
    let mut rows: Vec<usize> = rows.collect();
    rows.sort_by_key(|row| groups[*row]);
    rows
}

impl<T: Tally> GroupsAccumulator for Groups<T> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.grow(total_num_groups);
        for rows in by_group(groups, filter).chunk_by(|a, b| groups[*a] == groups[*b]) {
            self.change(groups[rows[0]], |tally| tally.update(values, rows))?;
        }
        Ok(())
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        groups: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.grow(total_num_groups);
        for (other, &group) in self.fold.decode(values)?.iter().zip(groups) {
            self.change(group, |tally| tally.merge(other))?;
        }
        Ok(())
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let tallies = self.take(emit_to);
        self.fold.results(&tallies)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let tallies = self.take(emit_to);
        Ok(vec![self.fold.encode(&tallies)])
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let n_rows = values.first().map_or(0, |v| v.len());
        let mut tallies = vec![self.fold.empty.clone(); n_rows];
        for (row, tally) in tallies.iter_mut().enumerate() {
            if passes(filter, row) {
                tally.update(values, &[row])?;
            }
        }
        Ok(vec![self.fold.encode(&tallies)])
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.tallies.capacity() * size_of::<T>() + self.heap_bytes
    }
}

/// The bytes a tally is written to.
#[derive(Debug, Default)]
pub(crate) struct Bytes(Vec<u8>);

impl Bytes {
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn whole(&mut self, x: u64) {
        self.0.extend(x.to_le_bytes());
    }

    pub(crate) fn number(&mut self, x: f64) {
        self.0.extend(x.to_le_bytes());
    }

    pub(crate) fn numbers(&mut self, numbers: &[f64]) {
        self.whole(numbers.len() as u64);
        numbers.iter().for_each(|x| self.number(*x));
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.whole(text.len() as u64);
        self.0.extend(text.as_bytes());
    }
}

/// The bytes a tally is read from.
#[derive(Debug)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Takes what `raw` wrote.
    pub(crate) fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn whole(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    pub(crate) fn number(&mut self) -> Option<f64> {
        Some(f64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    /// Returns how many things follow, of at least 8 bytes each.
    pub(crate) fn count(&mut self) -> Option<usize> {
        let n = usize::try_from(self.whole()?).ok()?;
        (n <= self.0.len() / 8).then_some(n)
    }

    pub(crate) fn numbers(&mut self) -> Option<Vec<f64>> {
        let n = self.count()?;
        (0..n).map(|_| self.number()).collect()
    }

    pub(crate) fn text(&mut self) -> Option<String> {
        let n = usize::try_from(self.whole()?).ok()?;
        String::from_utf8(self.take(n)?.to_vec()).ok()
    }
}
