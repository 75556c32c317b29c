//! `chain_ladder(origin, age, amount [, latest [, max_age [, sigma]]])`: how amounts grow with age.

use aftersight_stats::survival::Development;
use arrow::array::ArrayRef;
use arrow::buffer::NullBuffer;
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::table::{Columns, fields, structs};
use super::triangle::{Cell, Extent, PARAMETERS};
use crate::additive::Build;
use crate::aggregate::Aggregate;
use crate::args::{Call, Parameters};
use crate::events::{self, ByGroup, Walk, Walked};
use crate::list::{list_array, list_type};

#[user_doc(
    doc_section(label = "Survival Functions"),
    description = "Returns how the amounts of an origin (returns of a delivery week, say) grow with age, learnt from the \
origins that have it behind them: a list with a struct for each age, of age, factor (by how much the sum up to it grows to \
the next age), sigma and factor_std_err (Mack 1993), and developed_share (the part of the final amount that is there at \
this age). `mack` carries the open origins to the end with it. It assumes that origins develop alike. Rows with a NULL, negative ages and numbers that are not finite are left out, as \
are periods that are no whole numbers; a cell of the triangle without rows is 0. Without rows the list is empty; a factor with nothing to grow from is NULL. \
Amounts may be negative (a refund taken back), their sum up to an age may not: then the list is NULL, and `mack` says why.",
    syntax_example = "chain_ladder(origin, age, amount [, latest [, max_age [, sigma]]])",
    sql_example = r#"```sql
select d['age'] as age, d['factor'] as factor, d['developed_share'] as developed_share
from (
    select unnest(chain_ladder(week, age, units)) as d
    from (values (1, 0, 10), (1, 1, 5), (1, 2, 3), (2, 0, 20), (2, 1, 10), (3, 0, 40)) as returns(week, age, units)
) as steps;
+-----+--------+--------------------+
| age | factor | developed_share    |
+-----+--------+--------------------+
| 0.0 | 1.5    | 0.5555555555555556 |
| 1.0 | 1.2    | 0.8333333333333334 |
+-----+--------+--------------------+
```"#,
    argument(
        name = "origin",
        description = "Period of the sale, such as weeks since some Monday: a whole number."
    ),
    argument(
        name = "age",
        description = "Periods from the sale to the amount: 0, 1, 2 and so on."
    ),
    argument(
        name = "amount",
        description = "What came back at that age (not up to it): units or money."
    ),
    argument(
        name = "latest",
        description = "Last period that is complete; rows after it are not read. The last one with an amount by default."
    ),
    argument(
        name = "max_age",
        description = "Age at which all is developed: later amounts count at it. The age of the first origin by default."
    ),
    argument(
        name = "sigma",
        description = "How the spread of the last step is guessed, which one origin alone has behind it: 'mack' (default; 1993) or 'log_linear' (a line through the logarithms of the others, as R's MackChainLadder does unless told otherwise)."
    ),
    related_udf(name = "mack")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct ChainLadder;

impl Aggregate for ChainLadder {
    const NAME: &'static str = "chain_ladder";
    const PARAMETERS: Parameters = Parameters::new(Self::NAME, PARAMETERS);

    fn result(&self) -> DataType {
        list_type(DataType::Struct(fields(COLUMNS)))
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        events::columns()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        Ok(Box::new(Walked(Developments(Extent::new(call)?))))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

const COLUMNS: &Columns<Development> = &[
    ("age", |d| Some(d.age as f64)),
    ("factor", |d| d.factor),
    ("sigma", |d| d.sigma),
    ("factor_std_err", |d| d.factor_std_err),
    ("developed_share", |d| d.developed_share),
];

#[derive(Debug)]
struct Developments(Extent);

impl Walk for Developments {
    type Event = Cell;

    fn read(&self, values: &[ArrayRef], keep: impl FnMut(usize, Cell)) -> Result<()> {
        self.0.read(values, keep)
    }

    fn finish(&self, mut groups: ByGroup<'_, Cell>) -> Result<ArrayRef> {
        let mut lengths = Vec::with_capacity(groups.len());
        let mut steps = Vec::new();
        let mut known = Vec::with_capacity(groups.len());
        while let Some(cells) = groups.next_group() {
            let developed = self.0.develop(cells);
            known.push(developed.is_ok());
            let developed = developed.ok().flatten();
            let development = developed.map(|(_, d)| d.development).unwrap_or_default();
            lengths.push(development.len());
            steps.extend(development);
        }
        Ok(list_array(
            structs(COLUMNS, &steps),
            lengths,
            Some(NullBuffer::from(known)),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::super::triangle::tests::slow_triangle;
    use crate::harness::{Cell, Subject, session, value};

    #[test]
    fn chain_ladder_passes_the_common_tests() {
        Subject {
            call: "chain_ladder(cast(x as int), cast(y as int), 1.0, 2)",
            x: &[0.0, 1.0, 2.0],
            y: &[0.0, 1.0, 2.0],
            slowly: |rows| {
                let steps = slow_triangle(rows, 2).map(|(_, developed)| developed.development);
                let mut cells = vec![];
                for step in steps.unwrap_or_default() {
                    cells.push(Cell::Number(step.age as f64));
                    cells.push(step.factor.into());
                    cells.push(step.sigma.into());
                    cells.push(step.factor_std_err.into());
                    cells.push(step.developed_share.into());
                }
                cells
            },
        }
        .check_without_moving_windows();
    }

    /// By hand: 10 and 20 grow to 15 and 30, then 15 to 18.
    #[tokio::test]
    async fn factors_are_sums_over_the_origins_that_have_them_behind_them() {
        let query = "select make_array(c[1]['factor'], c[2]['factor'], round(c[1]['developed_share'], 9)) from ( \
                     select chain_ladder(w, a, n) as c from (values (1, 0, 10), (1, 1, 5), (1, 2, 3), (2, 0, 20), \
                     (2, 1, 10), (3, 0, 40), (3, 1, null)) as t(w, a, n))";
        let expected = [45.0 / 30.0, 18.0 / 15.0, 0.555555556].map(Cell::Number);
        assert_eq!(value(&session(), query).await, expected);
    }
}
