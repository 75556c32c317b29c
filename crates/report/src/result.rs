//! Results of queries, and how figures read them.
//!
//! A figure asks for a column by name and gets numbers, texts or days, whatever
//! Arrow type carries them. Nothing here plans or runs SQL.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, SchemaRef, TimeUnit, TimestampMicrosecondType};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use chrono::{NaiveDate, NaiveDateTime};

use crate::error::RenderError;
use crate::lang::Lang;
use crate::number::{Format, MISSING, Numbers};
use crate::spec::{ColumnName, Place, nearest};

/// What a query returned.
#[derive(Debug, Clone)]
pub struct QueryResult {
    /// The name of the query.
    pub name: String,
    /// The SQL as written.
    pub sql: String,
    /// The schema, needed even without rows.
    pub schema: SchemaRef,
    /// The rows.
    pub batches: Vec<RecordBatch>,
}

impl QueryResult {
    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }
}

/// A result in one piece, with its columns as a figure reads them.
#[derive(Debug)]
pub(crate) struct Frame {
    pub(crate) name: String,
    pub(crate) sql: String,
    batch: RecordBatch,
}

/// The index of a column in its frame.
pub(crate) type Column = usize;

impl Frame {
    pub(crate) fn new(result: &QueryResult) -> Result<Self, RenderError> {
        let batch = concat_batches(&result.schema, &result.batches).map_err(|source| {
            RenderError::Arrow {
                query: result.name.clone(),
                source,
            }
        })?;
        Ok(Self {
            name: result.name.clone(),
            sql: result.sql.clone(),
            batch,
        })
    }

    pub(crate) fn rows(&self) -> usize {
        self.batch.num_rows()
    }

    pub(crate) fn columns(&self) -> usize {
        self.batch.num_columns()
    }

    pub(crate) fn name_of(&self, column: Column) -> &str {
        self.batch.schema_ref().field(column).name()
    }

    pub(crate) fn index_of(&self, name: &str) -> Option<Column> {
        self.batch
            .schema_ref()
            .fields()
            .iter()
            .position(|field| field.name() == name)
    }

    fn data_type(&self, column: Column) -> &DataType {
        value_type(self.batch.column(column).data_type())
    }

    pub(crate) fn is_number(&self, column: Column) -> bool {
        self.data_type(column).is_numeric()
            || matches!(self.data_type(column), DataType::Duration(_))
    }

    pub(crate) fn is_day(&self, column: Column) -> bool {
        let data_type = self.data_type(column);
        matches!(
            data_type,
            DataType::Date32 | DataType::Date64 | DataType::Timestamp(_, _)
        )
    }

    pub(crate) fn is_text(&self, column: Column) -> bool {
        matches!(
            self.data_type(column),
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
        )
    }

    fn is_boolean(&self, column: Column) -> bool {
        matches!(self.data_type(column), DataType::Boolean)
    }

    /// The column a spec names; if it does not exist, the error says where the
    /// name was written and which column is nearest.
    pub(crate) fn named(&self, column: &ColumnName) -> Result<Column, RenderError> {
        self.index_of(&column.name)
            .ok_or_else(|| self.unknown(&column.name, &column.place))
    }

