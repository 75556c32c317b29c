//! Pearson's chi-square test of a table, Cramér's V and residuals that say
//! which cells are behind it.

use crate::distribution::chi_square_tail;
use crate::error::{Result, StatsError, finite, ratio};

/// The test of independence of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct ChiSquare {
    /// The statistic; `None` when fewer than two rows or columns have counts.
    pub chisq: Option<f64>,
    /// Degrees of freedom of the rows and columns with counts.
    pub df: u64,
    /// P(at least this much) under independence.
    pub p: Option<f64>,
    /// Cramér's V: the effect size, 0 to 1.
    pub cramers_v: Option<f64>,
    /// The same without what chance adds (Bergsma 2013); `None` where all rows
    /// or columns stand for single observations.
    pub cramers_v_corrected: Option<f64>,
    /// Number of observations.
    pub n: f64,
    /// Smallest expected count; below 5 the p-value is rough.
    pub min_expected: Option<f64>,
    /// Expected counts, by rows.
    pub expected: Vec<Vec<f64>>,
    /// Standardised residuals (Agresti): approximately standard normal when
    /// rows and columns are independent; `None` where not defined.
    pub standardized_residuals: Vec<Vec<Option<f64>>>,
}

/// Tests whether rows and columns of a table of counts are independent.
///
/// Rows and columns without any count do not add degrees of freedom. With
/// `continuity`, Yates' correction is applied to tables of two by two, as R
/// does by default.
pub fn chisq_test(table: &[Vec<f64>], continuity: bool) -> Result<ChiSquare> {
    let columns = table.first().map_or(0, Vec::len);
    if table.len() < 2 || columns < 2 {
        return Err(StatsError::TooFew {
            what: "rows and columns",
            needed: 2,
            got: table.len().min(columns),
        });
    }
    for (row, counts) in table.iter().enumerate() {
        if counts.len() != columns {
            return Err(StatsError::Length {
                argument: "row",
                expected: columns,
                got: counts.len(),
            });
        }
        if !counts
            .iter()
            .all(|&count| count >= 0.0 && count.is_finite())
        {
            return Err(StatsError::Row {
                row,
                argument: "count",
                reason: "is negative or not a number",
            });
        }
    }
    let row_sums: Vec<f64> = table.iter().map(|row| row.iter().sum()).collect();
    let column_sums: Vec<f64> = (0..columns)
        .map(|j| table.iter().map(|row| row[j]).sum())
        .collect();
    let n: f64 = row_sums.iter().sum();
    let used = |sums: &[f64]| sums.iter().filter(|&&sum| sum > 0.0).count() as u64;
    let (rows_used, columns_used) = (used(&row_sums), used(&column_sums));
    let expected: Vec<Vec<f64>> = row_sums
        .iter()
        .map(|r| {
            column_sums
                .iter()
                .map(|c| if n > 0.0 { r * c / n } else { 0.0 })
                .collect()
        })
        .collect();
    let correction = if continuity && rows_used == 2 && columns_used == 2 {
        // Never more than the smallest difference, as in R.
        let cells = table.iter().flatten().zip(expected.iter().flatten());
        cells.fold(0.5, |least: f64, (o, e)| {
            if *e > 0.0 {
                least.min((o - e).abs())
            } else {
                least
            }
        })
    } else {
        0.0
    };
    let mut statistic = 0.0;
    let mut standardized_residuals = Vec::with_capacity(table.len());
    for (i, counts) in table.iter().enumerate() {
        let mut residuals = Vec::with_capacity(columns);
        for (j, &count) in counts.iter().enumerate() {
            let e = expected[i][j];
            if e > 0.0 {
                let distance = (count - e).abs() - correction;
                statistic += distance * distance / e;
            }
            let spread = e * (1.0 - row_sums[i] / n) * (1.0 - column_sums[j] / n);
            residuals.push(ratio(count - e, spread.sqrt()));
        }
        standardized_residuals.push(residuals);
    }
    let smaller = rows_used.min(columns_used);
    let df = rows_used.saturating_sub(1) * columns_used.saturating_sub(1);
    let chisq = if df > 0 { finite(statistic) } else { None };
    Ok(ChiSquare {
        chisq,
        df,
        p: chisq.and_then(|value| chi_square_tail(value, df as f64)),
        cramers_v: chisq
            .and_then(|value| ratio(value, n * (smaller - 1) as f64))
            .map(|square| square.sqrt().min(1.0)),
        cramers_v_corrected: chisq.and_then(|value| {
            let (r, c) = (rows_used as f64, columns_used as f64);
            // What is expected of phi squared without any relation, and of the labels.
            let phi = (value / n - (r - 1.0) * (c - 1.0) / (n - 1.0)).max(0.0);
            let shrunk = |k: f64| k - (k - 1.0).powi(2) / (n - 1.0);
            ratio(phi, shrunk(r).min(shrunk(c)) - 1.0)
                .filter(|square| *square >= 0.0)
                .map(|square| square.sqrt().min(1.0))
        }),
        n,
        min_expected: expected
            .iter()
            .flatten()
            .copied()
            .filter(|&e| e > 0.0)
            .reduce(f64::min),
        expected,
        standardized_residuals,
    })
}

/// The test of counts against given shares, such as a planned split of an
/// experiment or a uniform week.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GoodnessOfFit {
    /// The statistic; `None` without observations.
    pub chisq: Option<f64>,
    /// Number of classes minus one.
    pub df: u64,
    /// P(at least this much) if the shares hold.
    pub p: Option<f64>,
}

