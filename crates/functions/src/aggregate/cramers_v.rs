//! `cramers_v(a, b [, corrected])`: how strongly two labels depend on each other.

use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use aftersight_stats::chisq_test::chisq_test;

use super::Aggregate;
use crate::additive::Build;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::folded::{self, Folded, refused};
use crate::tally::PairCounts;
use crate::value::{Type, Value};

#[user_doc(
    doc_section(label = "Driver Functions"),
    description = "Returns Cramer's V of two labels, 0 for none to 1 for full dependence: the root of chi-square over n times one \
less than the smaller number of labels. Chance alone lifts it above 0, the more the fewer rows and the more labels; \
corrected takes that off (Bergsma 2013, down to 0 at the least). Rows with a NULL are left out; where a label \
has one value only, or over no rows, the result is NULL.",
    syntax_example = "cramers_v(a, b [, corrected])",
    sql_example = r#"```sql
select cramers_v(reason, sku) as v
from (values ('size', 'shoe'), ('size', 'shoe'), ('defect', 'lamp'), ('defect', 'lamp')) as returns(reason, sku);
+-----+
| v   |
+-----+
| 1.0 |
+-----+
```"#,
    argument(
        name = "a",
        description = "One label, such as the reason: text, a whole number, a date, or true or false."
    ),
    argument(name = "b", description = "The other, such as the channel."),
    argument(
        name = "corrected",
        description = "Whether to correct for the bias of small tables, false by default."
    )
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct CramersV;

impl Aggregate for CramersV {
    const NAME: &'static str = "cramers_v";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("a", Kind::Label),
            Parameter::column("b", Kind::Label),
            Parameter::option("corrected", Kind::Boolean),
        ],
    );

    fn result(&self) -> DataType {
        DataType::Float64
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        folded::columns()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        let corrected = call.flag(2)?.unwrap_or(false);
        Ok(Box::new(Folded {
            empty: PairCounts::default(),
            result: &Type::Number,
            finish: move |counts: &PairCounts| {
                if counts.n() == 0 {
                    return Ok(Value::Null);
                }
                let test =
                    chisq_test(&counts.table(), false).map_err(|e| refused(Self::NAME, &e))?;
                Ok(if corrected {
                    test.cramers_v_corrected.into()
                } else {
                    test.cramers_v.into()
                })
            },
        }))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{Cell, Subject};

    #[test]
    fn cramers_v_passes_the_common_tests() {
        Subject {
            call: "cramers_v(x > 1, y > 0)",
            x: &[1.0, 2.0],
            y: &[0.0, 1.0],
            slowly: |rows| {
                let mut table = [[0.0_f64; 2]; 2];
                for (x, y) in rows.iter().filter_map(|r| r.0.zip(r.1)) {
                    table[usize::from(x > 1.0)][usize::from(y > 0.0)] += 1.0;
                }
                // For two by two it is the size of the correlation of the codes.
                let [[a, b], [c, d]] = table;
                let margins = (a + b) * (c + d) * (a + c) * (b + d);
                let v = (margins > 0.0).then(|| (a * d - b * c).abs() / margins.sqrt());
                vec![Cell::from(v)]
            },
        }
        .check();
    }
}
