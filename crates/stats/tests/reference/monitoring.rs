//! Charts, anomalies, seasons, forecasts and quantiles.

use aftersight_stats::control_chart::ChartPoint;
use aftersight_stats::cusum::{Cusum, CusumPoint, cusum};
use aftersight_stats::ewma_chart::{EwmaChart, ewma_chart};
use aftersight_stats::exp_smoothing::{Recursion, Season, Shape, Smoothing, State};
use aftersight_stats::forecast_accuracy::forecast_accuracy;
use aftersight_stats::holt::holt;
use aftersight_stats::holt_winters::holt_winters;
use aftersight_stats::mad::{MAD_SCALE, mad, modified_zscore};
use aftersight_stats::p_chart::{AttributeChart, p_chart};
use aftersight_stats::prop_test::Proportion;
use aftersight_stats::quantile::{QuantileType, quantile};
use aftersight_stats::seasonal_decompose::{SeasonalKind, seasonal_decompose};
use aftersight_stats::ses::ses;
use aftersight_stats::smoothing_fit::{SmoothingOptions, Start};
use aftersight_stats::xmr_chart::{SigmaFrom, xmr_chart};
use serde_json::Value;

use crate::{Cases, all_close, close, csv, number, numbers};

#[test]
fn the_orange_juice_p_chart_is_the_published_one() {
    let (Some(cases), Some(rows)) = (Cases::read("p_chart"), csv("pchart_orangejuice.csv")) else {
        return;
    };
    let samples: Vec<Proportion> = rows
        .iter()
        .map(|row| Proportion::new(row[1].parse().unwrap(), row[2].parse().unwrap()).unwrap())
        .collect();
    let mut mask: Vec<bool> = rows.iter().map(|row| row[3] == "True").collect();
    for (name, dropped) in [("phase I", &[][..]), ("without 15", &[15, 23])] {
        for sample in dropped {
            mask[sample - 1] = false;
        }
        let chart = AttributeChart {
            baseline: Some(&mask),
            ..AttributeChart::default()
        };
        let chart = p_chart(&samples, &chart).unwrap();
        let expected = &cases.case(name)["expected"];
        close(chart.centre.unwrap(), number(&expected["center"]), 1e-7);
        close(
            chart.points[0].lower.unwrap(),
            number(&expected["lcl"]),
            1e-7,
        );
        close(
            chart.points[0].upper.unwrap(),
            number(&expected["ucl"]),
            1e-7,
        );
        if let Some(violations) = expected["violations"].as_array() {
            let found: Vec<Value> = (0..30)
                .filter(|&i| chart.points[i].signal != 0)
                .map(|i| Value::from(i + 1))
                .collect();
            assert_eq!(&found, violations);
        }
    }
    let case = cases.case("Montgomery");
    let (input, expected) = (&case["input"], &case["expected"]);
    let total = number(&input["sum_defects"]) as u64;
    let n = number(&input["n"]) as u64;
    let m = number(&input["m"]) as u64;
    // Any split of the total gives the same limits; sample 12 has 15.
    let rest = (total - 15) / (m - 1);
    let extra = (total - 15) % (m - 1);
    let samples: Vec<Proportion> = (0..m)
        .map(|i| {
            let defects = if i == 11 {
                15
            } else {
                rest + u64::from(i < extra)
            };
            Proportion::new(defects, n).unwrap()
        })
        .collect();
    for (suffix, keep_all) in [("", true), ("2", false)] {
        let mask: Vec<bool> = (0..m).map(|i| keep_all || i != 11).collect();
        let chart = AttributeChart {
            baseline: Some(&mask),
            ..AttributeChart::default()
        };
        let chart = p_chart(&samples, &chart).unwrap();
        let at = |name: &str| number(&expected[format!("{name}{suffix}")]);
        close(chart.centre.unwrap(), at("center"), 1e-4);
        close(chart.points[0].upper.unwrap(), at("ucl"), 1e-4);
        close(chart.points[0].lower.unwrap(), at("lcl"), 1e-4);
    }
}

#[test]
fn the_viscosity_chart_is_the_published_one() {
    let (Some(cases), Some(rows)) = (Cases::read("i_mr_chart"), csv("viscosity.csv")) else {
        return;
    };
    let values: Vec<f64> = rows.iter().map(|row| row[1].parse().unwrap()).collect();
    let mask: Vec<bool> = rows.iter().map(|row| row[2] == "True").collect();
    for (name, sigma_from) in [
        ("trial", SigmaFrom::MovingRange),
        ("sample SD", SigmaFrom::StandardDeviation),
    ] {
        let chart = xmr_chart(&values, Some(&mask), sigma_from, 3.0).unwrap();
        let expected = &cases.case(name)["expected"];
        close(chart.centre.unwrap(), 34.088, 1e-9);
        close(chart.sigma.unwrap(), number(&expected["sigma"]), 1e-7);
        close(
            chart.points[0].lower.unwrap(),
            number(&expected["lcl"]),
            1e-5,
        );
        close(
            chart.points[0].upper.unwrap(),
            number(&expected["ucl"]),
            1e-5,
        );
    }
}