    pub(crate) fn unknown(&self, name: &str, place: &Place) -> RenderError {
        let columns: Vec<&str> = (0..self.columns())
            .map(|column| self.name_of(column))
            .collect();
        RenderError::UnknownColumn {
            place: Box::new(place.clone()),
            query: self.name.clone(),
            column: name.to_owned(),
            nearest: nearest(name, columns.iter().copied()),
            columns: columns.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    /// The column named by the spec, else the first of these names that exists.
    pub(crate) fn role(
        &self,
        named: Option<&ColumnName>,
        usual: &[&str],
    ) -> Result<Option<Column>, RenderError> {
        match named {
            Some(column) => self.named(column).map(Some),
            None => Ok(usual.iter().find_map(|name| self.index_of(name))),
        }
    }

    /// The column a figure cannot do without; `usual` names are tried first, then
    /// the first column for which `fits` holds.
    pub(crate) fn needed(
        &self,
        named: Option<&ColumnName>,
        usual: &[&str],
        fits: impl Fn(Column) -> bool,
        wanted: (&Place, &'static str, &'static str),
    ) -> Result<Column, RenderError> {
        if let Some(column) = self.role(named, usual)? {
            return Ok(column);
        }
        let guessed = (0..self.columns()).find(|column| fits(*column));
        guessed.ok_or_else(|| RenderError::NoColumn {
            place: Box::new(wanted.0.clone()),
            query: self.name.clone(),
            key: wanted.1,
            expected: wanted.2,
        })
    }

    /// The same text in the page's language: `reason_zh` beside `reason`, or the
    /// bare columns `en` and `zh` of a query that returns one sentence.
    pub(crate) fn localized(&self, name: &str, lang: Lang) -> Option<Column> {
        self.index_of(&format!("{name}_{}", lang.code()))
            .or_else(|| self.index_of(name))
            .or_else(|| self.index_of(&format!("{name}_en")))
            .or_else(|| {
                (name == "text")
                    .then(|| self.index_of(lang.code()))
                    .flatten()
            })
    }

    pub(crate) fn localized_column(&self, column: Column, lang: Lang) -> Column {
        self.localized(self.name_of(column), lang).unwrap_or(column)
    }

    /// Whether a column only repeats another one in a language (`reason_zh`).
    pub(crate) fn is_translation(&self, column: Column) -> bool {
        let name = self.name_of(column);
        Lang::ALL.iter().any(|lang| {
            name.strip_suffix(lang.code())
                .and_then(|rest| rest.strip_suffix('_'))
                .is_some_and(|base| self.index_of(base).is_some())
        })
    }

    /// The numbers of a column; what is no finite number is `None`.
    pub(crate) fn numbers(
        &self,
        column: Column,
        place: &Place,
    ) -> Result<Vec<Option<f64>>, RenderError> {
        numbers(self.batch.column(column)).ok_or_else(|| RenderError::WrongType {
            place: Box::new(place.clone()),
            query: self.name.clone(),
            column: self.name_of(column).to_owned(),
            expected: "numbers",
            found: self.batch.column(column).data_type().to_string(),
        })
    }

    /// Numbers of an optional column; without one, as many `None`.
    pub(crate) fn numbers_or_none(
        &self,
        column: Option<Column>,
        place: &Place,
    ) -> Result<Vec<Option<f64>>, RenderError> {
        match column {
            Some(column) => self.numbers(column, place),
            None => Ok(vec![None; self.rows()]),
        }
    }

    /// One list of numbers per row.
    pub(crate) fn series(&self, column: Column) -> Option<Vec<Vec<Option<f64>>>> {
        let array = self.batch.column(column);
        let item = |values: Option<ArrayRef>| values.and_then(|values| numbers(&values));
        match array.data_type() {
            DataType::List(_) => Some(
                array
                    .as_list::<i32>()
                    .iter()
                    .map(|row| item(row).unwrap_or_default())
                    .collect(),
            ),
            DataType::LargeList(_) => Some(
                array
                    .as_list::<i64>()
                    .iter()
                    .map(|row| item(row).unwrap_or_default())
                    .collect(),
            ),
            _ => None,
        }
    }

    /// The instants of a column in their own time zone.
    pub(crate) fn moments(&self, column: Column) -> Option<Vec<Option<NaiveDateTime>>> {
        let array = plain(self.batch.column(column))?;
        let zone = match array.data_type() {
            DataType::Timestamp(_, zone) => zone.clone(),
            DataType::Date32 | DataType::Date64 => None,
            _ => return None,
        };
        let zone_name = zone.clone();
        let array = cast(&array, &DataType::Timestamp(TimeUnit::Microsecond, zone)).ok()?;
        let array = array.as_primitive_opt::<TimestampMicrosecondType>()?;
        let zone = match zone_name {
            Some(name) => Some(name.parse::<arrow::array::timezone::Tz>().ok()?),
            None => None,
        };
        let moment = |row| {
            if array.is_null(row) {
                return None;
            }
            match zone {
                Some(zone) => Some(array.value_as_datetime_with_tz(row, zone)?.naive_local()),
                None => array.value_as_datetime(row),
            }
        };
        Some((0..array.len()).map(moment).collect())
    }

    pub(crate) fn days(&self, column: Column) -> Option<Vec<Option<NaiveDate>>> {
        let moments = self.moments(column)?;
        Some(
            moments
                .into_iter()
                .map(|moment| moment.map(|moment| moment.date()))
                .collect(),
        )
    }

    /// Truth values; NULL and columns of other types are false.
    pub(crate) fn flags(&self, column: Option<Column>) -> Vec<bool> {
        let array = column.map(|column| self.batch.column(column));
        match array.and_then(|array| array.as_boolean_opt()) {
            Some(flags) => flags.iter().map(|flag| flag == Some(true)).collect(),
            None => vec![false; self.rows()],
        }
    }

    /// The texts of a column in the page's language. Numbers and days are
    /// written as the page writes them.
    pub(crate) fn texts(&self, column: Column, numbers: &Numbers) -> Vec<Option<String>> {
        let column = self.localized_column(column, numbers.lang());
        self.written(column, self.format_of(column), numbers)
    }

    /// The cells of a column, written in a format; `None` is a NULL.
    pub(crate) fn written(
        &self,
        column: Column,
        format: Format,
        style: &Numbers,
    ) -> Vec<Option<String>> {
        let array = self.batch.column(column);
        if self.is_number(column)
            && let Some(values) = numbers(array)
        {
            return values
                .into_iter()
                .map(|value| value.map(|value| style.write(Some(value), format)))
                .collect();
        }
        if let Some(moments) = self.moments(column) {
            let is_date = !matches!(self.data_type(column), DataType::Timestamp(_, _));
            let midnight = moments
                .iter()
                .flatten()
                .all(|moment| moment.time() == chrono::NaiveTime::MIN);
            return moments
                .into_iter()
                .map(|moment| {
                    moment.map(|moment| match format {
                        Format::Date => style.lang().long_day(moment.date()),
                        _ if is_date || midnight => moment.date().to_string(),
                        _ => moment.format("%Y-%m-%d %H:%M").to_string(),
                    })
                })
                .collect();
        }
        self.raw(column)
    }

    /// The cells as Arrow displays them, in full precision.
    pub(crate) fn raw(&self, column: Column) -> Vec<Option<String>> {
        let array = self.batch.column(column);
        let options = FormatOptions::default();
        let Ok(formatter) = ArrayFormatter::try_new(array.as_ref(), &options) else {
            return vec![None; self.rows()];
        };
        (0..array.len())
            .map(|row| (!array.is_null(row)).then(|| formatter.value(row).to_string()))
            .collect()
    }

    /// How a column is best written, judged by its type and its name; the names
    /// follow the rules of the views (`_rate` is a fraction, `_pct` per cent).
    pub(crate) fn format_of(&self, column: Column) -> Format {
        let name = self.name_of(column);
        // The ends of an interval are written like the value between them.
        let name = ["_low", "_high"]
            .iter()
            .find_map(|end| name.strip_suffix(end))
            .unwrap_or(name);
        let ends = |suffixes: &[&str]| suffixes.iter().any(|suffix| name.ends_with(suffix));
        if self.is_text(column) || self.is_boolean(column) || self.is_day(column) {
            return Format::Text;
        }
        if matches!(self.data_type(column), DataType::Duration(_)) || ends(&["_seconds"]) {
            return Format::Duration;
        }
        if ends(&["_rate", "_share"])
            || matches!(
                name,
                "rate" | "share" | "promoters" | "passives" | "detractors"
            ) && !self.data_type(column).is_integer()
        {
            return Format::Pct1;
        }
        match name {
            _ if ends(&["_pct"]) => Format::Percent,
            _ if ends(&["_amount", "_revenue", "_cost", "_price"]) => Format::Money,
            _ if ends(&["_minutes"]) => Format::Minutes,
            _ if ends(&["_hours"]) => Format::Hours,
            _ if ends(&["_days"]) => Format::Days,
            "nps" => Format::Points,
            _ if self.data_type(column).is_integer() => Format::Int,
            _ => Format::Number,
        }
    }

    /// One cell as a page writes it.
    pub(crate) fn cell(
        &self,
        column: Column,
        row: usize,
        format: Format,
        style: &Numbers,
    ) -> String {
        let cells = self.written(column, format, style);
        cells
            .into_iter()
            .nth(row)
            .flatten()
            .unwrap_or_else(|| MISSING.to_owned())
    }
}

/// A dictionary counts as the type of its values.
fn value_type(data_type: &DataType) -> &DataType {
    match data_type {
        DataType::Dictionary(_, values) => values,
        other => other,
    }
}

fn plain(array: &ArrayRef) -> Option<ArrayRef> {
    match array.data_type() {
        DataType::Dictionary(_, values) => cast(array, values).ok(),
        _ => Some(ArrayRef::clone(array)),
    }
}

fn numbers(array: &ArrayRef) -> Option<Vec<Option<f64>>> {
    let array = plain(array)?;
    // Durations are seconds, whatever unit carries them.
    let (array, factor) = match array.data_type() {
        DataType::Duration(unit) => {
            let factor = match unit {
                TimeUnit::Second => 1.0,
                TimeUnit::Millisecond => 1e-3,
                TimeUnit::Microsecond => 1e-6,
                TimeUnit::Nanosecond => 1e-9,
            };
            (cast(&array, &DataType::Int64).ok()?, factor)
        }
        DataType::Null => (array, 1.0),
        data_type if data_type.is_numeric() => (array, 1.0),
        _ => return None,
    };
    let array = cast(&array, &DataType::Float64).ok()?;
    let array = array.as_primitive_opt::<arrow::datatypes::Float64Type>()?;
    Some(
        array
            .iter()
            .map(|value| {
                value
                    .map(|value| value * factor)
                    .filter(|value| value.is_finite())
            })
            .collect(),
    )
}

#[cfg(test)]
pub(crate) mod tests;
