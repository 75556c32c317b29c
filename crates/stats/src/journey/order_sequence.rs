//! `order_sequence`: what one customer's timestamps say, in one walk.
//!
//! First, last and k-th event, the gaps between them and the repeat within a
//! window. It replaces a window over millions of partitions: the state is the
//! customer's timestamps, the answer one pass over them.

use crate::error::{Result, StatsError};

/// What to ask of a sequence; durations in the unit of the timestamps.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OrderOptions {
    /// Events at or after this instant are not read, and the open gap runs to it.
    pub as_of: Option<i64>,
    /// Equal timestamps count once. With timestamps truncated to days this is
    /// "a second order on the same day is not a repeat".
    pub distinct: bool,
    /// The window for a repeat and for counting short gaps, exclusive at its end.
    pub within: Option<i64>,
    /// The window for counting short gaps, where it is another one.
    pub gap_within: Option<i64>,
    /// Which event to return, counting from 1.
    pub kth: Option<usize>,
    /// Which quantile of the gaps to return, from 0 to 1.
    pub gap_quantile: Option<f64>,
}

impl OrderOptions {
    /// Checks the options once, before any row is read.
    pub fn validate(&self) -> Result<()> {
        for (argument, within) in [("within", self.within), ("gap_within", self.gap_within)] {
            if let Some(within) = within
                && within <= 0
            {
                let reason = format!("must be a duration above 0, got {within}");
                return Err(StatsError::argument(argument, reason));
            }
        }
        if self.kth == Some(0) {
            let reason = "must be 1 or more, got 0";
            return Err(StatsError::argument("kth", reason));
        }
        if let Some(quantile) = self.gap_quantile
            && !(0.0..=1.0).contains(&quantile)
        {
            let reason = format!("must be a share between 0 and 1, got {quantile}");
            return Err(StatsError::argument("gap_quantile", reason));
        }
        Ok(())
    }
}

/// What one customer's sequence says. Absent values are NULL in SQL.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OrderSummary {
    /// How many events were read.
    pub n_events: u64,
    /// The first event.
    pub first: Option<i64>,
    /// The last event.
    pub last: Option<i64>,
    /// The k-th event, where there are that many.
    pub kth: Option<i64>,
    /// The gap from the first to the second event.
    pub first_gap: Option<i64>,
    /// The shortest gap.
    pub min_gap: Option<i64>,
    /// The median gap, the mean of the middle two for an even number.
    pub median_gap: Option<f64>,
    /// The mean gap.
    pub mean_gap: Option<f64>,
    /// The quantile of the gaps asked for, as `percentile_cont` interpolates it.
    pub gap_quantile: Option<f64>,
    /// The longest completed gap.
    pub max_gap: Option<i64>,
    /// From the last event to `as_of`: the gap that is still open (censored).
    pub open_gap: Option<i64>,
    /// Whether a second event came before `first + within`; NULL without events or window.
    pub repeat_within: Option<bool>,
    /// How many gaps are shorter than `gap_within`, or `within`; NULL without either.
    pub n_gaps_within: Option<u64>,
}

/// The timestamps of one customer, mergeable in any order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderSequence {
    times: Vec<i64>,
    sorted: bool,
}

impl Default for OrderSequence {
    fn default() -> Self {
        Self {
            times: Vec::new(),
            sorted: true,
        }
    }
}

impl OrderSequence {
    /// An empty sequence.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one event.
    pub fn push(&mut self, at: i64) {
        self.sorted &= self.times.last().is_none_or(|last| *last <= at);
        self.times.push(at);
    }

    /// Adds the events of another sequence.
    pub fn merge(&mut self, other: &Self) {
        let Some(first) = other.times.first() else {
            return;
        };
        let in_order = self.times.last().is_none_or(|last| last <= first);
        self.sorted = self.sorted && other.sorted && in_order;
        self.times.extend_from_slice(&other.times);
    }

    /// Returns the timestamps in order, sorting them if needed.
    pub fn sorted(&mut self) -> &[i64] {
        if !self.sorted {
            self.times.sort_unstable();
            self.sorted = true;
        }
        &self.times
    }

