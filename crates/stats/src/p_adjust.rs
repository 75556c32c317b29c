//! p-values that account for how many questions were asked.

use crate::error::{Result, StatsError};

/// How p-values are adjusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adjustment {
    /// Benjamini & Hochberg (1995): bounds the share of false discoveries.
    BenjaminiHochberg,
    /// Benjamini & Yekutieli (2001): the same bound however the tests depend on each other.
    BenjaminiYekutieli,
    /// Holm (1979): bounds the chance of any false discovery.
    Holm,
    /// Hochberg (1988): the same bound with more power, for independent tests.
    Hochberg,
    /// Hommel (1988): the same again, with a little more power than Hochberg's.
    Hommel,
    /// The same bound, simpler and never better.
    Bonferroni,
}

/// Adjusted p-values in the order given. A missing one stays missing and does
/// not count as a question.
pub fn p_adjust(values: &[Option<f64>], method: Adjustment) -> Result<Vec<Option<f64>>> {
    let mut order = Vec::with_capacity(values.len());
    for (row, value) in values.iter().enumerate() {
        if let Some(p) = *value {
            if !(0.0..=1.0).contains(&p) {
                return Err(StatsError::Row {
                    row,
                    argument: "p",
                    reason: "is not from 0 to 1",
                });
            }
            order.push((p, row));
        }
    }
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    let n = order.len() as f64;
    let mut adjusted = vec![None; values.len()];
    match method {
        Adjustment::Bonferroni => {
            for &(p, row) in &order {
                adjusted[row] = Some((p * n).min(1.0));
            }
        }
        Adjustment::Holm => {
            let mut highest: f64 = 0.0;
            for (rank, &(p, row)) in order.iter().enumerate() {
                highest = highest.max(p * (n - rank as f64)).min(1.0);
                adjusted[row] = Some(highest);
            }
        }
        Adjustment::Hochberg => {
            let mut lowest: f64 = 1.0;
            for (rank, &(p, row)) in order.iter().enumerate().rev() {
                lowest = lowest.min(p * (n - rank as f64));
                adjusted[row] = Some(lowest);
            }
        }
        Adjustment::Hommel => {
            let sorted: Vec<f64> = order.iter().map(|&(p, _)| p).collect();
            for (&(_, row), p) in order.iter().zip(hommel(&sorted)) {
                adjusted[row] = Some(p);
            }
        }
        Adjustment::BenjaminiHochberg | Adjustment::BenjaminiYekutieli => {
            let dependence = match method {
                Adjustment::BenjaminiYekutieli => (1..=order.len()).map(|i| 1.0 / i as f64).sum(),
                _ => 1.0,
            };
            let mut lowest: f64 = 1.0;
            for (rank, &(p, row)) in order.iter().enumerate().rev() {
                lowest = lowest.min(dependence * p * n / (rank as f64 + 1.0));
                adjusted[row] = Some(lowest);
            }
        }
    }
    Ok(adjusted)
}

/// Hommel's adjustment of ascending p-values: for every number m of hypotheses
/// that may be true, Simes' test of the m largest p-values decides.
fn hommel(sorted: &[f64]) -> Vec<f64> {
    let n = sorted.len();
    let smallest = |first: usize, rank: usize, m: usize| {
        let ranked = sorted[first..].iter().zip(rank..);
        ranked
            .map(|(p, rank)| m as f64 * p / rank as f64)
            .fold(f64::INFINITY, f64::min)
    };
    let mut adjusted = vec![smallest(0, 1, n); n];
    for m in (2..n).rev() {
        // Those of rank 2 to m among the m largest bound all others.
        let bound = smallest(n - m + 1, 2, m);
        for (i, adjusted) in adjusted.iter_mut().enumerate() {
            let own = sorted[i.min(n - m)];
            *adjusted = adjusted.max((m as f64 * own).min(bound));
        }
    }
    let pairs = adjusted.iter().zip(sorted);
    pairs.map(|(a, p)| a.max(*p).min(1.0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn adjust(values: &[f64], method: Adjustment) -> Vec<f64> {
        let values: Vec<Option<f64>> = values.iter().copied().map(Some).collect();
        p_adjust(&values, method)
            .unwrap()
            .into_iter()
            .map(Option::unwrap)
            .collect()
    }

    #[track_caller]
    fn check(actual: &[f64], expected: &[f64]) {
        for (a, e) in actual.iter().zip(expected) {
            assert!((a - e).abs() < 1e-12, "{actual:?} is not {expected:?}");
        }
    }

    // R: p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), ...)
    #[test]
    fn five_values_are_adjusted_as_in_r() {
        let p = [0.05, 0.01, 0.03, 0.04, 0.02];
        check(&adjust(&p, Adjustment::BenjaminiHochberg), &[0.05; 5]);
        check(
            &adjust(&p, Adjustment::Holm),
            &[0.09, 0.05, 0.09, 0.09, 0.08],
        );
        check(
            &adjust(&p, Adjustment::Bonferroni),
            &[0.25, 0.05, 0.15, 0.2, 0.1],
        );
    }

    // R: p.adjust of these twelve, methods hochberg and hommel.
    #[test]
    fn hochberg_and_hommel_are_those_of_r() {
        let p = [
            0.01, 0.02, 0.03, 0.04, 0.05, 0.001, 0.9, 0.5, 0.5, 0.0001, 1.0, 0.0,
        ];
        let hochberg = [
            0.09, 0.16, 0.21, 0.24, 0.25, 0.01, 1.0, 1.0, 1.0, 0.0011, 1.0, 0.0,
        ];
        check(&adjust(&p, Adjustment::Hochberg), &hochberg);
        let hommel = [
            0.09, 0.12, 0.15, 0.2, 0.25, 0.01, 1.0, 1.0, 1.0, 0.0011, 1.0, 0.0,
        ];
        check(&adjust(&p, Adjustment::Hommel), &hommel);
        for method in [Adjustment::Hochberg, Adjustment::Hommel] {
            check(&adjust(&[0.3], method), &[0.3]);
            check(&adjust(&[0.03, 0.01], method), &[0.03, 0.02]);
            check(&adjust(&[], method), &[]);
        }
    }

    // Benjamini & Hochberg 1995: fifteen tests, four of them discoveries at
    // 0.05, where Bonferroni finds three.
    #[test]
    fn the_thrombolysis_example_has_four_discoveries() {
        let p = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262,
            0.5719, 0.6528, 0.7590, 1.0,
        ];
        let found = |method| adjust(&p, method).iter().filter(|p| **p <= 0.05).count();
        assert_eq!(found(Adjustment::BenjaminiHochberg), 4);
        assert_eq!(found(Adjustment::Bonferroni), 3);
        assert_eq!(found(Adjustment::Holm), 3);
    }

    #[test]
    fn missing_values_do_not_count_and_wrong_ones_are_refused() {
        let values = [Some(0.01), None, Some(0.2)];
        assert_eq!(
            p_adjust(&values, Adjustment::Bonferroni),
            Ok(vec![Some(0.02), None, Some(0.4)])
        );
        assert!(p_adjust(&[Some(1.5)], Adjustment::Holm).is_err());
        assert_eq!(p_adjust(&[], Adjustment::Holm), Ok(vec![]));
    }
}
