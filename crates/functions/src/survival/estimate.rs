//! What the functions of single groups share: subjects are read, and each group becomes an estimate.

use std::fmt::Debug;
use std::marker::PhantomData;

use aftersight_stats::survival::SurvivalTimes;
use arrow::array::ArrayRef;
use datafusion::common::Result;

use super::exits::{self, Exit, Member, Places, Subject};
use crate::additive::Build;
use crate::events::{ByGroup, Walk, Walked};

/// What a function makes of the subjects of its groups.
pub(super) trait Estimate: Debug + Send + Sync + 'static {
    /// Returns how to tell why a subject left, 0 for no event yet, from the second argument;
    /// a row without an answer is left out.
    fn causes(column: &ArrayRef) -> Result<impl Fn(usize) -> Option<u32>> {
        exits::events(column)
    }

    /// Returns the results, one for each group.
    fn finish(&self, groups: impl ExactSizeIterator<Item = SurvivalTimes>) -> Result<ArrayRef>;
}

/// Returns what does the work of an estimate: with what a call without weights and clusters needs
/// of a subject, or with all of it.
pub(super) fn build(estimate: impl Estimate, places: Places) -> Box<dyn Build> {
    match places.are_none() {
        true => Box::new(Walked(Estimated::<_, Exit>::new(estimate, places))),
        false => Box::new(Walked(Estimated::<_, Member>::new(estimate, places))),
    }
}

/// An estimate from subjects of which `S` is kept.
#[derive(Debug)]
struct Estimated<E, S> {
    estimate: E,
    places: Places,
    subject: PhantomData<fn() -> S>,
}

impl<E, S> Estimated<E, S> {
    fn new(estimate: E, places: Places) -> Self {
        Self {
            estimate,
            places,
            subject: PhantomData,
        }
    }
}

impl<E: Estimate, S: Subject> Walk for Estimated<E, S> {
    type Event = S;

    fn read(&self, values: &[ArrayRef], keep: impl FnMut(usize, S)) -> Result<()> {
        exits::read(values, self.places, E::causes(&values[1])?, keep)
    }

    fn finish(&self, groups: ByGroup<'_, S>) -> Result<ArrayRef> {
        let times = groups.map(|group| exits::times(group, self.places));
        self.estimate.finish(times)
    }
}
