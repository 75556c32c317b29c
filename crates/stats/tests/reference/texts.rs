//! Baskets and term weights.

use aftersight_stats::basket_rules::basket_rules;
use aftersight_stats::tfidf::{Idf, tfidf};

use crate::{Cases, all_close, numbers};

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
