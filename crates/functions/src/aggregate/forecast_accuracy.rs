//! `forecast_accuracy(actual, forecast [, t [, period]])`: how far forecasts were off.

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::forecast_accuracy::forecast_accuracy;

use super::Aggregate;
use crate::additive::Build;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::folded::{self, Folded, refused};
use crate::tally::Rows;
use crate::value::{Type, Value};

#[user_doc(
    doc_section(label = "Monitoring Functions"),
    description = "Returns measures of forecast errors over the rows with both values, `struct(n, me, rmse, mae, mpe, \
mape, mase)`: mean error (actual less forecast), root of the mean squared error and mean absolute error in the unit of \
actual; mean percentage and mean absolute percentage error in percent, NULL where an actual value is 0; and mase, mae over \
that of a naive forecast (Hyndman and Koehler 2006): with t given, rows with a NULL forecast are the history the forecasts \
were made from, in whose order each value is compared with the one period rows before. Without a history longer than a \
period, or one that never changes, mase is NULL. Rows with a NULL, infinity or NaN as actual are left out; without \
forecasts the result is NULL.",
    syntax_example = "forecast_accuracy(actual, forecast [, t [, period]])",
    sql_example = r#"```sql
select a.mae as mae, round(a.mape, 2) as mape, a.mase as mase
from (
    select forecast_accuracy(actual, forecast, week) as a
    from (values (1, 10, null), (2, 14, null), (3, 12, null), (4, 16, 13), (5, 20, 17)) as weeks(
        week, actual, forecast
    )
);
+-----+-------+------+
| mae | mape  | mase |
+-----+-------+------+
| 3.0 | 16.88 | 1.0  |
+-----+-------+------+
```"#,
    argument(name = "actual", description = "What came."),
    argument(
        name = "forecast",
        description = "What had been forecast; NULL for the history."
    ),
    argument(
        name = "t",
        description = "What puts the history in order: a time, a date or a number."
    ),
    argument(
        name = "period",
        description = "Steps in a season, 1 by default (no season)."
    ),
    related_udf(name = "holt_winters")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct ForecastAccuracy;

const RESULT: Type = Type::Record(&[
    ("n", Type::Whole),
    ("me", Type::Number),
    ("rmse", Type::Number),
    ("mae", Type::Number),
    ("mpe", Type::Number),
    ("mape", Type::Number),
    ("mase", Type::Number),
]);

impl Aggregate for ForecastAccuracy {
    const NAME: &'static str = "forecast_accuracy";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("actual", Kind::Number),
            Parameter::column("forecast", Kind::Number),
            Parameter::column("t", Kind::Order).optional(),
            Parameter::option("period", Kind::Number),
        ],
    );

    fn result(&self) -> DataType {
        RESULT.data_type()
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        folded::columns()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        let period = call
            .whole(3, 1, crate::window::LONGEST_PERIOD)?
            .unwrap_or(1) as usize;
        let has_order = call.gives(2);
        let width = if has_order { 3 } else { 2 };
        Ok(Box::new(Folded {
            empty: Rows::of(width, 1),
            result: &RESULT,
            finish: move |rows: &Rows| accuracy(&rows.sorted(), period),
        }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// Measures rows of actual, forecast and, where there is an order, time.
fn accuracy(rows: &[&[f64]], period: usize) -> Result<Value> {
    let compared: Vec<&&[f64]> = rows.iter().filter(|row| !row[1].is_nan()).collect();
    if compared.is_empty() {
        return Ok(Value::Null);
    }
    let mut history: Vec<(f64, f64)> = rows
        .iter()
        .filter(|row| row[1].is_nan())
        .filter_map(|row| Some((*row.get(2)?, row[0])))
        .filter(|(t, _)| !t.is_nan())
        .collect();
    // Rows come sorted by value, so that equal times are in a certain order too.
    history.sort_by(|a, b| a.0.total_cmp(&b.0));
    let actual: Vec<f64> = compared.iter().map(|row| row[0]).collect();
    let forecast: Vec<f64> = compared.iter().map(|row| row[1]).collect();
    let history: Vec<f64> = history.into_iter().map(|(_, x)| x).collect();
    let measures = forecast_accuracy(&actual, &forecast, &history, period)
        .map_err(|e| refused(ForecastAccuracy::NAME, &e))?;
    Ok(Value::Record(vec![
        measures.n.into(),
        measures.me.into(),
        measures.rmse.into(),
        measures.mae.into(),
        measures.mpe.into(),
        measures.mape.into(),
        measures.mase.into(),
    ]))
}

#[cfg(test)]
mod tests {
    use crate::harness::{
        Cell, Subject, assert_near, published_case, published_numbers, session, value,
    };

    #[test]
    fn forecast_accuracy_passes_the_common_tests() {
        Subject {
            call: "forecast_accuracy(x, y)",
            x: &[1.0, 2.5, -4.0],
            y: &[1.0, 3.0],
            slowly: |rows| {
                let pairs: Vec<(f64, f64)> = rows.iter().filter_map(|r| r.0.zip(r.1)).collect();
                let n = pairs.len() as f64;
                if pairs.is_empty() {
                    return vec![Cell::Null; 7];
                }
                let mean = |of: fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / n;
                vec![
                    Cell::Number(n),
                    Cell::Number(mean(|p| p.0 - p.1)),
                    Cell::Number(mean(|p| (p.0 - p.1).powi(2)).sqrt()),
                    Cell::Number(mean(|p| (p.0 - p.1).abs())),
                    Cell::Number(mean(|p| 100.0 * (p.0 - p.1) / p.0)),
                    Cell::Number(mean(|p| (100.0 * (p.0 - p.1) / p.0).abs())),
                    Cell::Null,
                ]
            },
        }
        .check();
    }

    /// By hand: errors 3 and 3, steps of the history 4 and 2.
    #[tokio::test]
    async fn errors_are_scaled_by_those_of_the_naive_forecast() {
        let query = "select a['mase'] from (select forecast_accuracy(x, f, t) as a from (values \
                     (3, 12, null), (1, 10, null), (2, 14, null), (4, 16, 13), (5, 20, 17)) as w(t, x, f))";
        assert_near(&value(&session(), query).await, &[1.0], 1e-12);
    }

    #[tokio::test]
    async fn forecasts_of_beer_are_as_far_off_as_published() {
        let Some(case) = published_case("forecast_accuracy.json", "ausbeer") else {
            return;
        };
        let train = published_numbers(&case["input"]["train"]);
        let test = published_numbers(&case["input"]["test"]);
        let mean = train.iter().sum::<f64>() / train.len() as f64;
        let seasonal = &train[train.len() - 4..];
        let history = train
            .iter()
            .enumerate()
            .map(|(t, x)| format!("({t}, {x:?}, null)"));
        let history: Vec<String> = history.collect();
        let last = train[train.len() - 1];
        for name in ["mean", "naive", "snaive"] {
            let forecast = |i: usize| match name {
                "mean" => mean,
                "naive" => last,
                _ => seasonal[i % 4],
            };
            let later = test.iter().enumerate();
            let later: Vec<String> = later
                .map(|(i, x)| format!("({}, {x:?}, {:?})", 1_000 + i, forecast(i)))
                .collect();
            let query = format!(
                "select [a['rmse'], a['mae'], a['mape'], a['mase']] from \
                 (select forecast_accuracy(x, f, t, 4) as a from (values {}, {}) as w(t, x, f))",
                history.join(", "),
                later.join(", ")
            );
            let expected = published_numbers(&case["expected"][name]);
            assert_near(&value(&session(), &query).await, &expected, 6e-3);
        }
    }
}
