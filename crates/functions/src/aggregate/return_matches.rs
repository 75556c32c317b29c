//! `return_matches(line_id, at, quantity)`: the sale each credit note gives back.

use std::fmt::Debug;
use std::sync::Arc;

use aftersight_stats::journey::{self, LedgerLine};
use arrow::array::{
    Array, ArrayRef, AsArray, Decimal128Array, Float64Array, Int64Array, StringArray, StructArray,
};
use arrow::buffer::NullBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal128Type, Field, Fields, Float64Type, Int64Type};
use datafusion::common::{Result, exec_err};
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::Aggregate;
use crate::additive::Build;
use crate::args::{Call, Kind, Parameter, Parameters};
use crate::events::{self, ByGroup, Event, Walk, Walked, split_bytes};
use crate::list::{list_array, list_type};
use crate::time::ticks;

#[user_doc(
    doc_section(label = "Return Functions"),
    description = "Returns for each credit note (a line with a negative quantity) the sale it gives back, for \
ledgers that do not say so; group by customer and article. Credit notes are taken in order of time, those of one \
instant by id. Each takes the last sale of an earlier instant that has enough units left, and these units are \
gone for the next one; where no single sale has enough, the sale is NULL. The result is a list of structs, one \
for each credit note in that order, ready for `unnest`: return_line_id, sale_line_id and quantity, the units \
given back as a positive number. Rows with a NULL, and those of quantity 0, are ignored; with sales only the list \
is empty, and without any rows the result is NULL. Integers and decimals are exact; floats are read to six \
decimal places. The rule is our own: customers give back what they got last. It does not depend on the order of \
rows.",
    syntax_example = "return_matches(line_id, at, quantity)",
    sql_example = r#"```sql
