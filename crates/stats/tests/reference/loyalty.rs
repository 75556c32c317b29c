//! BG/NBD, Gamma-Gamma, summaries and the repeat rate.

use aftersight_stats::bgnbd::{BgNbd, History};
use aftersight_stats::bgnbd_fit::BgNbdData;
use aftersight_stats::btyd_summary::{Period, Purchases};
use aftersight_stats::gamma_gamma::{GammaGamma, GammaGammaData};
use aftersight_stats::repeat_rate::RepeatRate;
use serde_json::Value;

use crate::{Cases, all_close, close, csv, number, numbers};

/// (frequency, recency, T, monetary) of the CDNOW customers.
fn cdnow() -> Option<Vec<[f64; 4]>> {
    let rows = csv("cdnow_summary.csv")?;
    Some(
        rows.iter()
            .map(|row| [1, 2, 3, 4].map(|i| row[i].parse().unwrap()))
            .collect(),
    )
}

fn model(params: &Value) -> BgNbd {
    BgNbd::new(
        number(&params["r"]),
        number(&params["alpha"]),
        number(&params["a"]),
        number(&params["b"]),
    )
    .unwrap()
}

fn history(input: &Value) -> History {
    History::checked(
        number(&input["x"]),
        number(&input["t_x"]),
        number(&input["T"]),
        0,
    )
    .unwrap()
}

#[test]
fn bgnbd_fits_cdnow_to_the_published_parameters() {
    let (Some(cases), Some(customers)) = (Cases::read("bgnbd_cdnow"), cdnow()) else {
        return;
    };
    let mut data = BgNbdData::new();
    for [x, t_x, t, _] in customers {
        data.update(x, t_x, t).unwrap();
    }
    let fit = data.fit().unwrap();
    assert!(fit.converged, "{fit:?}");
    let case = cases.case("MLE");
    let (expected, tolerance) = (&case["expected"], &case["tolerance"]);
    let params = fit.params;
    for (name, value) in [
        ("r", params.r),
        ("alpha", params.alpha),
        ("a", params.a),
        ("b", params.b),
        ("loglik", fit.log_likelihood),
    ] {
        close(value, number(&expected[name]), number(&tolerance[name]));
    }
    // The rounded file's own optimum, as lifetimes prints it.
    all_close(
        &[params.r, params.alpha, params.a, params.b],
        &[0.242_593, 4.413_532, 0.792_886, 2.425_752],
        2e-3,
    );
}

#[test]
fn bgnbd_expectations_and_probabilities_are_the_published_ones() {
    let Some(cases) = Cases::read("bgnbd_cdnow") else {
        return;
    };
    let case = cases.case("E[X(t)]");
    let cdnow = model(&case["params"]);
    let actual: Vec<f64> = numbers(&case["input"])
        .iter()
        .map(|&t| cdnow.expected(t).unwrap())
        .collect();
    all_close(
        &actual,
        &numbers(&case["expected"]),
        number(&case["tolerance"]),
    );
    let case = cases.case("E[X(52)]");
    close(
        cdnow.expected(number(&case["input"])).unwrap(),
        number(&case["expected"]),
        number(&case["tolerance"]),
    );
    let case = cases.case("E[Y(39)");
    close(
        cdnow
            .conditional_expected(&history(&case["input"]), number(&case["input"]["t"]))
            .unwrap(),
        number(&case["expected"]),
        number(&case["tolerance"]),
    );
    let case = cases.case("customer 1516");
    let customer = history(&case["input"]);
    close(
        cdnow
            .conditional_expected(&customer, number(&case["input"]["t"]))
            .unwrap(),
        number(&case["expected"]["conditional_expected"]),
        number(&case["tolerance"]),
    );
    close(
        cdnow.alive(&customer).unwrap(),
        number(&case["expected"]["p_alive"]),
        number(&case["tolerance"]),
    );
    for name in ["P(alive)=1", "P(alive) no overflow"] {
        let case = cases.case(name);
        let alive = model(&case["params"])
            .alive(&history(&case["input"]))
            .unwrap();
        close(alive, number(&case["expected"]), 1e-12);
    }
    let case = cases.case("pmf t=30");
    let rounded = model(&case["params"]);
    let actual: Vec<f64> = (11..=20).map(|x| rounded.pmf(x, 30.0).unwrap()).collect();
    all_close(
        &actual,
        &numbers(&case["expected"]),
        number(&case["tolerance"]),
    );
}