fn averages(points: &[ChartPoint]) -> Vec<f64> {
    points.iter().map(|point| point.value.unwrap()).collect()
}

#[test]
fn averages_and_sums_of_the_handbooks_come_out() {
    let (Some(nist), Some(montgomery)) = (
        Cases::read("ewma_nist"),
        Cases::read("cusum_ewma_montgomery"),
    ) else {
        return;
    };
    let case = nist.case("lambda");
    let chart = EwmaChart {
        lambda: 0.3,
        centre: Some(50.0),
        sigma: Some(2.0539),
        steady_state: true,
        ..EwmaChart::default()
    };
    let points = ewma_chart(&numbers(&case["input"]), &chart).unwrap();
    all_close(
        &averages(&points),
        &numbers(&case["expected"]["ewma"])[1..],
        0.006,
    );
    close(
        points[0].upper.unwrap(),
        number(&case["expected"]["ucl"]),
        0.006,
    );
    close(
        points[0].lower.unwrap(),
        number(&case["expected"]["lcl"]),
        0.006,
    );

    let case = montgomery.case("CUSUM");
    let values = numbers(&case["input"]);
    let sums = Cusum {
        target: Some(10.0),
        sigma: Some(1.0),
        ..Cusum::default()
    };
    let points: Vec<CusumPoint> = cusum(&values, &sums)
        .unwrap()
        .into_iter()
        .map(Option::unwrap)
        .collect();
    let of = |part: fn(&CusumPoint) -> f64| points.iter().map(part).collect::<Vec<f64>>();
    all_close(
        &of(|point| point.c_plus),
        &numbers(&case["expected"]["c_plus"]),
        0.006,
    );
    all_close(
        &of(|point| point.c_minus),
        &numbers(&case["expected"]["c_minus"]),
        0.006,
    );
    let first = points.iter().position(|point| point.signal != 0).unwrap();
    close(
        first as f64 + 1.0,
        number(&case["expected"]["first_signal"]),
        0.0,
    );

    let case = montgomery.case("EWMA");
    let chart = EwmaChart {
        lambda: 0.1,
        sigmas: 2.7,
        centre: Some(10.0),
        sigma: Some(1.0),
        steady_state: true,
        ..EwmaChart::default()
    };
    let points = ewma_chart(&values, &chart).unwrap();
    all_close(
        &averages(&points),
        &numbers(&case["expected"]["ewma"]),
        1e-9,
    );
    let limits = [points[0].lower.unwrap(), points[0].upper.unwrap()];
    all_close(&limits, &numbers(&case["expected"]["steady"]), 1e-9);
}

#[test]
fn outlier_scores_are_the_published_ones() {
    let Some(cases) = Cases::read("mad_zscore") else {
        return;
    };
    let case = cases.case("8 values");
    let values = numbers(&case["input"]);
    close(
        mad(&values).unwrap(),
        number(&case["expected"]["mad_raw"]),
        0.0,
    );
    let scores: Vec<f64> = modified_zscore(&values, false)
        .into_iter()
        .map(Option::unwrap)
        .collect();
    all_close(&scores, &numbers(&case["expected"]["modified_z"]), 1e-3);
    let case = cases.case("R mad");
    let scaled = MAD_SCALE * mad(&numbers(&case["input"])).unwrap();
    close(scaled, number(&case["expected"]["mad_scaled"]), 1e-9);
    let case = cases.case("MAD = 0");
    assert!(
        modified_zscore(&numbers(&case["input"]), false)
            .iter()
            .all(Option::is_none)
    );
}

#[track_caller]
fn options_close(actual: &[Option<f64>], expected: &Value, tolerance: f64) {
    for (actual, expected) in actual.iter().zip(expected.as_array().unwrap()) {
        match actual {
            Some(actual) => close(*actual, number(expected), tolerance),
            None => assert!(expected.is_null()),
        }
    }
}

#[test]
fn the_decomposition_is_that_of_r() {
    let Some(cases) = Cases::read("decompose_additive") else {
        return;
    };
    let case = cases.case("32 quarters");
    let parts = seasonal_decompose(&numbers(&case["input"]), 4, SeasonalKind::Additive).unwrap();
    let expected = &case["expected"];
    all_close(&parts.seasonal, &numbers(&expected["seasonal"]), 0.01);
    options_close(&parts.trend, &expected["trend"], 0.01);
    options_close(&parts.random, &expected["random"], 0.01);
}

