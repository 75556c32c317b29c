//! Whatever comes in, nothing panics and nothing that is not a number goes out.

use aftersight_stats::bgnbd::{BgNbd, History};
use aftersight_stats::bgnbd_fit::BgNbdData;
use aftersight_stats::chisq_test::chisq_test;
use aftersight_stats::cusum::{Cusum, cusum};
use aftersight_stats::exp_smoothing::{Recursion, Season, Shape};
use aftersight_stats::hyp2f1::hyp2f1;
use aftersight_stats::linear_regression::linear_regression;
use aftersight_stats::moments::Moments;
use aftersight_stats::prop_diff_ci::{PropDiffMethod, prop_diff_ci};
use aftersight_stats::prop_test::Proportion;
use aftersight_stats::quantile::{QuantileType, quantile};
use aftersight_stats::smoothing_fit::{SmoothingOptions, Start, fit_smoothing};
use aftersight_stats::t_test::t_test_welch;
use aftersight_stats::xmr_chart::{SigmaFrom, xmr_chart};
use proptest::prelude::*;

/// Numbers as tables hold them: small whole ones, ties, huge and tiny ones.
fn cell() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => (-5i32..6).prop_map(f64::from),
        4 => -1e3f64..1e3,
        1 => -1e300f64..1e300,
        1 => -1e-300f64..1e-300,
    ]
}

fn finite(values: &[Option<f64>]) -> bool {
    values.iter().flatten().all(|value| value.is_finite())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn means_charts_and_quantiles(values in prop::collection::vec(cell(), 0..30), p in 0.0f64..1.0) {
        let moments: Moments = values.iter().copied().collect();
        prop_assert!(finite(&[moments.mean(), moments.variance()]));
        let test = t_test_welch(&moments, &Moments::new(), 0.95).unwrap();
        prop_assert!(finite(&[test.difference, test.t, test.p, test.low, test.high]));
        let chart = xmr_chart(&values, None, SigmaFrom::StandardDeviation, 3.0).unwrap();
        for point in chart.points.iter().chain(&chart.ranges) {
            prop_assert!(finite(&[point.z]));
        }
        prop_assert_eq!(cusum(&values, &Cusum::default()).unwrap().len(), values.len());
        for number in 1..=9 {
            let definition = QuantileType::from_number(number).unwrap();
            if let Some(value) = quantile(&values, p, definition) {
                let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
                let highest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                prop_assert!((lowest..=highest).contains(&value));
            }
        }
    }

    #[test]
    fn intervals_of_rates_hold_the_difference(
        (n1, n2) in (1u64..60, 1u64..60), (s1, s2) in (0.0f64..=1.0, 0.0f64..=1.0),
    ) {
        let group = |n: u64, share: f64| Proportion::new((n as f64 * share) as u64, n).unwrap();
        for method in [
            PropDiffMethod::Newcombe,
            PropDiffMethod::MiettinenNurminen,
            PropDiffMethod::Wald,
        ] {
            let ci = prop_diff_ci(group(n1, s1), group(n2, s2), method, 0.95).unwrap().unwrap();
            let slack = 1e-12;
            prop_assert!(ci.low <= ci.difference + slack && ci.difference <= ci.high + slack, "{ci:?}");
        }
    }

    #[test]
    fn regressions_and_tables(rows in prop::collection::vec((cell(), cell(), cell()), 0..12)) {
        let column = |of: fn(&(f64, f64, f64)) -> f64| rows.iter().map(of).collect::<Vec<f64>>();
        let (y, a, b) = (column(|r| r.0), column(|r| r.1), column(|r| r.2));
        if let Ok(fit) = linear_regression(&y, &[&a, &b], true, 0.95) {
            prop_assert!(finite(&[fit.r_squared, fit.f, fit.f_p, fit.sigma]));
        }
        let table: Vec<Vec<f64>> = rows.iter().map(|r| vec![r.0.abs(), r.1.abs(), r.2.abs()]).collect();
        if let Ok(test) = chisq_test(&table, true) {
            prop_assert!(finite(&[test.chisq, test.p, test.cramers_v]));
        }
    }

    #[test]
    fn purchase_models(
        (r, alpha, a, b) in (0.01f64..20.0, 0.01f64..200.0, 0.01f64..20.0, 0.01f64..20.0),
        (x, share, age, t) in (0u32..300, 0.01f64..1.0, 0.1f64..2000.0, 0.0f64..2000.0),
    ) {
        let model = BgNbd::new(r, alpha, a, b).unwrap();
        let t_x = if x > 0 { share * age } else { 0.0 };
        let customer = History::checked(f64::from(x), t_x, age, 0).unwrap();
        let alive = model.alive(&customer).unwrap();
        prop_assert!((0.0..=1.0).contains(&alive));
        let soon = model.conditional_expected(&customer, t).unwrap();
        let later = model.conditional_expected(&customer, t + 10.0).unwrap();
        prop_assert!(0.0 <= soon && soon <= later * (1.0 + 1e-9) + 1e-9, "{soon} {later}");
        let p = model.pmf(x, t).unwrap();
        prop_assert!((0.0..=1.0 + 1e-9).contains(&p), "{p}");
        prop_assert!(finite(&[hyp2f1(r, a, b, t / (t + alpha)), model.log_likelihood(&customer)]));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn fits_always_end_with_numbers(
        customers in prop::collection::vec((0u32..4, 0.05f64..=1.0, 1u32..60), 1..25),
    ) {
        let mut data = BgNbdData::new();
        for (x, share, age) in customers {
            let t_x = if x > 0 { share * f64::from(age) } else { 0.0 };
            data.update(f64::from(x), t_x, f64::from(age)).unwrap();
        }
        if let Ok(fit) = data.fit() {
            let params = fit.params;
            for value in [params.r, params.alpha, params.a, params.b, fit.log_likelihood] {
                prop_assert!(value.is_finite(), "{fit:?}");
            }
        }
    }

    #[test]
    fn smoothing_always_ends_with_numbers(
        values in prop::collection::vec(prop_oneof![1.0f64..50.0, Just(7.0)], 1..14),
        multiplicative in any::<bool>(), damped in any::<bool>(), start in 0u8..3,
    ) {
        let start = [Start::Simple, Start::Decompose, Start::Optimal][usize::from(start)].clone();
        let options = SmoothingOptions { start, ..SmoothingOptions::default() };
        for season in [Season::None, if multiplicative { Season::Multiplicative } else { Season::Additive }] {
            let shape = Shape { trend: true, damped, season, period: 3, recursion: Recursion::ErrorCorrection };
            if let Ok(smoothing) = fit_smoothing(&values, shape, &options) {
                for forecast in smoothing.forecast(7, 0.95).unwrap() {
                    prop_assert!(forecast.mean.is_finite());
                    prop_assert!(finite(&[forecast.low, forecast.high]));
                }
            }
        }
    }
}

#[test]
fn series_without_noise_are_smoothed_and_not_divided_by_zero() {
    for season in [Season::Additive, Season::Multiplicative] {
        let shape = Shape {
            trend: true,
            damped: false,
            season,
            period: 4,
            recursion: Recursion::ErrorCorrection,
        };
        let smoothing = fit_smoothing(&[5.0; 16], shape, &SmoothingOptions::default()).unwrap();
        for forecast in smoothing.forecast(4, 0.95).unwrap() {
            assert!(
                (forecast.mean - 5.0).abs() < 1e-6,
                "{season:?} {forecast:?}"
            );
        }
    }
}
