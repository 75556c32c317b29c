//! `basket_rules(basket, item [, min_support])`: things that go together.

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::basket_rules::basket_rules;

use super::Aggregate;
use crate::additive::Build;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::folded::{self, Folded};
use crate::tally::Baskets;
use crate::value::{Type, Value};

#[user_doc(
    doc_section(label = "Change Functions"),
    description = "Returns all rules from one item to another, over one row for each item of a basket, a list of \
`struct(antecedent, consequent, n, support, confidence, lift, leverage)` in the order of the items: n counts the \
baskets with both, support is their share of all baskets, confidence their share of the antecedent's baskets, \
lift the confidence over the consequent's share (above 1 they attract), leverage the support less what \
independence would give. Rules below min_support are left out. An item twice in a basket counts once. Rows with \
a NULL are left out; without rows the result is NULL. Keeps all pairs of basket and item.",
    syntax_example = "basket_rules(basket, item [, min_support])",
    sql_example = r#"```sql
select rule.antecedent as antecedent, rule.consequent as consequent, rule.support as support, rule.lift as lift
from (
    select unnest(basket_rules(return_id, sku, 0.5)) as rule
    from (values (1, 'shoe'), (1, 'sock'), (2, 'shoe'), (2, 'sock'), (3, 'lamp'), (4, 'lamp')) as returns(return_id, sku)
);
+------------+------------+---------+------+
| antecedent | consequent | support | lift |
+------------+------------+---------+------+
| shoe       | sock       | 0.5     | 2.0  |
| sock       | shoe       | 0.5     | 2.0  |
+------------+------------+---------+------+
```"#,
    argument(
        name = "basket",
        description = "What items are together in: an order, a return, a customer."
    ),
    argument(
        name = "item",
        description = "The thing: text, a whole number, a date, or true or false."
    ),
    argument(
        name = "min_support",
        description = "Smallest share of baskets, 0 to 1, 0.01 by default."
    )
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct BasketRules;

const RULE: Type = Type::Record(&[
    ("antecedent", Type::Text),
    ("consequent", Type::Text),
    ("n", Type::Whole),
    ("support", Type::Number),
    ("confidence", Type::Number),
    ("lift", Type::Number),
    ("leverage", Type::Number),
]);

const RESULT: Type = Type::List(&RULE);

impl Aggregate for BasketRules {
    const NAME: &'static str = "basket_rules";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("basket", Kind::Label),
            Parameter::column("item", Kind::Label),
            Parameter::option("min_support", Kind::Number),
        ],
    );

    fn result(&self) -> DataType {
        RESULT.data_type()
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        folded::columns()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        let min_support = call.between(2, 0.0, 1.0)?.unwrap_or(0.01);
        Ok(Box::new(Folded {
            empty: Baskets::default(),
            result: &RESULT,
            finish: move |baskets: &Baskets| Ok(rules(baskets, min_support)),
        }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

fn rules(baskets: &Baskets, min_support: f64) -> Value {
    let (names, baskets) = baskets.contents();
    if baskets.is_empty() {
        return Value::Null;
    }
    let rules = basket_rules(&baskets, min_support);
    let rules = rules.into_iter().map(|rule| {
        Value::Record(vec![
            names[rule.antecedent as usize].into(),
            names[rule.consequent as usize].into(),
            rule.counts.both.into(),
            rule.counts.support().into(),
            rule.counts.confidence().into(),
            rule.counts.lift().into(),
            rule.counts.leverage().into(),
        ])
    });
    Value::List(rules.collect())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::harness::{Cell, Subject, assert_near, published_case, session, value};

    #[test]
    fn basket_rules_passes_the_common_tests() {
        Subject {
            call: "basket_rules(cast(x as int), cast(y as int), 0.2)",
            x: &[1.0, 2.0, 3.0],
            y: &[1.0, 2.0, 5.0],
            slowly: |rows| {
                let pairs: BTreeSet<(i64, i64)> = rows
                    .iter()
                    .filter_map(|r| Some((r.0? as i64, r.1? as i64)))
                    .collect();
                if pairs.is_empty() {
                    return vec![Cell::Null];
                }
                let baskets: BTreeSet<i64> = pairs.iter().map(|p| p.0).collect();
                let share = |items: &[i64]| {
                    let all = |b: &&i64| items.iter().all(|i| pairs.contains(&(**b, *i)));
                    baskets.iter().filter(all).count() as f64 / baskets.len() as f64
                };
                let mut cells = vec![];
                for a in [1, 2, 5] {
                    for b in [1, 2, 5] {
                        let both = share(&[a, b]);
                        if a == b || both == 0.0 || both < 0.2 {
                            continue;
                        }
                        cells.extend([Cell::Text(a.to_string()), Cell::Text(b.to_string())]);
                        cells.extend([
                            Cell::Number(both * baskets.len() as f64),
                            Cell::Number(both),
                            Cell::Number(both / share(&[a])),
                            Cell::Number(both / share(&[a]) / share(&[b])),
                            Cell::Number(both - share(&[a]) * share(&[b])),
                        ]);
                    }
                }
                cells
            },
        }
        .check();
    }

    /// The baskets of mlxtend's user guide.
    #[tokio::test]
    async fn the_published_case_is_met() {
        let Some(case) = published_case("association_rules.json", "min_support") else {
            return;
        };
        let baskets = case["input"].as_array().unwrap().iter().enumerate();
        let rows: Vec<String> = baskets
            .flat_map(|(i, items)| {
                let items = items.as_array().unwrap().iter();
                items.map(move |item| format!("({i}, '{}')", item.as_str().unwrap()))
            })
            .collect();
        let query = format!(
            "select basket_rules(b, i, 0.6) from (values {}) as t(b, i)",
            rows.join(", ")
        );
        let got = value(&session(), &query).await;
        let mut expected = case["expected"].as_array().unwrap().clone();
        expected.sort_by_key(|r| [0, 1].map(|i| r[i].as_str().unwrap().to_string()));
        assert_eq!(got.len(), 7 * expected.len());
        for (cells, rule) in got.chunks(7).zip(&expected) {
            for i in 0..2 {
                assert_eq!(cells[i], Cell::Text(rule[i].as_str().unwrap().to_string()));
            }
            let numbers: Vec<f64> = (2..6).map(|i| rule[i].as_f64().unwrap()).collect();
            assert_near(&cells[3..], &numbers, 1e-9);
        }
    }
}
