//! `nps_category(score)`: promoter, passive or detractor.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::common::cast::as_float64_array;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::Scalar;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::kernel::nps::{Category, category};

#[user_doc(
    doc_section(label = "Survey Functions"),
    description = "Returns the category of an answer to the question of recommendation, as a code: 'promoter' for 9 \
and 10, 'passive' for 7 and 8, 'detractor' for 0 to 6 (Reichheld 2003). Whatever else, fractions included, has \
none: the result is NULL, as it is for NULL.",
    syntax_example = "nps_category(score)",
    sql_example = r#"```sql
select score, nps_category(score) as category
from (values (10), (7), (6), (11), (null)) as survey(score);
+-------+-----------+
| score | category  |
+-------+-----------+
| 10    | promoter  |
| 7     | passive   |
| 6     | detractor |
| 11    |           |
|       |           |
+-------+-----------+
```"#,
    argument(name = "score", description = "Answer on the scale of 0 to 10.")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct NpsCategory;

impl Scalar for NpsCategory {
    const NAME: &'static str = "nps_category";
    const PARAMETERS: Parameters =
        Parameters::new(Self::NAME, &[Parameter::column("score", Kind::Number)]);
    type Options = ();

    fn result(&self) -> DataType {
        DataType::Utf8
    }

    fn options(&self, _: &Call) -> Result<()> {
        Ok(())
    }

    fn compute(&self, (): &(), arguments: &[ArrayRef]) -> Result<ArrayRef> {
        let categories: StringArray = as_float64_array(&arguments[0])?
            .iter()
            .map(|score| match category(score?) {
                Category::Promoter => Some("promoter"),
                Category::Passive => Some("passive"),
                Category::Detractor => Some("detractor"),
                Category::Invalid => None,
            })
            .collect();
        Ok(Arc::new(categories))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}
