//! `to_instant(timestamp, zone)`: the instant a wall clock means.
//!
//! A cast would do it in one word and is wrong: DataFusion fails the whole
//! query for a wall clock that daylight saving skipped, and unwraps a filter
//! over the cast as if the zone were UTC.

use std::sync::Arc;

use arrow::array::{AsArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, FieldRef, TimeUnit, TimestampMicrosecondType};
use datafusion::common::{Result, ScalarValue, exec_err, internal_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature,
};
use datafusion_macros::user_doc;

use super::zone_table;
use crate::args::{Kind, Parameter, Parameters};

#[user_doc(
    doc_section(label = "Time Functions"),
    description = "Returns the instant that a timestamp without zone means on the wall clocks of a time zone, \
as a timestamp in microseconds in that zone. A wall clock that daylight saving skipped moves forward by the \
length of the gap; one that was shown twice is the first of the two. NULL gives NULL. The zone is a literal, \
an IANA name. Filters on the result also prune on the timestamp underneath.",
    syntax_example = "to_instant(timestamp, zone)",
    sql_example = r#"```sql
select to_instant(timestamp '2026-03-29 02:30:00', 'Europe/Berlin') as skipped;
+---------------------------+
| skipped                   |
+---------------------------+
| 2026-03-29T03:30:00+02:00 |
+---------------------------+
```"#,
    argument(name = "timestamp", description = "Timestamp or date without zone."),
    argument(
        name = "zone",
        description = "IANA name of the zone, such as 'Asia/Shanghai'."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct ToInstant {
    signature: Signature,
}

const PARAMETERS: Parameters = Parameters::new(
    "to_instant",
    &[
        Parameter::column("timestamp", Kind::Instant),
        Parameter::option("zone", Kind::Text).mandatory(),
    ],
);

impl Default for ToInstant {
    fn default() -> Self {
        ToInstant {
            signature: PARAMETERS.signature(),
        }
    }
}

impl ScalarUDFImpl for ToInstant {
    fn name(&self) -> &str {
        "to_instant"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        internal_err!("return_field_from_args knows the zone")
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        Ok(PARAMETERS.coerce(given))
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let types = args.arg_fields.iter().map(|f| f.data_type().clone());
        let types: Vec<DataType> = types.collect();
        PARAMETERS.check(&types)?;
        if let DataType::Timestamp(_, Some(_)) = &types[0] {
            return plan_err!(
                "'to_instant' expects a timestamp without zone as argument 1 (timestamp), got {}: \
                 it is an instant already",
                types[0]
            );
        }
        let Some(Some(ScalarValue::Utf8(Some(zone)))) = args.scalar_arguments.get(1) else {
            return plan_err!("'to_instant' expects a literal time zone as argument 2");
        };
        let table = zone_table("to_instant", zone)?;
        let ty = DataType::Timestamp(TimeUnit::Microsecond, Some(table.name().into()));
        let is_nullable = args.arg_fields[0].is_nullable();
        Ok(Arc::new(Field::new(self.name(), ty, is_nullable)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let DataType::Timestamp(_, Some(zone)) = args.return_field.data_type().clone() else {
            return internal_err!("'to_instant' returns an instant");
        };
        let table = zone_table("to_instant", &zone)?;
        match &args.args[0] {
            ColumnarValue::Scalar(ScalarValue::TimestampMicrosecond(naive, None)) => {
                let instant = naive.map(|naive| table.to_instant(naive));
                Ok(ColumnarValue::Scalar(ScalarValue::TimestampMicrosecond(
                    instant,
                    Some(zone),
                )))
            }
            ColumnarValue::Array(naive) => {
                let naive = naive.as_primitive::<TimestampMicrosecondType>();
                let instants: TimestampMicrosecondArray =
                    naive.unary(|naive| table.to_instant(naive));
                Ok(ColumnarValue::Array(Arc::new(instants.with_timezone(zone))))
            }
            other => exec_err!(
                "'to_instant' expects a timestamp as argument 1, got {}",
                other.data_type()
            ),
        }
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}
