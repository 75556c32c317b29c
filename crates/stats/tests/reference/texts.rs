//! Baskets, term weights and the cost of capacity.

use aftersight_stats::basket_rules::basket_rules;
use aftersight_stats::tdabc::{Activity, ActivityCost, capacity_report};
use aftersight_stats::tfidf::{Idf, tfidf};

use crate::{Cases, all_close, number, numbers};

#[test]
fn basket_rules_are_those_of_mlxtend() {
    let Some(cases) = Cases::read("association_rules") else {
        return;
    };
    let case = cases.case("min_support");
    let baskets: Vec<Vec<&str>> = case["input"]
        .as_array()
        .unwrap()
        .iter()
        .map(|basket| {
            basket
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item.as_str().unwrap())
                .collect()
        })
        .collect();
    let rules = basket_rules(&baskets, 0.6);
    let expected = case["expected"].as_array().unwrap();
    assert_eq!(rules.len(), expected.len());
    for row in expected {
        let (from, to) = (row[0].as_str().unwrap(), row[1].as_str().unwrap());
        let rule = rules
            .iter()
            .find(|rule| rule.antecedent == from && rule.consequent == to)
            .unwrap();
        let counts = rule.counts;
        let actual = [
            counts.support(),
            counts.confidence(),
            counts.lift(),
            counts.leverage(),
        ];
        let printed: Vec<f64> = (2..6).map(|i| row[i].as_f64().unwrap()).collect();
        all_close(&actual.map(Option::unwrap), &printed, 1e-9);
    }
}

#[test]
fn term_weights_are_those_of_scikit_learn() {
    let Some(cases) = Cases::read("tfidf") else {
        return;
    };
    for (name, kind) in [("idf=", Idf::Plain), ("smooth", Idf::Smooth)] {
        let case = cases.case(name);
        let counts: Vec<Vec<f64>> = case["input"]
            .as_array()
            .unwrap()
            .iter()
            .map(numbers)
            .collect();
        let weights = tfidf(&counts, kind).unwrap();
        for (row, expected) in weights.iter().zip(case["expected"].as_array().unwrap()) {
            all_close(row, &numbers(expected), 1e-8);
        }
    }
}

#[test]
fn the_service_department_s_costs_are_the_published_ones() {
    let Some(cases) = Cases::read("tdabc") else {
        return;
    };
    let case = cases.case("HBS");
    let (input, expected) = (&case["input"], &case["expected"]);
    let activities: Vec<Activity> = input["activities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|activity| Activity {
            unit_minutes: number(&activity[1]),
            cases: number(&activity[2]),
        })
        .collect();
    let (cost, minutes) = (&input["total_cost"], &input["practical_capacity_min"]);
    let report = capacity_report(number(cost), number(minutes), &activities)
        .unwrap()
        .unwrap();
    let of =
        |part: fn(&ActivityCost) -> f64| report.activities.iter().map(part).collect::<Vec<f64>>();
    all_close(&of(|a| a.unit_cost), &numbers(&expected["unit_cost"]), 1e-9);
    all_close(&of(|a| a.cost), &numbers(&expected["cost"]), 1e-6);
    all_close(
        &[report.used_cost, report.unused_minutes, report.unused_cost],
        &["used_cost", "unused_minutes", "unused_cost"].map(|name| number(&expected[name])),
        1e-6,
    );
}
