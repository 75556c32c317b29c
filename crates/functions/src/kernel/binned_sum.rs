//! A sum of floating-point numbers that does not depend on their order.
//!
//! Ordinary addition rounds after every step, so the sum of a column changes
//! in its last digits with the partitions of a query, and two runs of one
//! report differ. Here each number is cut at fixed multiples of 64 bits and
//! the pieces are added as integers, which has no order. Of all pieces the three
//! highest bins ever touched are kept: which ones these are depends on the
//! largest number alone, so what is dropped does not depend on order either.
//!
//! Compensated sums (Kahan, double-double) are smaller and faster, but only
//! nearly independent of order. Fixed-point integers are exact only for a range
//! agreed beforehand: weights that sum to one over a million answers would lose
//! their squares.
//!
//! `aftersight_stats::exact_sum::ExactSum` is another sum without order, and
//! neither can do the work of both. That one keeps every bit, which variances
//! need: they multiply sums and subtract nearly equal ones, and what is dropped
//! here would come up there. It pays with a list on the heap, 600 bytes a sum in
//! place of 64 once a group has more than 48 rows, where queries hold six sums
//! for each of a million groups, and with a state of any length, where these are
//! columns of a fixed width.

/// Bits in a bin, and the position every bin is a multiple of.
const BIN_BITS: i32 = 64;

/// The bin of a sum that has seen nothing; below any real one (-17 to 16), less the bins under it.
const EMPTY: i8 = i8::MIN;

/// Bins kept. Two would do for sums that only grow; the third lets small numbers
/// keep their digits in a moving window after a large one has left it.
const BINS: usize = 3;

/// A running sum. Dropped bits are below 2^-128 of the largest number, for each number added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BinnedSum {
    /// The position of the first bin.
    top: i8,
    /// The sums of the pieces in bins `top`, `top - 1`, `top - 2`.
    bins: [i128; BINS],
}

impl Default for BinnedSum {
    fn default() -> Self {
        Self {
            top: EMPTY,
            bins: [0; BINS],
        }
    }
}

impl BinnedSum {
    /// The bytes of [`BinnedSum::to_bytes`].
    pub(crate) const BYTES: usize = 1 + BINS * size_of::<i128>();

    /// Adds a number. Infinities and NaN are the caller's to keep out; they count as zero.
    #[inline]
    pub(crate) fn add(&mut self, x: f64) {
        let bits = x.to_bits();
        let exponent = ((bits >> 52) & 0x7ff) as i32;
        let fraction = bits & ((1 << 52) - 1);
        if exponent == 0x7ff || (exponent == 0 && fraction == 0) {
            return;
        }
        // x = mantissa * 2^position; subnormals have no implicit bit.
        let (mantissa, position) = match exponent {
            0 => (fraction, -1074),
            e => (fraction | (1 << 52), e - 1075),
        };
        let bin = position.div_euclid(BIN_BITS) as i8;
        let shifted = u128::from(mantissa) << position.rem_euclid(BIN_BITS);
        let upper = (shifted >> BIN_BITS) as i128;
        let lower = (shifted & u128::from(u64::MAX)) as i128;
        let sign = if x < 0.0 { -1 } else { 1 };
        if upper == 0 {
            self.raise(bin);
        } else {
            self.raise(bin + 1);
            self.put(bin + 1, sign * upper);
        }
        self.put(bin, sign * lower);
    }

