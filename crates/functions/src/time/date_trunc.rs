//! `date_trunc(precision, expression)`: the built-in function, fast for instants in a time zone.
//!
//! Instants of a workspace carry its zone, and the built-in asks a calendar
//! library for every row of them. Here the transitions of the zone stand in a
//! table and the rest is integer arithmetic. Whatever is not such a column goes
//! to the built-in unchanged, errors included.

use std::sync::Arc;

use aftersight_stats::time::{DateUnit, LocalTruncator, ZoneTable};
use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray};
use arrow::compute::{max, min};
use arrow::datatypes::{
    ArrowTimestampType, DataType, FieldRef, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
};
use datafusion::common::Result;
use datafusion::logical_expr::sort_properties::{ExprProperties, SortProperties};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl,
    Signature,
};
use datafusion_macros::user_doc;

use super::zone_table;

#[user_doc(
    doc_section(label = "Time Functions"),
    description = "Returns the beginning of the period a timestamp lies in. Timestamps in a time zone are cut on \
its wall clocks: a day begins at local midnight, a week on Monday. Results are those of DataFusion's function of \
this name, whose place it takes; only timestamps in a time zone are cut several times faster. NULL gives NULL.",
    syntax_example = "date_trunc(precision, expression)",
    sql_example = r#"```sql
