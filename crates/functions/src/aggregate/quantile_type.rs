//! `quantile_type(x, p [, type])`: sample quantile by any of the nine definitions.

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::quantile::{QuantileType as Definition, quantile_sorted};

use super::Aggregate;
use crate::additive::Build;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::folded::{self, Folded};
use crate::tally::Rows;
use crate::value::{Type, Value};

#[user_doc(
    doc_section(label = "Statistics Functions"),
    description = "Returns the quantile of x at p by one of the nine definitions of Hyndman and Fan (1996), numbered as in R's \
quantile: 7 (default) is SQL's percentile_cont, 1 percentile_disc, 6 that of NIST, Minitab and SPSS, 3 that of \
SAS. Exact. NULL, infinities and NaN are ignored; without values the result is NULL. Takes eight bytes of memory \
a row.",
    syntax_example = "quantile_type(x, p [, type])",
    sql_example = r#"```sql
select quantile_type(hours, 0.9) as linear, quantile_type(hours, 0.9, 6) as weibull
from (values (1), (2), (3), (4), (5), (6), (7), (8), (9), (10)) as tickets(hours);
+--------+---------+
| linear | weibull |
+--------+---------+
| 9.1    | 9.9     |
+--------+---------+
```"#,
    argument(name = "x", description = "Value."),
    argument(name = "p", description = "Share of values below, 0 to 1."),
    argument(
        name = "type",
        description = "Number of the definition, 1 to 9, 7 by default."
    )
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct QuantileType;

impl Aggregate for QuantileType {
    const NAME: &'static str = "quantile_type";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("x", Kind::Number),
            Parameter::option("p", Kind::Number).mandatory(),
            Parameter::option("type", Kind::Number),
        ],
    );

    fn result(&self) -> DataType {
        DataType::Float64
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        folded::columns()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        let Some(p) = call.between(1, 0.0, 1.0)? else {
            return call.refuse(1, "a number from 0 to 1", "NULL");
        };
        let number = call.whole(2, 1, 9)?.unwrap_or(7);
        let Some(definition) = Definition::from_number(number) else {
            return call.refuse(2, "a whole number from 1 to 9", number);
        };
        Ok(Box::new(Folded {
            empty: Rows::complete(1),
            result: &Type::Number,
            finish: move |rows: &Rows| {
                let sorted = &rows.sorted_columns()[0];
                Ok(Value::from(quantile_sorted(sorted, p, definition)))
            },
        }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{
        Cell, Subject, assert_near, planning_error, published_case, published_numbers, rows_of,
        session, value,
    };

    #[test]
    fn quantile_type_passes_the_common_tests() {
        Subject {
            call: "quantile_type(x, 0.25)",
            x: &[1.0, 2.5, 4.0, -3.0],
            y: &[1.0],
            slowly: |rows| {
                let mut x: Vec<f64> = rows.iter().filter_map(|r| r.0).collect();
                x.sort_by(f64::total_cmp);
                if x.is_empty() {
                    return vec![Cell::Null];
                }
                let rank = 0.25 * (x.len() - 1) as f64;
                let (low, high) = (x[rank.floor() as usize], x[rank.ceil() as usize]);
                vec![Cell::Number(low + rank.fract() * (high - low))]
            },
        }
        .check();
    }

    /// NIST's handbook 7.2.6.2: the 90th percentile of 12 gauge readings is 95.1981 by its rule.
    #[tokio::test]
    async fn the_nine_definitions_differ_as_published() {
        let Some(case) = published_case("quantile_types.json", "90th") else {
            return;
        };
        let x = published_numbers(&case["input"]);
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
            let query = format!(
                "select quantile_type(x, 0.9, {}) from {} as t(x)",
                i + 1,
                rows_of(&[&x])
            );
            let expected = published_numbers(&case["expected"][name]);
            assert_near(&value(&session(), &query).await, &expected, 1e-6);
        }
    }

    /// By hand: of 1 to 10 the ranks 9.1 and 9.9.
    #[tokio::test]
    async fn types_6_and_7_lie_on_either_side() {
        for (number, expected) in [(1, 9.0), (6, 9.9), (7, 9.1)] {
            let query = format!(
                "select quantile_type(x, 0.9, {number}) from generate_series(1, 10) as s(x)"
            );
            assert_near(&value(&session(), &query).await, &[expected], 1e-12);
        }
        let query = "select quantile_type(x, 0.9, 10) from (values (1)) as t(x)";
        let got = planning_error(&session(), query).await;
        assert!(
            got.contains("a whole number from 1 to 9 as argument 3 (type)"),
            "{got}"
        );
    }
}