    /// Adds all that `other` has seen.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.merge_signed(other, 1);
    }

    /// Takes away what `other` has seen, for windows that move on.
    pub(crate) fn unmerge(&mut self, other: &Self) {
        self.merge_signed(other, -1);
    }

    fn merge_signed(&mut self, other: &Self, sign: i128) {
        if other.top == EMPTY {
            return;
        }
        self.raise(other.top);
        for (bin, sum) in (0..).map(|i| other.top - i).zip(other.bins) {
            self.put(bin, sign * sum);
        }
    }

    /// Moves the window up to `top`; bins that fall out below are dropped.
    fn raise(&mut self, top: i8) {
        if top <= self.top {
            return;
        }
        let by = (i32::from(top) - i32::from(self.top)) as usize;
        self.bins.rotate_right(by.min(BINS));
        self.bins[..by.min(BINS)].fill(0);
        self.top = top;
    }

    /// Adds a piece to its bin, unless that lies below the window.
    fn put(&mut self, bin: i8, piece: i128) {
        if let Some(sum) = self.bins.get_mut((self.top - bin) as usize) {
            *sum += piece;
        }
    }

    /// Returns the sum, rounded; infinite if it exceeds the range.
    pub(crate) fn value(&self) -> f64 {
        if self.top == EMPTY {
            return 0.0;
        }
        // Carry upwards until every bin but the first is a digit of 64 bits.
        let mut digits = self.bins;
        for i in (1..BINS).rev() {
            let carry = digits[i] >> BIN_BITS;
            digits[i] -= carry << BIN_BITS;
            digits[i - 1] += carry;
        }
        // Sign and magnitude: in two's complement a small negative sum is a
        // difference of two large numbers, which rounding would wipe out.
        let negative = digits[0] < 0;
        if negative {
            let mut borrow = 0;
            for i in (1..BINS).rev() {
                let digit = -digits[i] - borrow;
                borrow = i128::from(digit < 0);
                digits[i] = digit + (borrow << BIN_BITS);
            }
            digits[0] = -digits[0] - borrow;
        }
        // From the smallest digit up, so that each step rounds less than the next.
        let magnitude: f64 = (0..BINS)
            .rev()
            .map(|i| scaled(digits[i] as f64, i32::from(self.top) - i as i32))
            .sum();
        if negative { -magnitude } else { magnitude }
    }

    /// Writes the sum as bytes of fixed length.
    pub(crate) fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[0] = self.top as u8;
        for (chunk, sum) in bytes[1..].chunks_exact_mut(16).zip(self.bins) {
            chunk.copy_from_slice(&sum.to_le_bytes());
        }
        bytes
    }

    /// Reads what [`BinnedSum::to_bytes`] wrote, or nothing if the length is another.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (top, rest) = bytes.split_first()?;
        if bytes.len() != Self::BYTES {
            return None;
        }
        let mut bins = [0; BINS];
        for (sum, chunk) in bins.iter_mut().zip(rest.chunks_exact(16)) {
            *sum = i128::from_le_bytes(chunk.try_into().ok()?);
        }
        Some(Self {
            top: *top as i8,
            bins,
        })
    }
}

/// Returns `digit` at the place of `bin`.
fn scaled(digit: f64, bin: i32) -> f64 {
    // In two steps, since the lowest places alone are below the smallest number.
    let half = 2_f64.powi(BIN_BITS / 2 * bin);
    digit * half * half
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sum(numbers: impl IntoIterator<Item = f64>) -> BinnedSum {
        let mut sum = BinnedSum::default();
        numbers.into_iter().for_each(|x| sum.add(x));
        sum
    }

    #[test]
    fn a_single_number_comes_back_as_it_was() {
        for x in [0.0, 1.0, -1.0, 0.1, -3.0, 1e300, -1e-300, f64::MAX, 5e-324] {
            assert_eq!(sum([x]).value(), x);
        }
    }

    #[test]
    fn small_numbers_survive_beside_a_large_one_that_cancels() {
        assert_eq!(sum([1e17, 1.0, -1e17]).value(), 1.0);
    }

    #[test]
    fn a_tenth_added_ten_times_is_rounded_once() {
        // 0.1 is a little above a tenth; ten of them exactly, rounded once, are 1.
        assert_eq!(sum([0.1; 10]).value(), 1.0);
        assert_ne!([0.1; 10].iter().sum::<f64>(), 1.0);
    }

    #[test]
    fn what_is_taken_away_leaves_nothing() {
        let mut all = sum([0.3, 1e-9, 7e8]);
        all.unmerge(&sum([0.3, 1e-9, 7e8]));
        assert_eq!(all.value(), 0.0);
    }

    proptest! {
        #[test]
        fn order_and_partition_do_not_matter(
            numbers in prop::collection::vec(prop_oneof![-1e3..1e3, -1e-30..1e30, Just(5e-324)], 0..40),
            cut in 0usize..40,
        ) {
            let forward = sum(numbers.iter().copied());
            let backward = sum(numbers.iter().rev().copied());
            prop_assert_eq!(forward, backward);
            let (left, right) = numbers.split_at(cut.min(numbers.len()));
            let mut parts = sum(right.iter().copied());
            parts.merge(&sum(left.iter().copied()));
            prop_assert_eq!(parts, forward);
        }

        #[test]
        fn bytes_keep_every_bit(numbers in prop::collection::vec(-1e9..1e9, 0..5)) {
            let all = sum(numbers);
            prop_assert_eq!(BinnedSum::from_bytes(&all.to_bytes()), Some(all));
        }

        #[test]
        fn sums_of_like_sized_numbers_agree_with_integers(
            numbers in prop::collection::vec(-1_000_000_000_i64..1_000_000_000, 0..50),
        ) {
            // Thousandths as multiples of 2^-10 are exact in both routes.
            let total: i64 = numbers.iter().sum();
            let scaled = numbers.iter().map(|&x| x as f64 / 1024.0);
            prop_assert_eq!(sum(scaled).value(), total as f64 / 1024.0);
        }
    }
}
