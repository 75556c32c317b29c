//! Weights of terms in texts: frequent here, rare elsewhere.

use crate::error::{Result, StatsError};

/// How rarity is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Idf {
    /// ln(n / df) + 1.
    #[default]
    Plain,
    /// ln((1 + n) / (1 + df)) + 1, as if one more text held every term.
    Smooth,
}

/// Inverse document frequency of a term in `df` of `n` texts; `None` for a
/// term that is nowhere, unless smoothed.
#[must_use]
pub fn idf(n: u64, df: u64, kind: Idf) -> Option<f64> {
    if df > n || (kind == Idf::Plain && df == 0) {
        return None;
    }
    let (n, df) = (n as f64, df as f64);
    Some(match kind {
        Idf::Plain => (n / df).ln() + 1.0,
        Idf::Smooth => ((1.0 + n) / (1.0 + df)).ln() + 1.0,
    })
}

/// Weights count · idf of every text, scaled to length one. A text without
/// terms keeps zeros. `counts` has one row per text, one column per term.
pub fn tfidf(counts: &[Vec<f64>], kind: Idf) -> Result<Vec<Vec<f64>>> {
    let terms = counts.first().map_or(0, Vec::len);
    for (row, text) in counts.iter().enumerate() {
        if text.len() != terms {
            return Err(StatsError::Length {
                argument: "counts",
                expected: terms,
                got: text.len(),
            });
        }
        if !text.iter().all(|&count| count >= 0.0 && count.is_finite()) {
            return Err(StatsError::Row {
                row,
                argument: "count",
                reason: "is negative or not a number",
            });
        }
    }
    let n = counts.len() as u64;
    let rarity: Vec<f64> = (0..terms)
        .map(|term| {
            let df = counts.iter().filter(|text| text[term] > 0.0).count() as u64;
            // A term that is nowhere has no count to weigh.
            idf(n, df, kind).unwrap_or(0.0)
        })
        .collect();
    Ok(counts
        .iter()
        .map(|text| {
            let weights: Vec<f64> = text.iter().zip(&rarity).map(|(tf, idf)| tf * idf).collect();
            let length = weights.iter().map(|w| w * w).sum::<f64>().sqrt();
            if length > 0.0 {
                weights.iter().map(|weight| weight / length).collect()
            } else {
                weights
            }
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    // scikit-learn's user guide.
    #[test]
    fn the_user_guide_s_counts_have_its_weights() {
        let counts: Vec<Vec<f64>> = [
            [3.0, 0.0, 1.0],
            [2.0, 0.0, 0.0],
            [3.0, 0.0, 0.0],
            [4.0, 0.0, 0.0],
            [3.0, 2.0, 0.0],
            [3.0, 0.0, 2.0],
        ]
        .iter()
        .map(|row| row.to_vec())
        .collect();
        let plain = tfidf(&counts, Idf::Plain).unwrap();
        assert!((plain[0][0] - 0.819_409_951_075_375_4).abs() < 1e-12);
        assert!((plain[4][1] - 0.880_899_483_276_298_4).abs() < 1e-12);
        let smooth = tfidf(&counts, Idf::Smooth).unwrap();
        assert!((smooth[5][2] - 0.776_305_136_649_507_2).abs() < 1e-12);
        assert!((smooth[4][1] - 0.832_364_277_253_407_8).abs() < 1e-12);
    }

    #[test]
    fn empty_texts_and_absent_terms_weigh_nothing() {
        let weights = tfidf(&[vec![0.0, 0.0], vec![0.0, 2.0]], Idf::Plain).unwrap();
        assert_eq!(weights, [[0.0, 0.0], [0.0, 1.0]]);
        assert_eq!(idf(3, 0, Idf::Plain), None);
        assert!(tfidf(&[vec![1.0], vec![]], Idf::Plain).is_err());
    }
}
