//! The Taylor-Ashe triangle as Mack published it, and his formula written out.

use super::super::{Triangle, TriangleCells};
use super::{ChainLadderOptions, SigmaRule, Tail, chain_ladder};
use crate::close::close;
use proptest::prelude::*;

/// Taylor and Ashe 1983, as in Mack 1993, table 1: cumulative claims.
fn taylor_ashe() -> Triangle {
    let rows: [&[i32]; 10] = [
        &[
            357848, 1124788, 1735330, 2218270, 2745596, 3319994, 3466336, 3606286, 3833515, 3901463,
        ],
        &[
            352118, 1236139, 2170033, 3353322, 3799067, 4120063, 4647867, 4914039, 5339085,
        ],
        &[
            290507, 1292306, 2218525, 3235179, 3985995, 4132918, 4628910, 4909315,
        ],
        &[310608, 1418858, 2195047, 3757447, 4029929, 4381982, 4588268],
        &[443160, 1136350, 2128333, 2897821, 3402672, 3873311],
        &[396132, 1333217, 2180715, 2985752, 3691712],
        &[440832, 1288463, 2419861, 3483130],
        &[359480, 1421128, 2864498],
        &[376686, 1363294],
        &[344014],
    ];
    let rows = rows
        .iter()
        .map(|row| row.iter().map(|amount| f64::from(*amount)).collect());
    Triangle::from_cumulative(rows.collect()).unwrap()
}

// Mack 1993, tables 2 and 3 (in thousands there; units as reproduced by R's
// ChainLadder, MackChainLadder(GenIns, est.sigma = "Mack")).
#[test]
fn the_taylor_ashe_triangle_is_that_of_mack() {
    let developed = chain_ladder(&taylor_ashe(), &ChainLadderOptions::default()).unwrap();
    let factors = [
        3.4906, 1.7473, 1.4574, 1.1739, 1.1038, 1.0863, 1.0539, 1.0766, 1.0177,
    ];
    let sigmas_square = [
        160_280.0, 37_737.0, 41_965.0, 15_183.0, 13_731.0, 8_186.0, 447.0, 1_147.0, 447.0,
    ];
    for (step, (factor, sigma_square)) in developed
        .development
        .iter()
        .zip(factors.iter().zip(sigmas_square))
    {
        close(step.factor, *factor, 6e-5);
        close(step.sigma.map(|sigma| sigma * sigma), sigma_square, 0.6);
    }
    let reserves = [
        (0.0, 0.0),
        (94_634.0, 75_535.0),
        (469_511.0, 121_699.0),
        (709_638.0, 133_549.0),
        (984_889.0, 261_406.0),
        (1_419_459.0, 411_010.0),
        (2_177_641.0, 558_317.0),
        (3_920_301.0, 875_328.0),
        (4_278_972.0, 971_258.0),
        (4_625_811.0, 1_363_155.0),
    ];
    for (origin, (reserve, std_err)) in developed.origins.iter().zip(reserves) {
        close(origin.reserve, reserve, 0.51);
        close(origin.std_err, std_err, 0.51);
    }
    close(developed.reserve, 18_680_856.0, 0.51);
    close(developed.std_err, 2_447_095.0, 0.51);
    close(
        developed.development[0].developed_share,
        344_014.0 / (344_014.0 + 4_625_811.0),
        1e-6,
    );
}

/// Mack 1993, the formulas of the theorem and its corollary as they are printed.
fn as_printed(triangle: &Triangle, factor: &[f64], sigma_square: &[f64]) -> (Vec<f64>, f64) {
    let n = triangle.n_ages();
    let known = |age: usize| -> f64 {
        let rows = triangle.rows().iter().filter(|row| row.len() > age + 1);
        rows.map(|row| row[age]).sum()
    };
    let full: Vec<Vec<f64>> = triangle
        .rows()
        .iter()
        .map(|row| {
            let mut row = row.clone();
            while row.len() < n {
                row.push(row[row.len() - 1] * factor[row.len() - 1]);
            }
            row
        })
        .collect();
    let mut total = 0.0;
    let mut by_origin = Vec::new();
    for (i, row) in triangle.rows().iter().enumerate() {
        let ultimate = full[i][n - 1];
        let ages = row.len() - 1..n - 1;
        let own: f64 = ages
            .clone()
            .map(|k| sigma_square[k] / factor[k].powi(2) * (1.0 / full[i][k] + 1.0 / known(k)))
            .sum();
        let common: f64 = ages
            .map(|k| 2.0 * sigma_square[k] / factor[k].powi(2) / known(k))
            .sum();
        let younger: f64 = full[i + 1..].iter().map(|row| row[n - 1]).sum();
        by_origin.push((ultimate * ultimate * own).sqrt());
        total += ultimate * ultimate * own + ultimate * younger * common;
    }
    (by_origin, total.sqrt())
}

