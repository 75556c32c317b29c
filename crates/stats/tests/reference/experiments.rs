//! Tests of rates and means, before and after, and differences of differences.

use aftersight_stats::cuped::{cuped_arm, cuped_theta, cuped_variance_ratio};
use aftersight_stats::did::Did;
use aftersight_stats::mcnemar::McNemar;
use aftersight_stats::moments::{CoMoments, Moments};
use aftersight_stats::prop_diff_ci::{PropDiffMethod, prop_diff_ci};
use aftersight_stats::prop_test::{Proportion, prop_test, prop_test_one};
use aftersight_stats::t_test::{TTest, paired_differences, t_test_paired, t_test_welch};
use aftersight_stats::uplift_ci::uplift_ci;
use serde_json::Value;

use crate::{Cases, all_close, close, csv, number, numbers};

fn groups(input: &Value) -> Vec<Proportion> {
    let (x, n) = (numbers(&input["x"]), numbers(&input["n"]));
    x.iter()
        .zip(&n)
        .map(|(&x, &n)| Proportion::new(x as u64, n as u64).unwrap())
        .collect()
}

#[test]
fn tests_of_rates_are_the_published_ones() {
    let Some(cases) = Cases::read("two_proportions") else {
        return;
    };
    let case = cases.case("prop.test smokers");
    let test = prop_test(&groups(&case["input"]), false).unwrap();
    close(
        test.chisq.unwrap(),
        number(&case["expected"]["chisq"]),
        1e-9,
    );
    close(test.p.unwrap(), number(&case["expected"]["p"]), 1e-9);
    let case = cases.case("z 5/83");
    let test = prop_test(&groups(&case["input"]), false).unwrap();
    close(test.z.unwrap(), number(&case["expected"]["z"]), 1e-9);
    close(test.p.unwrap(), number(&case["expected"]["p"]), 1e-9);
    let case = cases.case("one sample");
    let input = &case["input"];
    let group = Proportion::new(number(&input["x"]) as u64, number(&input["n"]) as u64).unwrap();
    let test = prop_test_one(group, number(&input["p0"]), false).unwrap();
    close(
        test.chisq.unwrap(),
        number(&case["expected"]["chisq"]),
        1e-9,
    );
    close(test.p.unwrap(), number(&case["expected"]["p"]), 1e-9);
    let case = cases.case("7/34");
    let pair = groups(&case["input"]);
    for (name, method, tolerance) in [
        ("wald", PropDiffMethod::Wald, 1e-8),
        ("agresti_caffo", PropDiffMethod::AgrestiCaffo, 1e-8),
        ("newcombe", PropDiffMethod::Newcombe, 5e-4),
        (
            "miettinen_nurminen",
            PropDiffMethod::MiettinenNurminen,
            0.01,
        ),
    ] {
        let ci = prop_diff_ci(pair[0], pair[1], method, 0.95)
            .unwrap()
            .unwrap();
        all_close(
            &[ci.low, ci.high],
            &numbers(&case["expected"][name]),
            tolerance,
        );
    }
}

#[track_caller]
fn check(test: &TTest, estimate: &str, expected: &Value, tolerance: f64) {
    close(
        test.difference.unwrap(),
        number(&expected[estimate]),
        tolerance,
    );
    close(
        test.standard_error.unwrap(),
        number(&expected["se"]),
        tolerance,
    );
    close(test.p.unwrap(), number(&expected["p"]), tolerance);
    all_close(
        &[test.low.unwrap(), test.high.unwrap()],
        &numbers(&expected["ci"]),
        tolerance,
    );
}

#[test]
fn means_from_sums_are_those_of_growthbook() {
    let Some(cases) = Cases::read("ab_means") else {
        return;
    };
    let case = cases.case("absolute");
    let of = |arm: &Value| {
        let sums = (number(&arm["sum"]), number(&arm["sum_squares"]));
        Moments::from_sums(number(&arm["n"]) as u64, sums.0, sums.1).unwrap()
    };
    let (a, b) = (of(&case["input"]["a"]), of(&case["input"]["b"]));
    check(
        &t_test_welch(&b, &a, 0.95).unwrap(),
        "diff",
        &case["expected"],
        1e-5,
    );
    let expected = &cases.case("relative")["expected"];
    check(&uplift_ci(&b, &a, 0.95).unwrap(), "uplift", expected, 1e-5);
}

