//! CSV as in RFC 4180, with a header always and `\n` at line ends.

use arrow::array::Array;
use arrow::datatypes::DataType;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::error::OutputError;
use crate::result::QueryResult;

/// How a CSV file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CsvOptions {
    /// Begin with a byte order mark; without it Excel on a Chinese system reads
    /// UTF-8 as GBK.
    pub bom: bool,
    /// Put a quote before text that a spreadsheet would run as a formula. It
    /// changes the data, so it is off unless asked for.
    pub guard: bool,
}

/// Writes the rows of a query. NULL is an empty field, and an empty text is
/// `""`, so the two can be told apart.
pub fn csv(result: &QueryResult, options: CsvOptions) -> Result<Vec<u8>, OutputError> {
    let failed = |source| OutputError::Arrow {
        query: result.name.clone(),
        format: "CSV",
        source,
    };
    let mut out = String::new();
    if options.bom {
        out.push('\u{FEFF}');
    }
    for (index, field) in result.schema.fields().iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        push_field(&mut out, field.name(), options.guard);
    }
    out.push('\n');
    let format = FormatOptions::default();
    for batch in &result.batches {
        let columns = batch
            .columns()
            .iter()
            .map(|column| {
                let formatter = ArrayFormatter::try_new(column.as_ref(), &format)?;
                Ok((
                    column,
                    formatter,
                    options.guard && !is_bare(column.data_type()),
                ))
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(failed)?;
        for row in 0..batch.num_rows() {
            for (index, (column, formatter, guard)) in columns.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                if !column.is_null(row) {
                    let text = formatter.value(row).try_to_string().map_err(failed)?;
                    push_field(&mut out, &text, *guard);
                }
            }
            out.push('\n');
        }
    }
    Ok(out.into_bytes())
}

/// Types whose text cannot begin a formula except as the number it is.
fn is_bare(data_type: &DataType) -> bool {
    data_type.is_numeric() || data_type.is_temporal() || matches!(data_type, DataType::Boolean)
}

fn push_field(out: &mut String, text: &str, guard: bool) {
    let guarded = guard && text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let needs_quotes = text.is_empty()
        || text.contains([',', '"', '\n', '\r'])
        || text.starts_with(' ')
        || text.ends_with(' ');
    if !needs_quotes && !guarded {
        out.push_str(text);
        return;
    }
    if needs_quotes {
        out.push('"');
    }
    if guarded {
        out.push('\'');
    }
    for character in text.chars() {
        if character == '"' {
            out.push('"');
        }
        out.push(character);
    }
    if needs_quotes {
        out.push('"');
    }
}

#[cfg(test)]
mod tests {
    use super::super::parquet::tests::sample;
    use super::*;

    fn written(options: CsvOptions) -> String {
        String::from_utf8(csv(&sample(), options).unwrap()).unwrap()
    }

    #[test]
    fn quotes_commas_and_line_ends_are_quoted_and_null_is_not_empty_text() {
        let text = written(CsvOptions::default());
        let expected = "reason,n,amount,day\n\
            \"a \"\"b\"\", c\",1,12.50,2026-11-09\n\
            =1+1,,-0.01,\n\
            \"\",3,,2026-11-10\n\
            ,-4,7.00,2026-11-11\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn the_guard_touches_text_and_not_numbers() {
        let text = written(CsvOptions {
            bom: true,
            guard: true,
        });
        assert!(text.starts_with('\u{FEFF}'));
        assert!(text.contains("\n'=1+1,,-0.01,\n"), "{text}");
        assert!(text.contains("\n,-4,7.00,"), "{text}");
    }

    #[test]
    fn a_result_without_rows_has_a_header() {
        let mut empty = sample();
        empty.batches.clear();
        assert_eq!(
            csv(&empty, CsvOptions::default()).unwrap(),
            b"reason,n,amount,day\n"
        );
    }
}
