//! Whether a column can become a canonical type, and the expression that makes it one.
//!
//! Follows what `table/mapping.rs` takes as it is; where that asks for a cast or
//! a format, the sample says which.

use arrow::datatypes::DataType;

use super::look::ColumnLook;
use super::shape::MONEY_SIGNS;
use crate::table::Type;

/// How a column becomes a canonical type.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fit {
    /// Expression of the mapping.
    pub(super) expr: String,
    /// 1 where the type is the one promised, less where it is read into it.
    pub(super) quality: f64,
    /// What is worth knowing about the reading.
    pub(super) note: Option<String>,
    /// Whether an id is text.
    pub(super) is_text: bool,
    /// Whether the value is the key of a day in another table.
    pub(super) is_date_key: bool,
}

/// Words SQL would not read as a column.
const RESERVED: &[&str] = &[
    "all",
    "and",
    "any",
    "as",
    "asc",
    "between",
    "by",
    "case",
    "cast",
    "check",
    "column",
    "cross",
    "current_date",
    "date",
    "default",
    "desc",
    "distinct",
    "else",
    "end",
    "except",
    "exists",
    "extract",
    "false",
    "first",
    "from",
    "full",
    "group",
    "having",
    "in",
    "inner",
    "interval",
    "into",
    "is",
    "join",
    "last",
    "left",
    "like",
    "limit",
    "map",
    "natural",
    "not",
    "null",
    "offset",
    "on",
    "or",
    "order",
    "outer",
    "over",
    "position",
    "right",
    "row",
    "rows",
    "select",
    "set",
    "some",
    "struct",
    "table",
    "then",
    "time",
    "timestamp",
    "trim",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "values",
    "when",
    "where",
    "window",
    "with",
];

