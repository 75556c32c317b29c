//! Classes by share of a total: the few that matter, the next, the rest.

use crate::kernel::binned_sum::BinnedSum;

/// What is compared with the cuts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// The share of the total before an item: what crosses a cut still belongs above it.
    CumBefore,
    /// The share including the item: what crosses a cut belongs below it.
    CumIncl,
    /// The share of items before it, whatever their values.
    Count,
}

/// Returns the class of each value, nothing for NaN, and for all where nothing is positive.
pub(crate) fn classes(values: &[f64], cuts: (f64, f64), by: By) -> Vec<Option<&'static str>> {
    let mut order: Vec<usize> = (0..values.len()).filter(|i| !values[*i].is_nan()).collect();
    order.sort_by(|a, b| values[*b].total_cmp(&values[*a]));
    let mut total = BinnedSum::default();
    let positive = order.iter().map(|i| values[*i]).filter(|x| *x > 0.0);
    positive.for_each(|x| total.add(x));
    let mut classes = vec![None; values.len()];
    if total.value() <= 0.0 {
        return classes;
    }
    let whole = match by {
        By::CumBefore | By::CumIncl => total.value(),
        By::Count => order.len() as f64,
    };
    let mut before = BinnedSum::default();
    let mut last: Option<(f64, &'static str)> = None;
    for (place, item) in order.iter().enumerate() {
        let value = values[*item];
        let mut including = before;
        including.add(value.max(0.0));
        let share_at = |cut: f64| match by {
            By::CumBefore => before.value() < cut * whole,
            By::CumIncl => including.value() <= cut * whole,
            By::Count => (place as f64) < cut * whole,
        };
        let class = match last {
            // Equal values share the class of the first of them.
            Some((previous, class)) if previous == value => class,
            _ if value <= 0.0 => "C",
            _ if share_at(cuts.0) => "A",
            _ if share_at(cuts.1) => "B",
            _ => "C",
        };
        classes[*item] = Some(class);
        last = Some((value, class));
        before = including;
    }
    classes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Silicon Chips, Inc.: annual values of ten items (Heizer and Render, example 12.1).
    const SILICON_CHIPS: [f64; 10] = [
        90_000.0, 77_000.0, 26_350.0, 15_001.0, 12_500.0, 8_502.0, 1_200.0, 850.0, 504.0, 150.0,
    ];

    fn check(values: &[f64], cuts: (f64, f64), by: By, expected: &str) {
        let got: String = classes(values, cuts, by)
            .iter()
            .map(|c| c.unwrap_or("-"))
            .collect();
        assert_eq!(got, expected, "{by:?}");
    }

    /// The book puts the first two of ten items in A, the next three in B.
    #[test]
    fn counts_of_items_give_the_classes_of_the_book() {
        check(&SILICON_CHIPS, (0.2, 0.5), By::Count, "AABBBCCCCC");
    }

    /// Cumulative shares are 38.8, 72.0, 83.3, 89.8, 95.2, 98.8, ... percent.
    #[test]
    fn an_item_that_crosses_a_cut_goes_up_or_down() {
        check(&SILICON_CHIPS, (0.8, 0.95), By::CumBefore, "AAABBCCCCC");
        check(&SILICON_CHIPS, (0.8, 0.95), By::CumIncl, "AABBCCCCCC");
    }

    #[test]
    fn equal_values_share_a_class() {
        check(&[10.0; 5], (0.8, 0.95), By::CumBefore, "AAAAA");
        check(&[80.0, 10.0, 10.0], (0.8, 0.95), By::CumBefore, "ABB");
    }

    #[test]
    fn what_brings_nothing_is_c_and_unknown_has_no_class() {
        check(
            &[-5.0, 100.0, 0.0, f64::NAN],
            (0.8, 0.95),
            By::CumBefore,
            "CAC-",
        );
    }

    #[test]
    fn without_a_total_there_are_no_classes() {
        check(&[0.0, -1.0], (0.8, 0.95), By::CumBefore, "--");
    }
}
