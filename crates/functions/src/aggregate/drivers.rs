//! What the functions about drivers have in common: an outcome, its predictors, and why they cannot be told apart.

use aftersight_stats::StatsError;
use aftersight_stats::cross_products::Correlations;
use aftersight_stats::error::Column;

use crate::additive::Build;
use crate::args::{Call, Kind, Parameter};
use crate::folded::Folded;
use crate::tally::Products;
use crate::value::{Type, Value};

/// The parameters of all of them.
pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter::column("y", Kind::Number),
    Parameter::column("x1", Kind::Number).repeated(),
];

/// What one driver of several is worth.
#[derive(Debug)]
pub(super) struct Driver {
    pub(super) raw: f64,
    pub(super) share: Option<f64>,
    pub(super) sign: i8,
    pub(super) correlation: f64,
    /// Fields that only one of the functions has.
    pub(super) more: Vec<Value>,
}

/// Divides the variance of the outcome, whose explained share comes first, among its drivers.
pub(super) type Divide = fn(&Correlations) -> Result<(f64, Vec<Driver>), StatsError>;

/// Returns what divides the rows of a call among drivers.
pub(super) fn build(call: &Call, result: &'static Type, divide: Divide) -> Box<dyn Build> {
    let names = Names::of(call);
    Box::new(Folded {
        empty: Products::new(call.n_arguments().saturating_sub(1)),
        result,
        finish: move |products: &Products| Ok(divided(products, &names, divide)),
    })
}

/// Returns `struct(n, r_squared, drivers, reason)`; what cannot be told apart says why.
pub(super) fn divided(Products(products): &Products, names: &Names, divide: Divide) -> Value {
    if products.n() == 0 {
        return Value::Null;
    }
    let divided = products.correlations().and_then(|c| divide(&c));
    let (r_squared, drivers, reason) = match divided {
        Ok((r_squared, drivers)) => {
            let drivers = drivers.into_iter().enumerate().map(|(i, driver)| {
                let mut values = vec![
                    (i + 1).into(),
                    driver.raw.into(),
                    driver.share.into(),
                    driver.sign.into(),
                    driver.correlation.into(),
                ];
                values.extend(driver.more);
                Value::Record(values)
            });
            (
                r_squared.into(),
                Value::List(drivers.collect()),
                Value::Null,
            )
        }
        Err(error) => (Value::Null, Value::Null, names.reason(&error).into()),
    };
    Value::Record(vec![products.n().into(), r_squared, drivers, reason])
}

/// The columns that outcome and predictors are, where they are columns.
#[derive(Debug)]
pub(super) struct Names(Vec<Option<String>>);

impl Names {
    pub(super) fn of(call: &Call) -> Self {
        Self(call.columns().to_vec())
    }

    /// The names of a call in a test.
    #[cfg(test)]
    pub(super) fn of_columns(names: &[&str]) -> Self {
        Self(names.iter().map(|name| Some((*name).to_string())).collect())
    }

    /// Writes an error with the name of the column it is about.
    pub(super) fn reason(&self, error: &StatsError) -> String {
        let (StatsError::ZeroVariance { column } | StatsError::Singular { column }) = error else {
            return error.to_string();
        };
        let place = match column {
            Column::Outcome => 0,
            Column::Predictor(i) => i + 1,
        };
        let text = error.to_string();
        match self.0.get(place) {
            Some(Some(name)) => {
                text.replacen(&column.to_string(), &format!("{column} ({name})"), 1)
            }
            _ => text,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::harness::{Cell, Row, flat};

    /// Divides the test table by the kernel, row by row: y by x and its square.
    pub(in crate::aggregate) fn slowly(rows: &[Row], divide: Divide) -> Vec<Cell> {
        let mut products = Products::new(2);
        for (x, y) in rows.iter().filter_map(|r| r.0.zip(r.1)) {
            products.0.update(y, &[x, x * x]).unwrap();
        }
        match divided(&products, &Names::of_columns(&["y", "x"]), divide) {
            Value::Null => vec![Cell::Null; 4],
            value => flat(value),
        }
    }
}