select date_trunc('week', to_instant(timestamp '2026-11-18 09:30:00', 'Asia/Shanghai')) as week;
+---------------------------+
| week                      |
+---------------------------+
| 2026-11-16T00:00:00+08:00 |
+---------------------------+
```"#,
    argument(
        name = "precision",
        description = "'microsecond', 'millisecond', 'second', 'minute', 'hour', 'day', 'week', 'month', 'quarter' or 'year'."
    ),
    argument(name = "expression", description = "Timestamp, date or time.")
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct DateTrunc {
    builtin: Arc<ScalarUDF>,
}

impl Default for DateTrunc {
    fn default() -> Self {
        Self {
            builtin: datafusion::functions::datetime::date_trunc(),
        }
    }
}

/// The instants the table answers for, from year 1 to 9999. The built-in fails
/// before 1677 and after 2262, where its nanoseconds end.
const FIRST_US: i64 = -62_135_596_800_000_000;
const LAST_US: i64 = 253_402_300_799_999_999;

/// Cuts a column; nothing where the built-in has to.
fn cut(precision: &ColumnarValue, column: &ColumnarValue) -> Option<ArrayRef> {
    let (ColumnarValue::Scalar(precision), ColumnarValue::Array(column)) = (precision, column)
    else {
        return None;
    };
    let DataType::Timestamp(time_unit, Some(zone)) = column.data_type() else {
        return None;
    };
    let unit = DateUnit::parse(precision.try_as_str()??).ok()?;
    // Offsets such as +08:00 are no zones; the built-in reads them.
    let table = zone_table("date_trunc", zone).ok()?;
    match time_unit {
        TimeUnit::Second => cut_unit::<TimestampSecondType>(column, unit, &table),
        TimeUnit::Millisecond => cut_unit::<TimestampMillisecondType>(column, unit, &table),
        TimeUnit::Microsecond => cut_unit::<TimestampMicrosecondType>(column, unit, &table),
        TimeUnit::Nanosecond => cut_unit::<TimestampNanosecondType>(column, unit, &table),
    }
}

fn cut_unit<T: ArrowTimestampType>(
    column: &ArrayRef,
    unit: DateUnit,
    zone: &ZoneTable,
) -> Option<ArrayRef> {
    let column = column.as_primitive::<T>();
    let (times, parts) = match T::UNIT {
        TimeUnit::Second => (1_000_000, 1),
        TimeUnit::Millisecond => (1_000, 1),
        TimeUnit::Microsecond => (1, 1),
        TimeUnit::Nanosecond => (1, 1_000),
    };
    let microseconds = |ticks: i64| ticks.saturating_mul(times).div_euclid(parts);
    let known = FIRST_US..=LAST_US;
    for end in [min(column), max(column)].into_iter().flatten() {
        if !known.contains(&microseconds(end)) {
            return None;
        }
    }
    let mut truncator = LocalTruncator::new(zone, unit);
    let starts: Vec<i64> = column
        .values()
        .iter()
        .map(|ticks| {
            let start = truncator.truncate(microseconds(*ticks)) / times;
            // Only the first nanoseconds of 1677 could overflow; see below.
            start.saturating_mul(parts)
        })
        .collect();
    let starts = PrimitiveArray::<T>::new(starts.into(), column.nulls().cloned());
    if parts > 1 && min(&starts) == Some(i64::MIN) {
        return None;
    }
    Some(Arc::new(
        starts.with_timezone_opt(column.timezone().map(Arc::<str>::from)),
    ))
}

impl ScalarUDFImpl for DateTrunc {
    fn name(&self) -> &str {
        self.builtin.name()
    }

    fn aliases(&self) -> &[String] {
        self.builtin.aliases()
    }

    fn signature(&self) -> &Signature {
        self.builtin.signature()
    }

    fn return_type(&self, given: &[DataType]) -> Result<DataType> {
        self.builtin.return_type(given)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        self.builtin.return_field_from_args(args)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        if let [precision, column] = args.args.as_slice()
            && let Some(starts) = cut(precision, column)
        {
            return Ok(ColumnarValue::Array(starts));
        }
        self.builtin.invoke_with_args(args)
    }

    fn output_ordering(&self, inputs: &[ExprProperties]) -> Result<SortProperties> {
        self.builtin.output_ordering(inputs)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int64Array, TimestampMicrosecondArray};
    use arrow::compute::cast;
    use arrow::datatypes::Field;
    use datafusion::common::ScalarValue;
    use datafusion::common::config::ConfigOptions;
    use datafusion::execution::FunctionRegistry;

    use super::*;
    use crate::harness::{Cell, session, value};

    const ZONES: [&str; 8] = [
        "UTC",
        "Asia/Shanghai",
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "America/Sao_Paulo",
        "Pacific/Apia",
        "Africa/Casablanca",
    ];
    const HOUR_US: i64 = 3_600_000_000;

    fn invoke(f: &ScalarUDF, unit: &str, column: &ArrayRef) -> ArrayRef {
        let field = Arc::new(Field::new("at", column.data_type().clone(), true));
        let args = ScalarFunctionArgs {
            args: vec![
                ColumnarValue::Scalar(ScalarValue::from(unit)),
                ColumnarValue::Array(Arc::clone(column)),
            ],
            arg_fields: vec![
                Arc::new(Field::new("unit", DataType::Utf8, false)),
                Arc::clone(&field),
            ],
            number_rows: column.len(),
            return_field: field,
            config_options: Arc::new(ConfigOptions::default()),
        };
        f.invoke_with_args(args)
            .unwrap()
            .into_array(column.len())
            .unwrap()
    }

    /// Instants around every change of offset, and a few far from any.
    fn instants(zone: &str) -> Int64Array {
        let table = ZoneTable::new(zone).unwrap();
        let mut instants = vec![
            None,
            Some(0),
            Some(-1),
            Some(-9_000_000_000_000_000),
            Some(9_000_000_000_000_000),
        ];
        let (first, last) = (-2_208_988_800_000_000, 4_102_444_800_000_000_i64);
        let mut from = first;
        while from < last {
            let to = from + 24 * HOUR_US;
            if table.offset_at(from) != table.offset_at(to) {
                let (mut low, mut high) = (from, to);
                while high - low > 1 {
                    let middle = low + (high - low) / 2;
                    if table.offset_at(middle) == table.offset_at(from) {
                        low = middle;
                    } else {
                        high = middle;
                    }
                }
                for hours in [-800, -49, -25, -24, -3, -2, -1, 0, 1, 2, 3, 24, 25, 49, 800] {
                    for us in [-1, 0, 1, HOUR_US / 2] {
                        instants.push(Some(high + hours * HOUR_US + us));
                    }
                }
            }
            from = to;
        }
        Int64Array::from(instants)
    }

    #[test]
    fn every_unit_equals_the_built_in_around_every_transition() {
        let builtin = datafusion::functions::datetime::date_trunc();
        let ours = ScalarUDF::from(DateTrunc::default());
        for zone in ZONES {
            let instants = instants(zone).reinterpret_cast::<TimestampMicrosecondType>();
            let instants: ArrayRef = Arc::new(instants.with_timezone(zone));
            for unit in [
                "hour", "day", "WEEK", "month", "quarter", "year", "minute", "second",
            ] {
                assert_eq!(
                    &invoke(&ours, unit, &instants),
                    &invoke(&builtin, unit, &instants),
                    "{zone} {unit}"
                );
            }
        }
    }

    #[test]
    fn every_time_unit_equals_the_built_in() {
        let builtin = datafusion::functions::datetime::date_trunc();
        let ours = ScalarUDF::from(DateTrunc::default());
        let instants = TimestampMicrosecondArray::from(vec![
            Some(1_774_742_400_123_456),
            None,
            Some(-1_774_742_400_123_456),
        ]);
        let instants: ArrayRef = Arc::new(instants.with_timezone("Europe/Berlin"));
        for time_unit in [
            TimeUnit::Second,
            TimeUnit::Millisecond,
            TimeUnit::Nanosecond,
        ] {
            let wanted = DataType::Timestamp(time_unit, Some("Europe/Berlin".into()));
            let instants = cast(&instants, &wanted).unwrap();
            for unit in ["hour", "day", "week", "month", "quarter", "year"] {
                let got = invoke(&ours, unit, &instants);
                assert_eq!(got.data_type(), &wanted);
                assert_eq!(
                    &got,
                    &invoke(&builtin, unit, &instants),
                    "{time_unit} {unit}"
                );
            }
        }
    }

    #[tokio::test]
    async fn what_is_no_zone_goes_to_the_built_in() {
        let ctx = session();
        for (at, expected) in [
            ("timestamp '2026-11-18 09:30:00'", "2026-11-16T00:00:00"),
            ("date '2026-11-18'", "2026-11-16T00:00:00"),
            (
                "arrow_cast('2026-11-15T20:00:00Z', 'Timestamp(Microsecond, Some(\"+08:00\"))')",
                "2026-11-16T00:00:00+08:00",
            ),
        ] {
            // From a table, so that constants are not folded before we see a column.
            let query = format!(
                "select cast(date_trunc('week', at) as text) from (values ({at})) as t(at)"
            );
            assert_eq!(
                value(&ctx, &query).await,
                [Cell::Text(expected.to_string())]
            );
        }
    }

    #[tokio::test]
    async fn it_is_registered_in_place_of_the_built_in_and_its_alias() {
        let ctx = session();
        for name in ["date_trunc", "datetrunc"] {
            let f = ctx.udf(name).unwrap();
            assert!(f.inner().downcast_ref::<DateTrunc>().is_some(), "{name}");
        }
    }
}
