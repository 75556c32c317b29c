//! `seasonal_decompose(x, period [, type]) over (order by ...)`: trend, season and rest.

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::seasonal_decompose::{SeasonalKind, seasonal_decompose};

use super::{Partition, Window, numbers};
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::value::{Type, Value};

#[user_doc(
    doc_section(label = "Monitoring Functions"),
    description = "Returns each value of a series taken apart, `struct(trend, seasonal, random, reason)`, as R's \
decompose does: trend is the centred moving average over one period, NULL for half a period at both ends; seasonal the \
mean of what is left for the phase, centred (sum 0, or mean 1 when multiplicative); random the rest. All are in the unit \
of x; with `multiplicative` seasonal and random are factors. One row is one step of time, so gaps must be filled before. \
A series of fewer than two periods, with a NULL, infinity or NaN, or for `multiplicative` with a value of 0 or less, is \
not taken apart: the fields are NULL and reason says why; else reason is NULL. A frame has no effect.",
    syntax_example = "seasonal_decompose(x, period [, type]) over ([partition by ...] order by ...)",
    sql_example = r#"```sql
select quarter, d.trend as trend, d.seasonal as seasonal, d.random as random
from (
    select quarter, seasonal_decompose(returns, 2) over (order by quarter) as d
    from (values (1, 10.0), (2, 14.0), (3, 12.0), (4, 16.0), (5, 14.0)) as quarters(quarter, returns)
)
order by quarter;
+---------+-------+----------+--------+
| quarter | trend | seasonal | random |
+---------+-------+----------+--------+
| 1       |       | -1.5     |        |
| 2       | 12.5  | 1.5      | 0.0    |
| 3       | 13.5  | -1.5     | 0.0    |
| 4       | 14.5  | 1.5      | 0.0    |
| 5       |       | -1.5     |        |
+---------+-------+----------+--------+
```"#,
    argument(name = "x", description = "Value of one step of time."),
    argument(
        name = "period",
        description = "Steps in a season, 2 or more: 7 for days of the week, 12 for months."
    ),
    argument(
        name = "type",
        description = "'additive' (default) or 'multiplicative'."
    ),
    related_udf(name = "holt_winters")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct SeasonalDecompose;

const TYPES: [(&str, SeasonalKind); 2] = [
    ("additive", SeasonalKind::Additive),
    ("multiplicative", SeasonalKind::Multiplicative),
];

/// More steps than in a season of minutes in a week make no sense.
pub(crate) const LONGEST_PERIOD: i64 = 20_000;

const RESULT: Type = Type::Record(&[
    ("trend", Type::Number),
    ("seasonal", Type::Number),
    ("random", Type::Number),
    ("reason", Type::Text),
]);

impl Window for SeasonalDecompose {
    const NAME: &'static str = "seasonal_decompose";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("x", Kind::Number),
            Parameter::option("period", Kind::Number).mandatory(),
            Parameter::option("type", Kind::Text),
        ],
    );

    fn result(&self) -> DataType {
        RESULT.data_type()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Partition>> {
        let Some(period) = call.whole(1, 2, LONGEST_PERIOD)? else {
            return call.refuse(1, "a number of steps", "NULL");
        };
        Ok(Box::new(Parts {
            period: period as usize,
            kind: call.choice(2, &TYPES)?.unwrap_or(SeasonalKind::Additive),
        }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[derive(Debug)]
struct Parts {
    period: usize,
    kind: SeasonalKind,
}

impl Partition for Parts {
    fn compute(&self, arguments: &[ArrayRef]) -> Result<ArrayRef> {
        let x = numbers(&arguments[0])?;
        let values = match seasonal_decompose(&x, self.period, self.kind) {
            Ok(parts) => (0..x.len())
                .map(|i| {
                    Value::Record(vec![
                        parts.trend[i].into(),
                        parts.seasonal[i].into(),
                        parts.random[i].into(),
                        Value::Null,
                    ])
                })
                .collect(),
            Err(reason) => {
                let reason = reason.to_string();
                let unknown = vec![Value::Null, Value::Null, Value::Null, reason.into()];
                vec![Value::Record(unknown); arguments[0].len()]
            }
        };
        RESULT.array(values)
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{
        Cell, assert_near, planning_error, published_case, published_numbers, series_of, session,
        value,
    };

    async fn parts(x: &[f64], options: &str) -> Vec<Cell> {
        let rows = series_of(x);
        let query = format!(
            "select array_agg(d order by t) from (select t, seasonal_decompose(x, {options}) \
             over (order by t) as d from {rows} as d(t, x))",
        );
        value(&session(), &query).await
    }

    /// A line plus a season of period 2 is taken apart without rest, by hand.
    #[tokio::test]
    async fn a_line_with_a_season_leaves_no_rest() {
        let got = parts(&[10.0, 14.0, 12.0, 16.0, 14.0], "2").await;
        assert_eq!(
            got[..4],
            [Cell::Null, Cell::Number(-1.5), Cell::Null, Cell::Null]
        );
        for (row, trend, seasonal) in [(1, 12.5, 1.5), (2, 13.5, -1.5), (3, 14.5, 1.5)] {
            assert_near(&got[4 * row..4 * row + 3], &[trend, seasonal, 0.0], 1e-12);
        }
    }

    #[tokio::test]
    async fn what_cannot_be_taken_apart_says_why() {
        let reason = |cells: Vec<Cell>| match &cells[3] {
            Cell::Text(reason) => reason.clone(),
            other => panic!("{other:?}"),
        };
        let short = reason(parts(&[1.0, 2.0, 3.0], "2").await);
        assert_eq!(short, "needs at least 4 values (two seasons), got 3");
        let zero = reason(parts(&[1.0, 0.0, 3.0, 1.0], "2, 'multiplicative'").await);
        assert!(
            zero.contains("row 2: value is not greater than 0"),
            "{zero}"
        );
        let got = planning_error(&session(), "select seasonal_decompose(1, 1) over ()").await;
        assert!(
            got.contains("a whole number from 2 to 20000 as argument 2 (period)"),
            "{got}"
        );
    }

    /// The 32 quarters that R's decompose prints to two digits.
    #[tokio::test]
    async fn the_published_case_is_met() {
        let Some(case) = published_case("decompose_additive.json", "32 quarters") else {
            return;
        };
        let got = parts(&published_numbers(&case["input"]), "4").await;
        let expected = &case["expected"];
        for (row, cells) in got.chunks(4).enumerate() {
            for (cell, name) in cells.iter().zip(["trend", "seasonal", "random"]) {
                match expected[name][row].as_f64() {
                    Some(x) => assert_near(std::slice::from_ref(cell), &[x], 0.01),
                    None => assert_eq!(*cell, Cell::Null),
                }
            }
        }
    }
}