/// Tests counts against shares, which are normalised to sum to one.
pub fn chisq_goodness_of_fit(observed: &[f64], shares: &[f64]) -> Result<GoodnessOfFit> {
    if observed.len() != shares.len() {
        return Err(StatsError::Length {
            argument: "shares",
            expected: observed.len(),
            got: shares.len(),
        });
    }
    if observed.len() < 2 {
        return Err(StatsError::TooFew {
            what: "classes",
            needed: 2,
            got: observed.len(),
        });
    }
    if !observed
        .iter()
        .all(|&count| count >= 0.0 && count.is_finite())
    {
        return Err(StatsError::argument("observed", "must hold counts"));
    }
    if !shares.iter().all(|&share| share > 0.0 && share.is_finite()) {
        return Err(StatsError::argument("shares", "must all be greater than 0"));
    }
    let n: f64 = observed.iter().sum();
    let total: f64 = shares.iter().sum();
    let statistic: f64 = observed
        .iter()
        .zip(shares)
        .map(|(count, share)| {
            let expected = n * share / total;
            (count - expected) * (count - expected) / expected
        })
        .sum();
    let df = observed.len() as u64 - 1;
    let chisq = finite(statistic);
    Ok(GoodnessOfFit {
        chisq,
        df,
        p: chisq.and_then(|value| chi_square_tail(value, df as f64)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::close;

    // R, example(chisq.test): gender by party (Agresti 2007).
    #[test]
    fn gender_by_party_is_the_published_test() {
        let table = vec![vec![762.0, 327.0, 468.0], vec![484.0, 239.0, 477.0]];
        let test = chisq_test(&table, false).unwrap();
        close(test.chisq, 30.070_149_095_754_672, 1e-9);
        assert_eq!(test.df, 2);
        close(test.p, 2.953_589_183_211_759_5e-7, 1e-15);
        close(Some(test.expected[0][0]), 703.671_381_936_887_9, 1e-9);
        // R prints the standardised residuals 4.5020535, 0.6994517, -5.3159455.
        close(test.standardized_residuals[0][0], 4.502_053_5, 1e-6);
        close(test.standardized_residuals[0][1], 0.699_451_7, 1e-6);
        close(test.standardized_residuals[0][2], -5.315_945_5, 1e-6);
        close(
            test.cramers_v,
            (30.070_149_095_754_672f64 / 2757.0).sqrt(),
            1e-12,
        );
    }

    #[test]
    fn the_continuity_correction_only_touches_two_by_two() {
        // n (|ad - bc| - n/2)^2 / (product of the margins)
        let table = vec![vec![10.0, 20.0], vec![30.0, 15.0]];
        let (n, cross) = (75.0, 450.0f64);
        let margins = 30.0 * 45.0 * 40.0 * 35.0;
        let expected = n * (cross - n / 2.0).powi(2) / margins;
        close(chisq_test(&table, true).unwrap().chisq, expected, 1e-12);
        let wide = vec![vec![10.0, 20.0, 1.0], vec![30.0, 15.0, 2.0]];
        assert_eq!(chisq_test(&wide, true), chisq_test(&wide, false));
    }

    #[test]
    fn empty_rows_and_columns_do_not_count() {
        let table = vec![vec![10.0, 20.0, 0.0], vec![30.0, 15.0, 0.0], vec![0.0; 3]];
        let small = vec![vec![10.0, 20.0], vec![30.0, 15.0]];
        let (with, without) = (
            chisq_test(&table, false).unwrap(),
            chisq_test(&small, false).unwrap(),
        );
        assert_eq!((with.chisq, with.df, with.p), (without.chisq, 1, without.p));
        assert_eq!(with.cramers_v, without.cramers_v);
        assert_eq!(with.standardized_residuals[2][2], None);
        let nothing = chisq_test(&[vec![0.0; 2], vec![0.0; 2]], false).unwrap();
        assert_eq!(
            (nothing.chisq, nothing.p, nothing.cramers_v),
            (None, None, None)
        );
        assert!(chisq_test(&[vec![1.0, 2.0]], false).is_err());
        assert!(chisq_test(&[vec![1.0, 2.0], vec![1.0, -2.0]], false).is_err());
    }

    // R: chisq.test(c(89, 37, 30, 28, 2), p = c(40, 20, 20, 15, 5)/100):
    // X-squared 9.9901, df 4, p 0.04059 (the example prints rescale.p).
    #[test]
    fn goodness_of_fit_is_the_published_one() {
        let test = chisq_goodness_of_fit(
            &[89.0, 37.0, 30.0, 28.0, 2.0],
            &[40.0, 20.0, 20.0, 15.0, 5.0],
        )
        .unwrap();
        close(test.chisq, 9.9901, 5e-5);
        close(test.p, 0.040_59, 5e-6);
        assert!(chisq_goodness_of_fit(&[1.0, 2.0], &[1.0, 0.0]).is_err());
    }

    // Bergsma 2013 written out: phi squared less 1/(n - 1), over 2 - 1/(n - 1) - 1.
    #[test]
    fn the_correction_takes_off_what_chance_adds() {
        let of = |table: &[Vec<f64>]| chisq_test(table, false).unwrap().cramers_v_corrected;
        let small = of(&[vec![3.0, 1.0], vec![1.0, 3.0]]).unwrap();
        assert!((small - ((0.25 - 1.0 / 7.0) / (1.0 - 1.0 / 7.0_f64)).sqrt()).abs() < 1e-12);
        let party = of(&[vec![762.0, 327.0, 468.0], vec![484.0, 239.0, 477.0]]).unwrap();
        assert!((party - 0.100_919_982_784_408_86).abs() < 1e-12);
        assert_eq!(of(&[vec![5.0, 5.0], vec![5.0, 5.0]]), Some(0.0));
        assert_eq!(of(&[vec![5.0, 5.0], vec![0.0, 0.0]]), None);
        assert_eq!(of(&[vec![1.0, 0.0], vec![0.0, 1.0]]), None);
    }
}