    /// Reads the timestamps of a state, in any order.
    pub fn from_times(times: Vec<i64>) -> Self {
        let sorted = times.is_sorted();
        Self { times, sorted }
    }

    /// Returns the heap bytes held, for a memory pool.
    pub fn heap_bytes(&self) -> usize {
        self.times.capacity() * size_of::<i64>()
    }

    /// Walks the sequence once.
    pub fn finish(&mut self, options: &OrderOptions) -> Result<OrderSummary> {
        order_summary(self.sorted(), options)
    }
}

/// Walks ascending timestamps once; for one customer.
pub fn order_summary(sorted: &[i64], options: &OrderOptions) -> Result<OrderSummary> {
    Ok(OrderWalk::new(options.clone())?.summary(sorted))
}

/// Walks the timestamps of one customer after the other; what it needs of memory
/// is kept from walk to walk.
#[derive(Debug, Clone)]
pub struct OrderWalk {
    options: OrderOptions,
    gaps: Vec<i64>,
}

impl OrderWalk {
    /// Checks and keeps the options.
    pub fn new(options: OrderOptions) -> Result<Self> {
        options.validate()?;
        Ok(Self {
            options,
            gaps: Vec::new(),
        })
    }

    /// Walks ascending timestamps once.
    pub fn summary(&mut self, sorted: &[i64]) -> OrderSummary {
        let Self { options, gaps } = self;
        gaps.clear();
        let end = match options.as_of {
            Some(as_of) => sorted.partition_point(|at| *at < as_of),
            None => sorted.len(),
        };
        let gap_within = options.gap_within.or(options.within);
        let mut summary = OrderSummary {
            n_gaps_within: gap_within.map(|_| 0),
            ..OrderSummary::default()
        };
        for at in sorted[..end].iter().copied() {
            if let Some(last) = summary.last {
                if options.distinct && at == last {
                    continue;
                }
                let gap = at.saturating_sub(last);
                if let (Some(within), Some(n)) = (gap_within, summary.n_gaps_within.as_mut())
                    && gap < within
                {
                    *n += 1;
                }
                gaps.push(gap);
            } else {
                summary.first = Some(at);
            }
            summary.last = Some(at);
            summary.n_events += 1;
            if options.kth.map(|kth| kth as u64) == Some(summary.n_events) {
                summary.kth = Some(at);
            }
        }
        summary.first_gap = gaps.first().copied();
        if let (Some(within), Some(_)) = (options.within, summary.first) {
            summary.repeat_within = Some(summary.first_gap.is_some_and(|gap| gap < within));
        }
        if let (Some(as_of), Some(last)) = (options.as_of, summary.last) {
            summary.open_gap = Some(as_of.saturating_sub(last));
        }
        if let (Some(first), Some(last), false) = (summary.first, summary.last, gaps.is_empty()) {
            // The gaps telescope, so their mean needs no sum that could overflow.
            summary.mean_gap =
                Some((i128::from(last) - i128::from(first)) as f64 / gaps.len() as f64);
            summary.min_gap = gaps.iter().min().copied();
            summary.max_gap = gaps.iter().max().copied();
            summary.median_gap = Some(quantile(gaps, 0.5));
            summary.gap_quantile = options.gap_quantile.map(|share| quantile(gaps, share));
        }
        summary
    }
}

