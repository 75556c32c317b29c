//! `linear_regression(y, x1, ... [, 'no_intercept'])`: least squares.

use arrow::datatypes::DataType;
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::linear_regression::{Coefficient, linear_regression};

use super::Aggregate;
use super::drivers::Names;
use crate::additive::Build;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::folded::{self, Folded};
use crate::tally::Rows;
use crate::value::{Type, Value};

#[user_doc(
    doc_section(label = "Driver Functions"),
    description = "Returns the regression of an outcome on one or more predictors with an intercept, by orthogonal decomposition, \
`struct(n, df_residual, r_squared, adjusted_r_squared, sigma, f, f_p_value, coefficients, reason)`: coefficients \
lists `struct(term_no, estimate, se, t, p_value, lower, upper, vif)`, the intercept as term_no 0, then the \
predictors in the order of the arguments from 1; limits are at 95 percent; vif is the variance inflation through \
the other predictors. 'no_intercept' behind the predictors fits through the origin: no term 0, and r_squared is the share \
of the sum of squares of y, as in R. It passes NIST's linear sets, ill-conditioned ones too. n counts the rows without a NULL, infinity or NaN; the others \
are left out. With fewer rows than coefficients, a predictor that does not vary or that is a combination of \
those before it, all other fields are NULL and reason names the column. Over no rows the result is NULL. Keeps \
the rows: eight bytes of memory a column and row.",
    syntax_example = "linear_regression(y, x1, ... [, 'no_intercept'])",
    sql_example = r#"```sql
