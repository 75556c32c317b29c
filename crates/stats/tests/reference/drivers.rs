//! Correlation, drivers of R² and the chi-square test.

use aftersight_stats::chisq_test::chisq_test;
use aftersight_stats::correlation::spearman;
use aftersight_stats::cross_products::{Correlations, CrossProducts};
use aftersight_stats::driver_relative_weights::driver_relative_weights;
use aftersight_stats::driver_shapley::driver_shapley;
use aftersight_stats::moments::CoMoments;

use crate::{Cases, close, csv, number, numbers};

/// Correlations of mtcars' mpg with the named columns.
fn mtcars(names: &[&str]) -> Option<Correlations> {
    let header = [
        "model", "mpg", "cyl", "disp", "hp", "drat", "wt", "qsec", "vs", "am", "gear", "carb",
    ];
    let mut state = CrossProducts::new(names.len());
    for row in csv("mtcars.csv")? {
        let value = |name: &str| -> f64 {
            row[header.iter().position(|h| *h == name).unwrap()]
                .parse()
                .unwrap()
        };
        let predictors: Vec<f64> = names.iter().map(|name| value(name)).collect();
        state.update(value("mpg"), &predictors).unwrap();
    }
    Some(state.correlations().unwrap())
}

#[test]
fn anscombe_has_the_published_correlations() {
    let Some(cases) = Cases::read("correlation") else {
        return;
    };
    for set in ["set 1", "set 2", "set 3", "set 4"] {
        let case = cases.case(set);
        let (x, y) = (numbers(&case["input"]["x"]), numbers(&case["input"]["y"]));
        let pairs: CoMoments = x.iter().copied().zip(y.iter().copied()).collect();
        let expected = &case["expected"];
        close(
            pairs.correlation().unwrap(),
            number(&expected["pearson"]),
            1e-12,
        );
        let rank = spearman(&x, &y, 0.95).unwrap();
        close(rank.r.unwrap(), number(&expected["spearman"]), 1e-12);
    }
}

#[test]
fn relative_weights_of_mtcars_are_the_published_ones() {
    let names = ["cyl", "disp", "hp", "gear"];
    let (Some(cases), Some(correlations)) =
        (Cases::read("driver_relative_weights"), mtcars(&names))
    else {
        return;
    };
    let expected = &cases.case("mpg")["expected"];
    let result = driver_relative_weights(&correlations).unwrap();
    assert_eq!(Some(result.n), expected["n"].as_u64());
    close(result.r_squared, number(&expected["rsquare"]), 1e-7);
    for (name, weight) in names.iter().zip(&result.weights) {
        close(weight.raw, number(&expected["raw"][name]), 1e-7);
        close(
            100.0 * weight.share.unwrap(),
            number(&expected["rescaled"][name]),
            1e-5,
        );
        let sign = if weight.sign < 0 { "-" } else { "+" };
        assert_eq!(Some(sign), expected["sign"][name].as_str());
    }
}

#[test]
fn shapley_values_of_mtcars_are_the_published_ones() {
    let names = ["am", "cyl", "carb"];
    let (Some(cases), Some(correlations)) = (Cases::read("driver_shapley"), mtcars(&names)) else {
        return;
    };
    let expected = &cases.case("mpg")["expected"];
    let result = driver_shapley(&correlations).unwrap();
    close(result.r_squared, number(&expected["rsquare"]), 1e-7);
    for (name, driver) in names.iter().zip(&result.drivers) {
        close(driver.general, number(&expected["general"][name]), 1e-7);
        close(
            driver.share.unwrap(),
            number(&expected["standardized"][name]),
            1e-7,
        );
        for (gain, printed) in driver
            .conditional
            .iter()
            .zip(numbers(&expected["conditional"][name]))
        {
            close(*gain, printed, 1e-7);
        }
    }
    for (name, set) in [
        ("am", 1),
        ("cyl", 2),
        ("am+cyl", 3),
        ("carb", 4),
        ("am+carb", 5),
        ("cyl+carb", 6),
    ] {
        close(
            result.submodels[set],
            number(&expected["submodels"][name]),
            1e-7,
        );
    }
}

#[test]
fn the_chi_square_test_is_the_published_one() {
    let Some(cases) = Cases::read("chisq_table") else {
        return;
    };
    let case = cases.case("2x3");
    let table: Vec<Vec<f64>> = case["input"]
        .as_array()
        .unwrap()
        .iter()
        .map(numbers)
        .collect();
    let test = chisq_test(&table, false).unwrap();
    let precise = &case["precise"];
    close(test.chisq.unwrap(), number(&precise["chisq"]), 1e-9);
    close(test.p.unwrap(), number(&precise["p"]), 1e-15);
    for (row, printed) in test
        .expected
        .iter()
        .zip(precise["expected"].as_array().unwrap())
    {
        for (value, printed) in row.iter().zip(numbers(printed)) {
            close(*value, printed, 1e-9);
        }
    }
}