#[test]
fn before_and_after_are_the_published_tests() {
    let Some(cases) = Cases::read("paired_before_after") else {
        return;
    };
    let case = cases.case("paired");
    let (x, y) = (numbers(&case["input"]["x"]), numbers(&case["input"]["y"]));
    let paired = t_test_paired(&paired_differences(&x, &y).unwrap(), 0.95).unwrap();
    let (a, b): (Moments, Moments) = (x.into_iter().collect(), y.into_iter().collect());
    let welch = t_test_welch(&a, &b, 0.95).unwrap();
    for (test, expected) in [
        (paired, &case["expected"]),
        (welch, &cases.case("Welch")["expected"]),
    ] {
        close(test.t.unwrap(), number(&expected["t"]), 1e-4);
        close(test.df.unwrap(), number(&expected["df"]), 1e-3);
        close(test.p.unwrap(), number(&expected["p"]), 1e-4);
        all_close(
            &[test.low.unwrap(), test.high.unwrap()],
            &numbers(&expected["ci"]),
            1e-6,
        );
    }
}

#[test]
fn mcnemar_s_test_is_the_published_one() {
    let Some(cases) = Cases::read("mcnemar") else {
        return;
    };
    let case = cases.case("approval");
    let cells = &case["input"];
    let table = McNemar {
        both: number(&cells[0][0]) as u64,
        only_before: number(&cells[0][1]) as u64,
        only_after: number(&cells[1][0]) as u64,
        neither: number(&cells[1][1]) as u64,
    };
    let test = table.test();
    let expected = &case["expected"];
    close(test.chisq.unwrap(), number(&expected["chisq"]), 1e-9);
    close(
        test.chisq_corrected.unwrap(),
        number(&expected["chisq_cc"]),
        1e-9,
    );
    close(test.p_corrected.unwrap(), number(&expected["p"]), 1e-9);
    close(test.z.unwrap(), number(&expected["z0"]), 1e-9);
}

#[test]
fn difference_in_differences_of_kielmc_is_the_published_one() {
    let (Some(cases), Some(rows)) = (Cases::read("did_kielmc"), csv("did_kielmc.csv")) else {
        return;
    };
    let mut did = Did::new();
    for row in rows {
        did.update(row[1].parse().unwrap(), row[2] == "1", row[3] == "1");
    }
    let result = did.ols(0.95).unwrap().unwrap();
    let expected = &cases.case("rprice")["expected"];
    assert_eq!(Some(result.n), expected["n"].as_u64());
    for (name, estimate) in [
        ("const", result.constant),
        ("post", result.post),
        ("treated", result.treated),
        ("did", result.did),
    ] {
        close(estimate.estimate, number(&expected["coef"][name]), 0.01);
        close(
            estimate.standard_error.unwrap(),
            number(&expected["se"][name]),
            0.01,
        );
    }
}

#[test]
fn cuped_keeps_the_mean_and_shrinks_the_variance() {
    let Some(cases) = Cases::read("cuped_identity") else {
        return;
    };
    let case = cases.case("sleep");
    let (pre, post) = (
        numbers(&case["input"]["pre"]),
        numbers(&case["input"]["post"]),
    );
    let pooled: CoMoments = pre.into_iter().zip(post).collect();
    let expected = &case["expected"];
    let theta = cuped_theta(&pooled).unwrap();
    close(theta, number(&expected["theta"]), 1e-12);
    close(
        pooled.correlation().unwrap(),
        number(&expected["rho"]),
        1e-12,
    );
    let arm = cuped_arm(&pooled, theta, pooled.x().mean().unwrap()).unwrap();
    close(arm.mean, number(&expected["mean_adjusted"]), 1e-12);
    close(arm.variance, number(&expected["var_adjusted"]), 1e-12);
    close(
        cuped_variance_ratio(&pooled).unwrap(),
        number(&expected["ratio"]),
        1e-12,
    );
}