/// Writes a name as SQL reads it back.
pub(super) fn quoted(name: &str) -> String {
    let is_plain = name.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && name
            .chars()
            .all(|c| (c.is_alphanumeric() && !c.is_uppercase()) || c == '_')
        && !RESERVED.contains(&name);
    if is_plain {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

fn is_text(ty: &DataType) -> bool {
    match ty {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, value) => is_text(value),
        _ => false,
    }
}

/// Returns how a column becomes a type, `None` where it cannot.
pub(super) fn fit(ty: &Type, column: &ColumnLook) -> Option<Fit> {
    let name = quoted(&column.name);
    let found = &column.data_type;
    let shape = &column.shape;
    let plain = |quality: f64| {
        Some(Fit {
            expr: name.clone(),
            quality,
            note: None,
            is_text: is_text(found),
            is_date_key: false,
        })
    };
    let by = |expr: String, quality: f64, note: &str| {
        Some(Fit {
            expr,
            quality,
            note: (!note.is_empty()).then(|| note.to_owned()),
            is_text: false,
            is_date_key: false,
        })
    };
    if *found == DataType::Null {
        return by(name, 0.8, "the sample holds no value");
    }
    match ty {
        Type::Id(_) => match found {
            _ if is_text(found) || found.is_integer() => plain(1.0),
            _ if found.is_numeric() && shape.is_whole => {
                by(format!("cast({name} as bigint)"), 0.95, "")
            }
            _ => None,
        },
        Type::Text => match found {
            _ if is_text(found) => plain(1.0),
            _ if found.is_integer() => plain(0.85),
            DataType::Boolean => plain(0.5),
            _ if found.is_numeric() => by(format!("cast({name} as varchar)"), 0.5, ""),
            _ => None,
        },
        Type::Integer => match found {
            _ if found.is_integer() => plain(1.0),
            _ if found.is_numeric() && shape.is_whole => {
                by(format!("cast({name} as bigint)"), 0.95, "")
            }
            _ if is_text(found) && shape.range.is_some() && shape.is_whole => {
                by(format!("cast({name} as bigint)"), 0.8, "")
            }
            _ => None,
        },
        Type::Float => match found {
            _ if found.is_numeric() => plain(1.0),
            _ if is_text(found) && shape.range.is_some() => {
                by(format!("cast({name} as double)"), 0.8, "")
            }
            _ => None,
        },
        Type::Money => money(column, &name, &by, &plain),
        Type::Boolean => match found {
            DataType::Boolean => plain(1.0),
            _ => {
                let yes = shape.yes_words()?;
                if found.is_integer() {
                    return by(format!("{name} = 1"), 0.9, "1 is yes");
                }
                let words: Vec<String> = yes.iter().map(|w| format!("'{w}'")).collect();
                if words.is_empty() {
                    return None;
                }
                let expr = format!("lower({name}) in ({})", words.join(", "));
                by(expr, 0.9, "")
            }
        },
        Type::Date | Type::Instant => time(column, &name, matches!(ty, Type::Date)),
    }
}

fn money(
    column: &ColumnLook,
    name: &str,
    by: &dyn Fn(String, f64, &str) -> Option<Fit>,
    plain: &dyn Fn(f64) -> Option<Fit>,
) -> Option<Fit> {
    let (found, shape) = (&column.data_type, &column.shape);
    if found.is_numeric() {
        if column.words.is_cents {
            let expr = format!("cast({name} / 100.0 as decimal(18, 2))");
            return by(expr, 0.95, "its name says hundredths");
        }
        // Whole numbers of thousands and more are often hundredths.
        if found.is_integer() && shape.median >= 1000.0 {
            let note = format!(
                "whole numbers, half of them {} or more: divide by 100 if they are cents",
                shape.median
            );
            return by(name.to_owned(), 0.8, &note);
        }
        return plain(1.0);
    }
    if is_text(found) && (shape.is_money_text || shape.range.is_some()) {
        let all: String = column
            .values
            .iter()
            .flatten()
            .flat_map(|v| v.chars())
            .collect();
        let mut expr = name.to_owned();
        for sign in MONEY_SIGNS.iter().filter(|sign| all.contains(**sign)) {
            expr = format!("replace({expr}, '{sign}', '')");
        }
        return by(format!("cast({expr} as decimal(18, 2))"), 0.85, "");
    }
    None
}

/// Reads text as an instant of the workspace's zone.
///
/// By way of seconds, because DataFusion 55.2's `to_timestamp` functions promise a zone for
/// columns of text and then return none, which fails the query.
fn seconds(text: &str, format: &str) -> String {
    if format.is_empty() {
        return format!("to_timestamp_seconds(to_unixtime({text}))");
    }
    format!("to_timestamp_seconds(to_unixtime({text}, '{format}'))")
}

fn time(column: &ColumnLook, name: &str, is_day: bool) -> Option<Fit> {
    let (found, shape) = (&column.data_type, &column.shape);
    let is_key = ["id", "at"]
        .iter()
        .all(|w| column.words.words.iter().any(|word| word == w));
    let made = |expr: String, quality: f64, note: Option<String>| {
        let expr = if is_day && expr != name {
            format!("cast({expr} as date)")
        } else {
            expr
        };
        Some(Fit {
            expr,
            quality,
            note,
            is_text: false,
            is_date_key: false,
        })
    };
    match found {
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => {
            made(name.to_owned(), 1.0, None)
        }
        _ if is_text(found) => {
            let format = shape.time_format?;
            let note = shape
                .is_day_month_open
                .then(|| "day and month could as well stand the other way round".to_owned());
            let quality = if note.is_some() { 0.6 } else { 0.95 };
            made(seconds(name, format), quality, note)
        }
        _ if found.is_integer() => {
            if let Some(function) = shape.epoch() {
                let note = Some("counted since 1970".to_owned());
                return made(format!("{function}({name})"), 0.95, note);
            }
            if shape.time_format == Some("%Y%m%d") && !is_key {
                let expr = seconds(&format!("cast({name} as varchar)"), "%Y%m%d");
                return made(expr, 0.9, None);
            }
            is_key.then(|| Fit {
                expr: name.to_owned(),
                quality: 0.8,
                note: None,
                is_text: false,
                is_date_key: true,
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guess::dictionary::Name;
    use crate::guess::shape::Shape;

    fn column(name: &str, data_type: DataType, values: &[&str]) -> ColumnLook {
        let values: Vec<Option<String>> = values.iter().map(|v| Some((*v).to_owned())).collect();
        ColumnLook {
            name: name.to_owned(),
            data_type,
            is_partition: false,
            words: Name::of(name),
            shape: Shape::of(&values),
            values,
        }
    }

    fn expr(ty: &Type, name: &str, data_type: DataType, values: &[&str]) -> Option<String> {
        fit(ty, &column(name, data_type, values)).map(|fit| fit.expr)
    }

    #[test]
    fn names_that_sql_would_misread_are_quoted() {
        assert_eq!(quoted("order_id"), "order_id");
        assert_eq!(quoted("订单号"), "订单号");
        assert_eq!(quoted("OrderID"), "\"OrderID\"");
        assert_eq!(quoted("order"), "\"order\"");
        assert_eq!(quoted("Order \"x\""), "\"Order \"\"x\"\"\"");
    }

    #[test]
    fn times_are_read_as_they_are_written() {
        let at = |ty, values: &[&str]| expr(&Type::Instant, "t", ty, values);
        let text = DataType::Utf8;
        assert_eq!(
            at(text.clone(), &["2026/01/02 10:00"]).as_deref(),
            Some("to_timestamp_seconds(to_unixtime(t, '%Y/%m/%d %H:%M'))")
        );
        assert_eq!(
            at(DataType::Int64, &["1700000000"]).as_deref(),
            Some("to_timestamp_seconds(t)")
        );
        assert_eq!(
            at(DataType::Int64, &["20260102"]).as_deref(),
            Some("to_timestamp_seconds(to_unixtime(cast(t as varchar), '%Y%m%d'))")
        );
        assert_eq!(at(text, &["soon"]), None);
        assert_eq!(at(DataType::Int64, &["17"]), None);
        let key = column("returned_date_sk", DataType::Int64, &["2450815"]);
        assert!(fit(&Type::Instant, &key).is_some_and(|fit| fit.is_date_key));
    }

    #[test]
    fn amounts_lose_signs_and_cents_become_units() {
        assert_eq!(
            expr(&Type::Money, "amount", DataType::Utf8, &["¥1,200.00"]).as_deref(),
            Some("cast(replace(replace(amount, '¥', ''), ',', '') as decimal(18, 2))")
        );
        assert_eq!(
            expr(&Type::Money, "amount_cents", DataType::Int64, &["1200"]).as_deref(),
            Some("cast(amount_cents / 100.0 as decimal(18, 2))")
        );
        let whole = fit(&Type::Money, &column("amount", DataType::Int64, &["1200"]));
        assert!(whole.is_some_and(|fit| fit.note.is_some()));
        assert_eq!(
            expr(&Type::Money, "amount", DataType::Utf8, &["a lot"]),
            None
        );
    }

    #[test]
    fn words_for_yes_become_conditions() {
        assert_eq!(
            expr(&Type::Boolean, "vip", DataType::Utf8, &["是", "否"]).as_deref(),
            Some("lower(vip) in ('是')")
        );
        assert_eq!(
            expr(&Type::Boolean, "vip", DataType::Int64, &["0", "1"]).as_deref(),
            Some("vip = 1")
        );
        assert_eq!(expr(&Type::Boolean, "vip", DataType::Utf8, &["gold"]), None);
    }
}
