//! `followed_by`: which events of one kind are followed by one of another kind in time.
//!
//! What a range join does in SQL (a ticket within 14 days of the return, an
//! order within 30 days after it) with two pointers over one customer's events
//! and without the pairs.

/// Returns for each anchor whether some follower lies in
/// `[anchor + from, anchor + to)`.
///
/// Both slices are ascending; `from` and `to` are in the unit of the
/// timestamps. `from = 1` leaves out followers at the very instant of the
/// anchor, `from = 0` takes them. An empty range follows nothing.
pub fn followed_by(anchors: &[i64], followers: &[i64], from: i64, to: i64) -> Vec<bool> {
    let mut next = 0;
    anchors
        .iter()
        .map(|anchor| {
            let lower = anchor.saturating_add(from);
            let upper = anchor.saturating_add(to);
            while followers.get(next).is_some_and(|at| *at < lower) {
                next += 1;
            }
            followers.get(next).is_some_and(|at| *at < upper)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_range_is_half_open() {
        assert_eq!(
            followed_by(&[0, 10, 20], &[14, 20], 0, 4),
            [false, false, true]
        );
        assert_eq!(
            followed_by(&[0, 10, 20], &[14, 20], 1, 5),
            [false, true, false]
        );
        assert_eq!(followed_by(&[0], &[], 0, 5), [false]);
    }

    proptest! {
        #[test]
        fn it_agrees_with_all_pairs(
            mut anchors in prop::collection::vec(-20i64..20, 0..12),
            mut followers in prop::collection::vec(-20i64..20, 0..12),
            from in -5i64..5,
            to in -5i64..8,
        ) {
            anchors.sort_unstable();
            followers.sort_unstable();
            let slow: Vec<bool> = anchors
                .iter()
                .map(|a| followers.iter().any(|f| *f >= a + from && *f < a + to))
                .collect();
            prop_assert_eq!(followed_by(&anchors, &followers, from, to), slow);
        }
    }
}