/// Returns the type 7 quantile by selection, which is linear; `gaps` is not empty.
fn quantile(gaps: &mut [i64], share: f64) -> f64 {
    let place = share * (gaps.len() - 1) as f64;
    // A share lies between 0 and 1, so the place is one of the gaps.
    let below = (place.floor() as usize).min(gaps.len() - 1);
    let (_, lower, above) = gaps.select_nth_unstable(below);
    let lower = *lower as f64;
    let upper = above.iter().min().map_or(lower, |upper| *upper as f64);
    lower + (upper - lower) * (place - place.floor())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn three_orders_and_an_open_gap() {
        let options = OrderOptions {
            as_of: Some(100),
            within: Some(30),
            kth: Some(2),
            gap_quantile: Some(0.9),
            ..OrderOptions::default()
        };
        let mut sequence = OrderSequence::from_times(vec![90, 0, 29, 100, 140]);
        let summary = sequence.finish(&options).unwrap();
        assert_eq!(
            summary,
            OrderSummary {
                n_events: 3,
                first: Some(0),
                last: Some(90),
                kth: Some(29),
                first_gap: Some(29),
                min_gap: Some(29),
                median_gap: Some(45.0),
                mean_gap: Some(45.0),
                gap_quantile: Some(57.8),
                max_gap: Some(61),
                open_gap: Some(10),
                repeat_within: Some(true),
                n_gaps_within: Some(1),
            }
        );
    }

    #[test]
    fn a_repeat_exactly_at_the_window_is_too_late() {
        let options = OrderOptions {
            within: Some(30),
            ..OrderOptions::default()
        };
        let summary = order_summary(&[0, 30], &options).unwrap();
        assert_eq!(summary.repeat_within, Some(false));
        assert_eq!(summary.n_gaps_within, Some(0));
    }

    #[test]
    fn a_second_order_on_the_same_day_repeats_only_if_asked() {
        let mut options = OrderOptions {
            within: Some(10),
            ..OrderOptions::default()
        };
        let summary = order_summary(&[5, 5], &options).unwrap();
        assert_eq!((summary.n_events, summary.repeat_within), (2, Some(true)));
        options.distinct = true;
        let summary = order_summary(&[5, 5], &options).unwrap();
        assert_eq!((summary.n_events, summary.repeat_within), (1, Some(false)));
    }

    #[test]
    fn no_order_has_no_dates_and_no_repeat() {
        let options = OrderOptions {
            as_of: Some(0),
            within: Some(10),
            kth: Some(1),
            ..OrderOptions::default()
        };
        let summary = order_summary(&[1], &options).unwrap();
        let expected = OrderSummary {
            n_gaps_within: Some(0),
            ..OrderSummary::default()
        };
        assert_eq!(summary, expected);
    }

    #[test]
    fn bad_options_name_themselves() {
        let within = OrderOptions {
            within: Some(0),
            ..OrderOptions::default()
        };
        assert_eq!(within.validate().unwrap_err().about(), Some("within"));
        let quantile = OrderOptions {
            gap_quantile: Some(1.5),
            ..OrderOptions::default()
        };
        assert_eq!(
            quantile.validate().unwrap_err().about(),
            Some("gap_quantile")
        );
        let kth = OrderOptions {
            kth: Some(0),
            ..OrderOptions::default()
        };
        assert_eq!(order_summary(&[], &kth).unwrap_err().about(), Some("kth"));
    }

    proptest! {
        #[test]
        fn any_split_and_order_equals_the_sorted_list(
            times in prop::collection::vec(-50i64..50, 0..30),
            cut in 0usize..30,
            within in 1i64..20,
        ) {
            let cut = cut.min(times.len());
            let options = OrderOptions { within: Some(within), as_of: Some(40), ..OrderOptions::default() };
            let mut head = OrderSequence::new();
            let mut tail = OrderSequence::new();
            times[..cut].iter().for_each(|at| head.push(*at));
            times[cut..].iter().for_each(|at| tail.push(*at));
            tail.merge(&head);
            let summary = tail.finish(&options).unwrap();

            let mut kept: Vec<i64> = times.iter().copied().filter(|at| *at < 40).collect();
            kept.sort_unstable();
            let mut gaps: Vec<i64> = kept.windows(2).map(|pair| pair[1] - pair[0]).collect();
            let short = gaps.iter().filter(|gap| **gap < within).count() as u64;
            prop_assert_eq!(summary.n_gaps_within, Some(short));
            prop_assert_eq!(summary.max_gap, gaps.iter().max().copied());
            gaps.sort_unstable();
            let slow = match gaps.len() {
                0 => None,
                n if n % 2 == 1 => Some(gaps[n / 2] as f64),
                n => Some((gaps[n / 2 - 1] + gaps[n / 2]) as f64 / 2.0),
            };
            prop_assert_eq!(summary.median_gap, slow);
            prop_assert_eq!(summary.first, kept.first().copied());
            prop_assert_eq!(summary.n_events, kept.len() as u64);
        }
    }
}
