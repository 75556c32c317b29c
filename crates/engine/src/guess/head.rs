//! What the first bytes of a CSV file tell: its separator, its encoding, what is a code.
//!
//! Reads text only; the file itself is opened by `look`.

use crate::workspace::{At, ColumnType, SourceSpec};

/// Finds separator, header and columns whose digits are no numbers from the first bytes.
pub(super) fn of_head(
    head: &[u8],
    is_cut: bool,
    is_tsv: bool,
    spec: &mut SourceSpec,
) -> Result<(), String> {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // The last character may have been cut.
        Err(e) if is_cut && head.len() - e.valid_up_to() < 4 => {
            std::str::from_utf8(&head[..e.valid_up_to()]).unwrap_or_default()
        }
        Err(e) => {
            let line = head[..e.valid_up_to()]
                .iter()
                .filter(|b| **b == b'\n')
                .count()
                + 1;
            return Err(format!(
                "line {line} is not UTF-8; a file written as GBK becomes it by `iconv -f GBK -t UTF-8`"
            ));
        }
    };
    let text = text.trim_start_matches('\u{feff}');
    let text = match (is_cut, text.rfind('\n')) {
        (true, Some(end)) => &text[..end],
        _ => text,
    };
    let first = text.lines().next().unwrap_or_default();
    let mut is_quoted = false;
    let mut counts = [(b',', 0), (b';', 0), (b'\t', 0), (b'|', 0)];
    for c in first.bytes() {
        is_quoted ^= c == b'"';
        if let Some((_, n)) = counts.iter_mut().find(|(d, _)| *d == c && !is_quoted) {
            *n += 1;
        }
    }
    let (delimiter, n) = counts
        .into_iter()
        .rev()
        .max_by_key(|(_, n)| *n)
        .unwrap_or((b',', 0));
    if n > 0 && !is_tsv {
        spec.delimiter = delimiter;
    }
    let delimiter = if is_tsv { b'\t' } else { spec.delimiter };
    let mut rows = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut rows = rows.records().filter_map(Result::ok);
    let Some(header) = rows.next() else {
        return Ok(());
    };
    spec.has_header = !header.iter().any(|cell| cell.parse::<f64>().is_ok());
    if !spec.has_header {
        return Ok(());
    }
    let mut are_codes = vec![false; header.len()];
    for row in rows {
        for (cell, is_code) in row.iter().zip(&mut are_codes) {
            let is_digits = !cell.is_empty() && cell.bytes().all(|b| b.is_ascii_digit());
            // 007 is not seven, and 19 digits may be more than an integer holds.
            *is_code |= is_digits && ((cell.len() > 1 && cell.starts_with('0')) || cell.len() > 18);
        }
    }
    for (name, is_code) in header.iter().zip(are_codes) {
        if is_code {
            let value = ColumnType::Text;
            let at = spec.at.clone();
            spec.columns.insert(name.to_owned(), At { value, at });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_tell_separator_codes_and_encoding() {
        let mut spec = SourceSpec::of_location("x");
        of_head(b"id;sku\n1;007\n2;12\n", false, false, &mut spec).unwrap();
        assert_eq!(spec.delimiter, b';');
        assert!(spec.columns.contains_key("sku") && !spec.columns.contains_key("id"));
        let gbk = [b"id,".as_slice(), &[0xb6, 0xa9], b"\n1,2\n"].concat();
        let error = of_head(&gbk, false, false, &mut spec).unwrap_err();
        assert!(error.starts_with("line 1 is not UTF-8"), "{error}");
    }
}