select unnest(return_matches(line_id, at, quantity)) as match
from (values
    (1, date '2026-01-05', 2), (2, date '2026-02-01', 1), (3, date '2026-02-09', -2)
) as lines(line_id, at, quantity);
+---------------------------------------------------+
| match                                             |
+---------------------------------------------------+
| {return_line_id: 3, sale_line_id: 1, quantity: 2} |
+---------------------------------------------------+
```"#,
    argument(
        name = "line_id",
        description = "Id of the line, integer or text; the result has the same type."
    ),
    argument(
        name = "at",
        description = "When the line was booked: timestamp, date or integer."
    ),
    argument(
        name = "quantity",
        description = "Units sold, or given back if negative."
    ),
    related_udf(name = "return_rate")
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct ReturnMatches;

/// Floats are compared in units of this part, so that 0.3 covers 0.1 + 0.2.
const FLOAT_PARTS: f64 = 1e6;

impl Aggregate for ReturnMatches {
    const NAME: &'static str = "return_matches";
    const PARAMETERS: Parameters = Parameters::new(
        Self::NAME,
        &[
            Parameter::column("line_id", Kind::Id),
            Parameter::column("at", Kind::Time),
            Parameter::column("quantity", Kind::Amount),
        ],
    );

    fn result(&self) -> DataType {
        result_type(&DataType::Int64, &DataType::Int64)
    }

    fn result_of(&self, arguments: &[DataType]) -> Result<DataType> {
        Ok(result_type(&arguments[0], &arguments[2]))
    }

    fn state(&self, _: &[DataType]) -> Vec<(String, DataType)> {
        events::columns()
    }

    fn build(&self, call: &Call) -> Result<Box<dyn Build>> {
        let (line_id, quantity) = match call.types() {
            [line_id, _, quantity] => (line_id.clone(), quantity.clone()),
            _ => (DataType::Int64, DataType::Int64),
        };
        if line_id.is_string() {
            return Ok(Box::new(Walked(Matches::<Box<str>> {
                line_id,
                quantity,
                lines: std::marker::PhantomData,
            })));
        }
        Ok(Box::new(Walked(Matches::<i64> {
            line_id,
            quantity,
            lines: std::marker::PhantomData,
        })))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

fn fields(line_id: &DataType, quantity: &DataType) -> Fields {
    Fields::from(vec![
        Field::new("return_line_id", line_id.clone(), true),
        Field::new("sale_line_id", line_id.clone(), true),
        Field::new("quantity", quantity.clone(), true),
    ])
}

fn result_type(line_id: &DataType, quantity: &DataType) -> DataType {
    list_type(DataType::Struct(fields(line_id, quantity)))
}

/// The id of a line, as it is kept.
trait LineId: Clone + Debug + Default + Ord + Send + Sync + 'static {
    /// Calls `each` with row and id.
    fn read(column: &ArrayRef, each: impl FnMut(usize, Option<Self>)) -> Result<()>;
    /// Returns a column of ids, before the cast to the type of the argument.
    fn column(ids: Vec<Option<Self>>) -> ArrayRef;
    fn heap_bytes(&self) -> usize;
    fn write(&self, bytes: &mut Vec<u8>);
    fn read_bytes(bytes: &mut &[u8]) -> Option<Self>;
}

impl LineId for i64 {
    fn read(column: &ArrayRef, mut each: impl FnMut(usize, Option<Self>)) -> Result<()> {
        let ids = cast(column, &DataType::Int64)?;
        if ids.null_count() > column.null_count() {
            return exec_err!("'return_matches' expects ids below 2^63 as argument 1 (line_id)");
        }
        let ids = ids.as_primitive::<Int64Type>();
        ids.iter().enumerate().for_each(|(row, id)| each(row, id));
        Ok(())
    }

    fn column(ids: Vec<Option<Self>>) -> ArrayRef {
        Arc::new(Int64Array::from(ids))
    }

    fn heap_bytes(&self) -> usize {
        0
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.to_le_bytes());
    }

    fn read_bytes(bytes: &mut &[u8]) -> Option<Self> {
        split_bytes(bytes).map(Self::from_le_bytes)
    }
}

impl LineId for Box<str> {
    fn read(column: &ArrayRef, mut each: impl FnMut(usize, Option<Self>)) -> Result<()> {
        let ids = cast(column, &DataType::LargeUtf8)?;
        for (row, id) in ids.as_string::<i64>().iter().enumerate() {
            each(row, id.map(Self::from));
        }
        Ok(())
    }

    fn column(ids: Vec<Option<Self>>) -> ArrayRef {
        Arc::new(StringArray::from_iter(ids))
    }

    fn heap_bytes(&self) -> usize {
        self.len()
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend((self.len() as u64).to_le_bytes());
        bytes.extend(self.as_bytes());
    }

    fn read_bytes(bytes: &mut &[u8]) -> Option<Self> {
        let length = usize::try_from(u64::from_le_bytes(split_bytes(bytes)?)).ok()?;
        let (text, rest) = bytes.split_at_checked(length)?;
        *bytes = rest;
        std::str::from_utf8(text).ok().map(Self::from)
    }
}

impl<L: LineId> Event for LedgerLine<L> {
    fn heap_bytes(&self) -> usize {
        self.line.heap_bytes()
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.at.to_le_bytes());
        bytes.extend(self.quantity.to_le_bytes());
        self.line.write(bytes);
    }

    fn read(bytes: &mut &[u8]) -> Option<Self> {
        Some(Self {
            at: i64::from_le_bytes(split_bytes(bytes)?),
            quantity: i128::from_le_bytes(split_bytes(bytes)?),
            line: L::read_bytes(bytes)?,
        })
    }
}

#[derive(Debug)]
struct Matches<L> {
    line_id: DataType,
    quantity: DataType,
    lines: std::marker::PhantomData<L>,
}

/// Returns the quantities in units that compare exactly.
fn units(column: &ArrayRef) -> Vec<Option<i128>> {
    match column.data_type() {
        DataType::Float64 => {
            let parts = column.as_primitive::<Float64Type>().iter();
            parts
                .map(|x| {
                    let parts = (x? * FLOAT_PARTS).round();
                    parts.is_finite().then_some(parts as i128)
                })
                .collect()
        }
        DataType::Decimal128(..) => column.as_primitive::<Decimal128Type>().iter().collect(),
        _ => {
            let whole = column.as_primitive::<Int64Type>().iter();
            whole.map(|n| n.map(i128::from)).collect()
        }
    }
}

impl<L> Matches<L> {
    /// Returns units as the type of the argument.
    fn quantities(&self, units: Vec<i128>) -> Result<ArrayRef> {
        Ok(match &self.quantity {
            DataType::Float64 => Arc::new(Float64Array::from_iter_values(
                units.into_iter().map(|n| n as f64 / FLOAT_PARTS),
            )),
            DataType::Decimal128(precision, scale) => {
                Arc::new(Decimal128Array::from(units).with_precision_and_scale(*precision, *scale)?)
            }
            // Of an Int64 only the least one has no positive counterpart.
            _ => Arc::new(Int64Array::from_iter_values(
                units
                    .into_iter()
                    .map(|n| i64::try_from(n).unwrap_or(i64::MAX)),
            )),
        })
    }
}

impl<L: LineId> Walk for Matches<L> {
    type Event = LedgerLine<L>;

    fn read(&self, values: &[ArrayRef], mut keep: impl FnMut(usize, Self::Event)) -> Result<()> {
        let at = ticks(&values[1])?;
        let units = units(&values[2]);
        L::read(&values[0], |row, line| {
            let (Some(line), Some(quantity), true) = (line, units[row], at.is_valid(row)) else {
                return;
            };
            if quantity != 0 {
                let at = at.value(row);
                keep(row, LedgerLine { at, line, quantity });
            }
        })
    }

    fn finish(&self, mut groups: ByGroup<'_, Self::Event>) -> Result<ArrayRef> {
        let mut known = Vec::with_capacity(groups.len());
        let (mut credits, mut sales, mut quantities) = (vec![], vec![], vec![]);
        let mut lengths = Vec::with_capacity(groups.len());
        while let Some(lines) = groups.next_group() {
            known.push(!lines.is_empty());
            let matches = journey::return_matches(lines);
            lengths.push(matches.len());
            for found in matches {
                credits.push(Some(lines[found.credit].line.clone()));
                sales.push(found.sale.map(|sale| lines[sale].line.clone()));
                quantities.push(found.quantity);
            }
        }
        let fields = fields(&self.line_id, &self.quantity);
        let columns = vec![
            cast(&L::column(credits), &self.line_id)?,
            cast(&L::column(sales), &self.line_id)?,
            self.quantities(quantities)?,
        ];
        let items = StructArray::new(fields, columns, None);
        let known = NullBuffer::from(known);
        Ok(list_array(Arc::new(items), lengths, Some(known)))
    }
}

#[cfg(test)]
mod tests {
    use crate::harness::{Cell, Cells, Row, Subject, planning_error, session, value};

    /// Time is the tens of `x` without its sign, the quantity its last digit with it.
    const X: &[f64] = &[
        13.0, 12.0, 21.0, 23.0, -21.0, -32.0, -31.0, 40.0, 44.0, -53.0,
    ];

    fn slowly(rows: &[Row], id: fn(i64) -> Cell) -> Cells {
        let mut lines: Vec<(i64, i64, i64)> = rows
            .iter()
            .filter_map(|(x, y)| Some((x.as_ref()?, y.as_ref()?)))
            .map(|(x, y)| (*x as i64, *y as i64))
            .map(|(x, y)| (x.abs() / 10, y, x % 10))
            .filter(|line| line.2 != 0)
            .collect();
        if lines.is_empty() {
            return vec![Cell::Null];
        }
        lines.sort_unstable();
        let mut left: Vec<i64> = lines.iter().map(|line| line.2).collect();
        let mut cells = vec![];
        for (at, line, quantity) in lines.iter().filter(|line| line.2 < 0) {
            let enough = |i: &usize| lines[*i].0 < *at && lines[*i].2 > 0 && left[*i] >= -quantity;
            let sale = (0..lines.len()).rev().find(enough);
            if let Some(sale) = sale {
                left[sale] += quantity;
            }
            cells.push(id(*line));
            cells.push(sale.map_or(Cell::Null, |sale| id(lines[sale].1)));
            cells.push(Cell::Number(-*quantity as f64));
        }
        cells
    }

    #[test]
    fn return_matches_of_numbers_passes_the_common_tests() {
        Subject {
            call: "return_matches(cast(y as int), cast(abs(x) as int) / 10, cast(x as int) % 10)",
            x: X,
            y: &[1.0, 2.0, 3.0, 4.0, 5.0],
            slowly: |rows| slowly(rows, |id| Cell::Number(id as f64)),
        }
        .check_without_moving_windows();
    }

    #[test]
    fn return_matches_of_text_passes_the_common_tests() {
        Subject {
            call: "return_matches(cast(cast(y as int) as text), \
                   arrow_cast(cast(abs(x) as bigint) / 10, 'Timestamp(Second, None)'), \
                   cast(cast(x as int) % 10 as decimal(9, 2)))",
            x: X,
            y: &[1.0, 2.0, 3.0, 4.0, 5.0],
            // Text of one digit sorts like the digit.
            slowly: |rows| slowly(rows, |id| Cell::Text(id.to_string())),
        }
        .check_without_moving_windows();
    }

    #[tokio::test]
    async fn ids_keep_their_type() {
        let ctx = session();
        for (written, kept) in [
            ("Int32", "Int32"),
            ("UInt64", "UInt64"),
            ("Utf8View", "Utf8View"),
            ("LargeUtf8", "LargeUtf8"),
            ("Dictionary(Int32, Utf8)", "Utf8"),
        ] {
            let query = format!(
                "select arrow_typeof(return_matches(arrow_cast(id, '{written}'), at, quantity)[1]['sale_line_id']) \
                 from (values ('1', 1, 1), ('2', 2, -1)) as t(id, at, quantity)"
            );
            assert_eq!(
                value(&ctx, &query).await,
                [Cell::Text(kept.to_string())],
                "{written}"
            );
        }
    }

    #[tokio::test]
    async fn floats_that_sum_to_a_sale_are_covered_by_it() {
        let ctx = session();
        let query = "select return_matches(id, at, quantity) from (values \
                     (1, 1, 0.3e0), (2, 2, -0.1e0), (3, 3, -0.2e0)) as t(id, at, quantity)";
        let expected = [2.0, 1.0, 0.1, 3.0, 1.0, 0.2].map(Cell::Number);
        assert_eq!(value(&ctx, query).await, expected);
    }

    /// As a mapping of a ledger without references writes it.
    #[tokio::test]
    async fn matches_unnest_beside_their_group() {
        let ctx = session();
        let query = "select string_agg(concat_ws('-', customer, article, m['return_line_id'], \
                         coalesce(m['sale_line_id'], 'none')), ' ' order by customer, article) from ( \
                         select customer, article, unnest(return_matches(line, at, quantity)) as m \
                         from (values ('a', 'mug', '1', date '2026-01-01', 2), \
                                      ('a', 'mug', '2', date '2026-01-03', -1), \
                                      ('a', 'cup', '3', date '2026-01-03', -1), \
                                      ('b', 'mug', '4', date '2026-01-03', 7)) \
                             as t(customer, article, line, at, quantity) \
                         group by customer, article)";
        let expected = "a-cup-3-none a-mug-2-1".to_string();
        assert_eq!(value(&ctx, query).await, [Cell::Text(expected)]);
    }

    #[tokio::test]
    async fn wrong_types_are_planning_errors() {
        let ctx = session();
        assert_eq!(
            planning_error(&ctx, "select return_matches(1.5, 1, 1)").await,
            "Error during planning: 'return_matches' expects an integer or text as argument 1 \
             (line_id), got Float64"
        );
        assert_eq!(
            planning_error(&ctx, "select return_matches(1, 'x', 1)").await,
            "Error during planning: 'return_matches' expects a timestamp, date or integer as \
             argument 2 (at), got Utf8"
        );
    }
}