#[track_caller]
fn smoothed(smoothing: &Smoothing, expected: &Value) {
    let fitted: Vec<f64> = smoothing
        .fitted
        .iter()
        .map(|fitted| fitted.unwrap())
        .collect();
    all_close(&fitted, &numbers(&expected["fitted"]), 1e-6);
    let means = numbers(&expected["forecast"]);
    let forecast = smoothing.forecast(means.len(), 0.95).unwrap();
    let of = |part: fn(&aftersight_stats::exp_smoothing::Forecast) -> f64| {
        forecast.iter().map(part).collect::<Vec<f64>>()
    };
    all_close(&of(|f| f.mean), &means, 1e-6);
    all_close(
        &of(|f| f.low.unwrap()),
        &numbers(&expected["lower95"]),
        1e-5,
    );
    all_close(
        &of(|f| f.high.unwrap()),
        &numbers(&expected["upper95"]),
        1e-5,
    );
    close(
        smoothing.sigma2().unwrap(),
        number(&expected["params"]["sigma2"]),
        1e-6,
    );
}

#[test]
fn smoothing_with_given_parameters_is_that_of_r() {
    let Some(cases) = Cases::read("exp_smoothing") else {
        return;
    };
    for name in ["SES alpha .2", "SES alpha .6"] {
        let case = cases.case(name);
        let options = SmoothingOptions {
            alpha: case["expected"]["params"]["alpha"].as_f64(),
            start: Start::Simple,
            ..SmoothingOptions::default()
        };
        smoothed(
            &ses(&numbers(&case["input"]), &options).unwrap(),
            &case["expected"],
        );
    }
    let case = cases.case("Holt alpha");
    let params = &case["expected"]["params"];
    let options = SmoothingOptions {
        alpha: params["alpha"].as_f64(),
        beta_star: params["beta_star"].as_f64(),
        start: Start::Simple,
        limits_as_r_holt: true,
        ..SmoothingOptions::default()
    };
    let smoothing = holt(&numbers(&case["input"]), false, &options).unwrap();
    smoothed(&smoothing, &case["expected"]);
    let levels: Vec<f64> = smoothing
        .levels
        .iter()
        .map(|level| level.unwrap())
        .collect();
    all_close(
        &levels,
        &numbers(&case["expected"]["states"]["air_fpp1_l"])[1..],
        1e-6,
    );

    let case = cases.case("Holt-Winters additive");
    let params = &case["expected"]["params"];
    let given: Vec<f64> = ["s0_2", "s0_1", "s0_0"]
        .map(|name| number(&params[name]))
        .to_vec();
    let mut seasons = vec![-given.iter().sum::<f64>()];
    seasons.extend(given);
    let options = SmoothingOptions {
        alpha: params["alpha"].as_f64(),
        beta: params["beta"].as_f64(),
        gamma: params["gamma"].as_f64(),
        start: Start::Given(State {
            level: number(&params["l0"]),
            trend: number(&params["b0"]),
            seasons,
        }),
        estimated: Some(8),
        ..SmoothingOptions::default()
    };
    let shape = Shape {
        trend: true,
        damped: false,
        season: Season::Additive,
        period: 4,
        recursion: Recursion::ErrorCorrection,
    };
    let smoothing = holt_winters(&numbers(&case["input"]), shape, &options).unwrap();
    smoothed(&smoothing, &case["expected"]);
}

#[test]
fn accuracy_of_the_beer_forecasts_is_the_published_one() {
    let Some(cases) = Cases::read("forecast_accuracy") else {
        return;
    };
    let case = cases.case("ausbeer");
    let train = numbers(&case["input"]["train"]);
    let test = numbers(&case["input"]["test"]);
    let mean = train.iter().sum::<f64>() / train.len() as f64;
    let last = train[train.len() - 1];
    let seasonal = &train[train.len() - 4..];
    let forecasts = [
        ("mean", vec![mean; test.len()]),
        ("naive", vec![last; test.len()]),
        ("snaive", (0..test.len()).map(|i| seasonal[i % 4]).collect()),
    ];
    for (name, forecast) in forecasts {
        let result = forecast_accuracy(&test, &forecast, &train, 4).unwrap();
        let actual = [result.rmse, result.mae, result.mape, result.mase].map(Option::unwrap);
        all_close(&actual, &numbers(&case["expected"][name]), 0.006);
    }
}

#[test]
fn the_nine_quantiles_are_the_published_ones() {
    let Some(cases) = Cases::read("quantile_types") else {
        return;
    };
    let case = cases.case("90th");
    let values = numbers(&case["input"]);
    let names = [
        "inverted_cdf",
        "averaged_inverted_cdf",
        "closest_observation",
        "interpolated_inverted_cdf",
        "hazen",
        "weibull",
        "linear",
        "median_unbiased",
        "normal_unbiased",
    ];
    for (i, name) in names.iter().enumerate() {
        let definition = QuantileType::from_number(i as i64 + 1).unwrap();
        let actual = quantile(&values, 0.9, definition).unwrap();
        close(actual, number(&case["expected"][name]), 1e-9);
    }
}