#[test]
fn a_tail_carries_every_origin_further() {
    let tail = Tail::Factor {
        factor: 1.05,
        std_err: Some(0.02),
        sigma: Some(71.0),
    };
    let plain = chain_ladder(&taylor_ashe(), &ChainLadderOptions::default()).unwrap();
    let options = ChainLadderOptions {
        tail,
        ..ChainLadderOptions::default()
    };
    let longer = chain_ladder(&taylor_ashe(), &options).unwrap();
    assert_eq!(longer.development.len(), 10);
    for (origin, before) in longer.origins.iter().zip(&plain.origins) {
        let ultimate = before.ultimate.unwrap();
        close(origin.ultimate, ultimate * 1.05, 1e-6);
        // Mack 1999: process, factor and what was there, one age on.
        let variance = ultimate * 71.0 * 71.0
            + ultimate.powi(2) * 0.02 * 0.02
            + before.std_err.unwrap().powi(2) * 1.05 * 1.05;
        close(origin.std_err, variance.sqrt(), 1e-6);
    }
    close(
        longer.reserve,
        longer.ultimate.unwrap() - longer.latest,
        1e-6,
    );
}

#[test]
fn log_linear_rules_extrapolate_a_straight_line() {
    let options = ChainLadderOptions {
        sigma: SigmaRule::LogLinear,
        tail: Tail::LogLinear,
    };
    let developed = chain_ladder(&taylor_ashe(), &options).unwrap();
    // Eight sigmas on a line in the logarithm, read at the ninth place.
    let logs: Vec<f64> = developed.development[..8]
        .iter()
        .map(|step| step.sigma.unwrap().ln())
        .collect();
    let mean = logs.iter().sum::<f64>() / 8.0;
    let slope = logs
        .iter()
        .enumerate()
        .map(|(i, y)| (i as f64 - 3.5) * (y - mean))
        .sum::<f64>()
        / 42.0;
    close(
        developed.development[8].sigma,
        (mean + slope * 4.5).exp(),
        1e-9,
    );
    let tail = developed.development[9];
    assert!(tail.factor.unwrap() > 1.0 && tail.factor.unwrap() < 1.2);
    assert!(tail.sigma.unwrap() > 0.0 && tail.factor_std_err.unwrap() > 0.0);
}

#[test]
fn a_triangle_too_small_for_an_error_has_none() {
    let two = Triangle::from_cumulative(vec![vec![10.0, 20.0], vec![8.0]]).unwrap();
    let developed = chain_ladder(&two, &ChainLadderOptions::default()).unwrap();
    assert_eq!(developed.origins[1].ultimate, Some(16.0));
    assert_eq!(
        (developed.origins[1].std_err, developed.std_err),
        (None, None)
    );
    assert_eq!(developed.origins[0].std_err, Some(0.0));
    let one = Triangle::from_cumulative(vec![vec![10.0]]).unwrap();
    let developed = chain_ladder(&one, &ChainLadderOptions::default()).unwrap();
    assert_eq!(
        (developed.reserve, developed.std_err),
        (Some(0.0), Some(0.0))
    );
    let none = Triangle::from_cumulative(Vec::new()).unwrap();
    let developed = chain_ladder(&none, &ChainLadderOptions::default()).unwrap();
    assert_eq!((developed.origins.len(), developed.reserve), (0, Some(0.0)));
}

#[test]
fn growth_from_nothing_is_unknown_not_infinite() {
    let rows = vec![vec![0.0, 5.0, 6.0], vec![0.0, 3.0], vec![0.0]];
    let triangle = Triangle::from_cumulative(rows).unwrap();
    let developed = chain_ladder(&triangle, &ChainLadderOptions::default()).unwrap();
    assert_eq!(developed.development[0].factor, None);
    assert_eq!(developed.origins[2].ultimate, None);
    assert_eq!((developed.ultimate, developed.std_err), (None, None));
    close(developed.origins[1].ultimate, 3.6, 1e-12);
}

#[test]
fn bad_tails_are_named() {
    let with = |tail| {
        let options = ChainLadderOptions {
            tail,
            ..ChainLadderOptions::default()
        };
        chain_ladder(&taylor_ashe(), &options).unwrap_err().about()
    };
    let factor = |factor, std_err, sigma| Tail::Factor {
        factor,
        std_err,
        sigma,
    };
    assert_eq!(with(factor(0.9, None, None)), Some("tail"));
    assert_eq!(with(factor(1.1, Some(-1.0), None)), Some("tail_std_err"));
    assert_eq!(with(factor(1.1, None, Some(f64::NAN))), Some("tail_sigma"));
}

proptest! {
    #[test]
    fn the_recursion_is_the_printed_formula(
        increments in prop::collection::vec(1u32..1_000, 15..28),
        n in 4usize..6,
    ) {
        let mut cells = TriangleCells::new();
        let mut amounts = increments.iter().cycle();
        for origin in 0..n as i64 {
            for age in 0..n as i64 - origin {
                cells.push(Some(origin), Some(age), amounts.next().map(|a| f64::from(*a)));
            }
        }
        let (_, triangle) = cells.triangle(n as i64 - 1, i64::MAX).unwrap();
        let developed = chain_ladder(&triangle, &ChainLadderOptions::default()).unwrap();
        let factor: Vec<f64> = developed.development.iter().map(|s| s.factor.unwrap()).collect();
        let sigma_square: Vec<f64> =
            developed.development.iter().map(|s| s.sigma.unwrap().powi(2)).collect();
        let (by_origin, total) = as_printed(&triangle, &factor, &sigma_square);
        for (origin, slow) in developed.origins.iter().zip(by_origin) {
            prop_assert!((origin.std_err.unwrap() - slow).abs() < 1e-6 * (1.0 + slow));
        }
        prop_assert!((developed.std_err.unwrap() - total).abs() < 1e-6 * (1.0 + total));
    }
}
