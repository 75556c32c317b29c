//! The eight customer groups usual in Chinese texts: each measure is good or not.

use crate::kernel::binned_sum::BinnedSum;
use crate::kernel::quantile::cut_points;

/// What a value must beat to be good.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Threshold {
    Mean,
    Median,
    /// The mean of the scores from 1 to 5.
    MeanScore,
    /// A score of 4.
    Score4,
    /// Given days, orders and amount.
    Fixed([f64; 3]),
}

/// Returns the mean of the values that are not NaN, the same for every order.
pub(crate) fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut n) = (BinnedSum::default(), 0_u64);
    for x in values.filter(|x| !x.is_nan()) {
        sum.add(x);
        n += 1;
    }
    sum.value() / n as f64
}

/// Returns the median of the values that are not NaN.
pub(crate) fn median(values: &[f64]) -> f64 {
    cut_points(values, 2).map_or(f64::NAN, |cuts| cuts[0])
}

/// Returns the code of a customer from "is good" of recency, frequency and value; unknown if one is.
pub(crate) fn code(good: [Option<bool>; 3]) -> Option<&'static str> {
    const CODES: [&str; 8] = ["000", "001", "010", "011", "100", "101", "110", "111"];
    let [r, f, m] = good;
    let place = usize::from(r?) << 2 | usize::from(f?) << 1 | usize::from(m?);
    Some(CODES[place])
}