select round(r.coefficients[1]['estimate'], 4) as intercept, round(r.coefficients[2]['estimate'], 4) as slope
from (
    select linear_regression(score, hours) as r
    from (values (9, 2), (8, 4), (6, 20), (5, 24), (3, 30)) as tickets(score, hours)
);
+-----------+---------+
| intercept | slope   |
+-----------+---------+
| 9.213     | -0.1883 |
+-----------+---------+
```"#,
    argument(name = "y", description = "Outcome."),
    argument(
        name = "x1",
        description = "A predictor; give as many columns as there are predictors. Behind them the text 'no_intercept', if wanted."
    )
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct LinearRegression;

const COEFFICIENT: Type = Type::Record(&[
    ("term_no", Type::Whole),
    ("estimate", Type::Number),
    ("se", Type::Number),
    ("t", Type::Number),
    ("p_value", Type::Number),
    ("lower", Type::Number),
    ("upper", Type::Number),
    ("vif", Type::Number),
]);

const RESULT: Type = Type::Record(&[
    ("n", Type::Whole),
    ("df_residual", Type::Whole),
    ("r_squared", Type::Number),
    ("adjusted_r_squared", Type::Number),
    ("sigma", Type::Number),
    ("f", Type::Number),
    ("f_p_value", Type::Number),
    ("coefficients", Type::List(&COEFFICIENT)),
    ("reason", Type::Text),
]);

/// Whether there is an intercept.
const MODES: [(&str, bool); 2] = [("intercept", true), ("no_intercept", false)];

impl Aggregate for LinearRegression {
    const NAME: &'static str = "linear_regression";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("y", Kind::Number),
            Parameter::column("x1", Kind::Predictor).repeated(),
        ],
    );

    fn result(&self) -> DataType {
        RESULT.data_type()
    }

    fn result_of(&self, arguments: &[DataType]) -> Result<DataType> {
        let last = arguments.len().saturating_sub(1);
        for (i, t) in arguments.iter().enumerate().skip(1) {
            if t.is_string() && (i == 1 || i < last) {
                return plan_err!(
                    "'{}' expects a number as argument {} (x1), got {t}: \
                     'no_intercept' comes last, behind the predictors",
                    Self::NAME,
                    i + 1
                );
            }
        }
        Ok(self.result())
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        folded::columns()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        let names = Names::of(call);
        let last = call.n_arguments().saturating_sub(1);
        let is_text = call.types().get(last).is_some_and(DataType::is_string);
        let has_mode = last > 1 && (is_text || call.is_text(last));
        let intercept = !has_mode || call.choice(last, &MODES)?.unwrap_or(true);
        Ok(Box::new(Folded {
            empty: Rows::complete((last + usize::from(!has_mode)).max(2)),
            result: &RESULT,
            finish: move |rows: &Rows| Ok(regression(&rows.sorted_columns(), &names, intercept)),
        }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

fn regression(columns: &[Vec<f64>], names: &Names, intercept: bool) -> Value {
    let n = columns[0].len();
    if n == 0 {
        return Value::Null;
    }
    let predictors: Vec<&[f64]> = columns[1..].iter().map(Vec::as_slice).collect();
    match linear_regression(&columns[0], &predictors, intercept, 0.95) {
        Ok(fit) => {
            let first = usize::from(!intercept);
            let terms = (first..).zip(fit.intercept.iter().chain(&fit.coefficients));
            Value::Record(vec![
                n.into(),
                fit.df_residual.into(),
                fit.r_squared.into(),
                fit.adjusted_r_squared.into(),
                fit.sigma.into(),
                fit.f.into(),
                fit.f_p.into(),
                Value::List(terms.map(coefficient).collect()),
                Value::Null,
            ])
        }
        Err(reason) => {
            let mut values = vec![Value::Null; 9];
            values[0] = n.into();
            values[8] = names.reason(&reason).into();
            Value::Record(values)
        }
    }
}

fn coefficient((term_no, c): (usize, &Coefficient)) -> Value {
    Value::Record(vec![
        term_no.into(),
        c.estimate.into(),
        c.standard_error.into(),
        c.t.into(),
        c.p.into(),
        c.low.into(),
        c.high.into(),
        c.vif.into(),
    ])
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::harness::{
        Cell, Subject, assert_near, flat, planning_error, published, session, value,
    };

    #[test]
    fn linear_regression_passes_the_common_tests() {
        Subject {
            call: "linear_regression(y, x)",
            x: &[1.0, 2.0, 5.0],
            y: &[0.0, 1.0, 7.0],
            slowly: |rows| {
                let mut pairs: Vec<(f64, f64)> = rows.iter().filter_map(|r| r.1.zip(r.0)).collect();
                pairs.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
                let (y, x): (Vec<f64>, Vec<f64>) = pairs.into_iter().unzip();
                match regression(&[y, x], &Names::of_columns(&["y", "x"]), true) {
                    Value::Null => vec![Cell::Null; 9],
                    value => flat(value),
                }
            },
        }
        .check();
    }

    /// R's table of 32 cars, for those who look at drivers.
    pub(in crate::aggregate) fn mtcars() -> Option<String> {
        let text = published("mtcars.csv")?;
        let rows: Vec<String> = text
            .lines()
            .skip(1)
            .map(|line| {
                let cells: Vec<&str> = line.split(',').collect();
                format!("({})", cells[1..].join(", "))
            })
            .collect();
        Some(format!(
            "(values {}) as mtcars(mpg, cyl, disp, hp, drat, wt, qsec, vs, am, gear, carb)",
            rows.join(", ")
        ))
    }

    /// Longley's data and certified values: NIST Statistical Reference Datasets.
    #[tokio::test]
    async fn longley_is_fitted_to_the_certified_digits() {
        let query = "select r['coefficients'] from (select linear_regression(y, a, b, c, d, e, f) as r \
            from (values \
            (60323, 83.0, 234289, 2356, 1590, 107608, 1947), (61122, 88.5, 259426, 2325, 1456, 108632, 1948), \
            (60171, 88.2, 258054, 3682, 1616, 109773, 1949), (61187, 89.5, 284599, 3351, 1650, 110929, 1950), \
            (63221, 96.2, 328975, 2099, 3099, 112075, 1951), (63639, 98.1, 346999, 1932, 3594, 113270, 1952), \
            (64989, 99.0, 365385, 1870, 3547, 115094, 1953), (63761, 100.0, 363112, 3578, 3350, 116219, 1954), \
            (66019, 101.2, 397469, 2904, 3048, 117388, 1955), (67857, 104.6, 419180, 2822, 2857, 118734, 1956), \
            (68169, 108.4, 442769, 2936, 2798, 120445, 1957), (66513, 110.8, 444546, 4681, 2637, 121950, 1958), \
            (68655, 112.6, 482704, 3813, 2552, 123366, 1959), (69564, 114.2, 502601, 3931, 2514, 125368, 1960), \
            (69331, 115.7, 518173, 4806, 2572, 127852, 1961), (70551, 116.9, 554894, 4007, 2827, 130081, 1962) \
            ) as longley(y, a, b, c, d, e, f))";
        let got = value(&session(), query).await;
        for (term, estimate, se) in [
            (0, -3_482_258.634_595_82, 890_420.383_607_373),
            (1, 15.061_872_271_373_3, 84.914_925_774_766_9),
            (2, -0.358_191_792_925_910e-1, 0.334_910_077_722_432e-1),
            (3, -2.020_229_803_816_83, 0.488_399_681_651_699),
            (4, -1.033_226_867_173_59, 0.214_274_163_161_675),
            (5, -0.511_041_056_535_807e-1, 0.226_073_200_069_370),
            (6, 1_829.151_464_613_55, 455.478_499_142_212),
        ] {
            let at = 8 * term;
            assert_near(&got[at + 1..at + 2], &[estimate], 1e-8 * estimate.abs());
            assert_near(&got[at + 2..at + 3], &[se], 1e-8 * se);
        }
    }

    /// NoInt2 of NIST's Statistical Reference Datasets: a line through the origin.
    #[tokio::test]
    async fn no_intercept_is_asked_for_behind_the_predictors() {
        let from = "(values (3, 4), (4, 5), (4, 6)) as t(y, x)";
        let query = format!(
            "select make_array(cast(c.term_no as double), c.estimate, c.se, r['sigma'], r['r_squared']) from ( \
             select r, r['coefficients'][1] as c from ( \
             select linear_regression(y, x, 'no_intercept') as r from {from}))"
        );
        let expected = [
            1.0,
            0.727_272_727_272_727,
            0.420_827_318_078_432e-1,
            0.369_274_472_937_998,
            0.993_348_115_299_335,
        ];
        assert_near(&value(&session(), &query).await, &expected, 1e-12);
        for (call, expected) in [
            ("y, 'no_intercept'", "'no_intercept' comes last"),
            ("y, 'no_intercept', x", "'no_intercept' comes last"),
            ("y, x, 'none'", "one of 'intercept', 'no_intercept'"),
        ] {
            let query = format!("select linear_regression({call}) from {from}");
            let got = planning_error(&session(), &query).await;
            assert!(got.contains(expected), "{call}: {got}");
        }
    }

    #[tokio::test]
    async fn a_combination_of_predictors_is_named() {
        let query = "select [r['reason']] from (select linear_regression(y, x, 2 * x + 1) as r from \
                     (values (1, 2), (2, 3), (3, 5), (5, 6), (4, 4)) as t(y, x))";
        let got = value(&session(), query).await;
        let Cell::Text(reason) = &got[0] else {
            panic!("{got:?}");
        };
        assert!(
            reason.contains("predictor 2 is a linear combination"),
            "{reason}"
        );
    }
}