#[test]
fn gamma_gamma_fits_cdnow_to_the_published_parameters() {
    let (Some(cases), Some(customers)) = (Cases::read("gamma_gamma_cdnow"), cdnow()) else {
        return;
    };
    let mut data = GammaGammaData::new();
    for &[x, _, _, m] in &customers {
        data.update(x, m).unwrap();
    }
    let fit = data.fit().unwrap();
    assert!(fit.converged, "{fit:?}");
    let expected = &cases.case("MLE")["expected"];
    let GammaGamma { p, q, v } = fit.params;
    for (name, value) in [("p", p), ("q", q), ("v", v)] {
        close(value, number(&expected[name]), 0.02);
    }
    assert_eq!(data.n(), 946);
    close(data.correlation().unwrap(), 0.113_884, 1e-6);
    let published = GammaGamma::new(6.25, 3.74, 15.44).unwrap();
    let actual: Vec<f64> = customers[..10]
        .iter()
        .map(|&[x, _, _, m]| published.expected_value(x, m).unwrap())
        .collect();
    all_close(&actual, &numbers(&cases.case("E[M|x,m]")["expected"]), 0.1);
}

/// Days since 1970-01-01 of a date in 2014 or 2015.
fn day(text: &str) -> i32 {
    let field = |range: std::ops::Range<usize>| text[range].parse::<i32>().unwrap();
    let lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let months: i32 = lengths.iter().take(field(5..7) as usize - 1).sum();
    16_071 + 365 * (field(0..4) - 2014) + months + field(8..10) - 1
}

#[test]
fn summaries_of_purchases_are_those_of_lifetimes() {
    let Some(cases) = Cases::read("btyd_summary") else {
        return;
    };
    let input = cases.case("daily")["input"].as_array().unwrap();
    let end = day("2015-02-07");
    let of = |id: i64, period: Period| {
        let mut purchases = Purchases::new();
        for row in input.iter().filter(|row| row[0].as_i64() == Some(id)) {
            purchases.update(period, day(row[1].as_str().unwrap()), row[2].as_f64());
        }
        purchases
    };
    for row in cases.case("daily")["expected"].as_array().unwrap() {
        let row = numbers(row);
        let summary = of(row[0] as i64, Period::Day)
            .summary(Period::Day, end)
            .unwrap();
        let actual = [
            summary.x as f64,
            summary.t_x as f64,
            summary.t as f64,
            summary.monetary.unwrap(),
        ];
        all_close(&actual, &row[1..], 1e-12);
    }
    for row in cases.case("weekly")["expected"].as_array().unwrap() {
        let row = numbers(row);
        let summary = of(row[0] as i64, Period::Week)
            .summary(Period::Week, end)
            .unwrap();
        all_close(
            &[summary.x as f64, summary.t_x as f64, summary.t as f64],
            &row[1..],
            0.0,
        );
    }
    for row in cases.case("calibration")["expected"].as_array().unwrap() {
        let row = numbers(row);
        let calibration_end = day("2015-02-01");
        let calibration = of(row[0] as i64, Period::Week)
            .summary(Period::Week, calibration_end)
            .unwrap();
        let mut later = Purchases::new();
        for row in input
            .iter()
            .filter(|r| r[0].as_i64() == Some(row[0] as i64))
        {
            let day = day(row[1].as_str().unwrap());
            if day > calibration_end {
                later.update(Period::Week, day, row[2].as_f64());
            }
        }
        let holdout = later.holdout(Period::Week, calibration_end, end).unwrap();
        let actual = [
            calibration.x as f64,
            calibration.t_x as f64,
            calibration.t as f64,
            holdout.x as f64,
            holdout.t as f64,
        ];
        all_close(&actual, &row[1..], 0.0);
    }
}

#[test]
fn the_repeat_rate_of_cdnow_is_the_published_one() {
    let (Some(cases), Some(customers)) = (Cases::read("repeat_rate_cdnow"), cdnow()) else {
        return;
    };
    let mut rate = RepeatRate::default();
    for [x, ..] in customers {
        rate.update(x as u64 + 1);
    }
    let expected = &cases.case("39 weeks")["expected"];
    close(rate.customers as f64, number(&expected["customers"]), 0.0);
    close(rate.repeaters as f64, number(&expected["repeaters"]), 0.0);
    close(
        rate.by_customers().unwrap(),
        number(&expected["repeat_rate"]),
        1e-15,
    );
}
