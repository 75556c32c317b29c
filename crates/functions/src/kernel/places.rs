//! Values at places in the order of a list, without sorting it.
//!
//! Numbers become integers that sort as they do; counting them by their highest
//! bits tells which bits the value at a place has, and only those few values are
//! looked at again.

/// A list no longer than this is sorted: counters would take longer.
const SORT_MAX: usize = 1 << 12;
const DIGIT_BITS: u32 = 16;
const N_DIGITS: usize = 1 << DIGIT_BITS;

/// Returns an integer that sorts as the number does by `total_cmp`.
#[inline]
pub(crate) fn sort_key(x: f64) -> u64 {
    let bits = x.to_bits();
    if x.is_sign_negative() {
        !bits
    } else {
        bits | 1 << 63
    }
}

/// Returns the number a key was made of.
fn number(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 {
        key & !(1 << 63)
    } else {
        !key
    })
}

/// Returns the numbers that sorting would bring to these places, which rise and
/// are below the length.
pub(crate) fn at_places(
    values: impl ExactSizeIterator<Item = f64> + Clone,
    places: &[usize],
) -> Vec<f64> {
    let n = values.len();
    let keys = keys_at(values.map(sort_key), n, places, u64::BITS - DIGIT_BITS);
    keys.into_iter().map(number).collect()
}

/// Keys of one digit, and what is asked of them.
struct Bucket {
    keys: Vec<u64>,
    /// Places among these keys.
    places: Vec<usize>,
}

/// Returns the keys at places; the keys differ below `shift + DIGIT_BITS` only.
fn keys_at(
    keys: impl Iterator<Item = u64> + Clone,
    n_keys: usize,
    places: &[usize],
    shift: u32,
) -> Vec<u64> {
    if n_keys <= SORT_MAX {
        let mut sorted: Vec<u64> = keys.collect();
        sorted.sort_unstable();
        return places.iter().map(|place| sorted[*place]).collect();
    }
    let digit = |key: u64| (key >> shift) as usize % N_DIGITS;
    let mut counts = vec![0; N_DIGITS];
    keys.clone().for_each(|key| counts[digit(key)] += 1);
    let mut buckets: Vec<Bucket> = Vec::new();
    let mut bucket_of = vec![u32::MAX; N_DIGITS];
    let (mut at, mut n_before) = (0, 0);
    for place in places {
        while n_before + counts[at] <= *place {
            n_before += counts[at];
            at += 1;
        }
        if bucket_of[at] == u32::MAX {
            bucket_of[at] = buckets.len() as u32;
            buckets.push(Bucket {
                keys: Vec::with_capacity(counts[at]),
                places: Vec::new(),
            });
        }
        if let Some(bucket) = buckets.last_mut() {
            bucket.places.push(place - n_before);
        }
    }
    for key in keys {
        if let Some(bucket) = buckets.get_mut(bucket_of[digit(key)] as usize) {
            bucket.keys.push(key);
        }
    }
    let found = buckets.into_iter().flat_map(|bucket| {
        let Bucket { keys, places } = bucket;
        match shift.checked_sub(DIGIT_BITS) {
            Some(shift) => keys_at(keys.iter().copied(), keys.len(), &places, shift),
            // No bits are left in which they could differ.
            None => keys[..1].repeat(places.len()),
        }
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Long lists are counted, of values that differ in their first bits, in
        /// their last ones, or hardly at all.
        #[test]
        fn places_are_those_of_the_sorted_list(
            n in prop::sample::select(vec![1usize, 2, 900, SORT_MAX + 1, 3 * SORT_MAX]),
            picks in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
            spread in prop::sample::select(vec![1e300, 1e3, 1e-9, 0.0]),
            seed: u64,
        ) {
            let mixed = |i: usize| (i as u64 ^ seed).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 11;
            let values: Vec<f64> = (0..n)
                .map(|i| 1.0 + spread * (mixed(i) as f64 / (1_u64 << 52) as f64 - 1.0))
                .collect();
            let mut places: Vec<usize> = picks.iter().map(|pick| pick.index(n)).collect();
            places.sort_unstable();
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            let expected: Vec<f64> = places.iter().map(|place| sorted[*place]).collect();
            prop_assert_eq!(at_places(values.iter().copied(), &places), expected);
        }
    }
}
