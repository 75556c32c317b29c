//! What sampled values look like: numbers, words, ways of writing a time.

use std::collections::BTreeSet;

use chrono::{NaiveDate, NaiveDateTime};

/// More different values than this are no words of a list.
const MAX_WORDS: usize = 64;

/// What the values of a column have in common.
#[derive(Debug, Default)]
pub(super) struct Shape {
    /// Values that are not NULL.
    pub(super) n: usize,
    /// NULLs.
    pub(super) n_null: usize,
    /// Different values.
    pub(super) n_distinct: usize,
    /// Different values in lower case, where they are few.
    pub(super) words: Option<BTreeSet<String>>,
    /// Smallest and largest, where all are numbers.
    pub(super) range: Option<(f64, f64)>,
    /// Whether all are whole numbers.
    pub(super) is_whole: bool,
    /// Numbers below zero.
    pub(super) n_negative: usize,
    /// Median of the numbers.
    pub(super) median: f64,
    /// How text writes a time, as `strftime` names it; empty for ISO 8601.
    pub(super) time_format: Option<&'static str>,
    /// Whether another order of day and month would read all values as well.
    pub(super) is_day_month_open: bool,
    /// Whether all are amounts once signs and separators are gone.
    pub(super) is_money_text: bool,
}

/// Ways of writing an instant, the usual ones first; days have no hour.
const FORMATS: &[&str] = &[
    "%Y-%m-%d %H:%M:%S",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y年%m月%d日 %H:%M:%S",
    "%Y年%m月%d日 %H:%M",
    "%Y年%m月%d日",
    "%Y.%m.%d",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%d/%m/%Y",
    "%Y%m%d",
];

const CURRENCIES: &[&str] = &[
    "cny", "rmb", "usd", "eur", "gbp", "jpy", "hkd", "twd", "chf", "aud", "cad", "sek", "nok",
    "dkk", "pln", "czk", "inr", "krw", "sgd", "brl", "mxn", "thb",
];

/// Words for yes; the others of these pairs are no.
const TRUE_WORDS: &[&str] = &["yes", "y", "true", "t", "1", "是", "有"];
const FALSE_WORDS: &[&str] = &["no", "n", "false", "f", "0", "否", "无"];

fn reads(value: &str, format: &str) -> bool {
    if format.contains("%H") {
        NaiveDateTime::parse_from_str(value, format).is_ok()
    } else {
        // chrono takes `%Y` for any number of digits.
        NaiveDate::parse_from_str(value, format)
            .is_ok_and(|day| (1900..2200).contains(&chrono::Datelike::year(&day)))
    }
}

fn is_iso(value: &str) -> bool {
    chrono::DateTime::parse_from_rfc3339(value).is_ok()
        || NaiveDateTime::parse_from_str(value, "%Y-%m-%dT%H:%M:%S%.f").is_ok()
}

/// Drops what amounts are decorated with.
pub(super) const MONEY_SIGNS: &[char] = &['¥', '￥', '$', '€', '£', ',', ' '];

impl Shape {
    /// Looks at values.
    pub(super) fn of(values: &[Option<String>]) -> Self {
        let present: Vec<&str> = values.iter().flatten().map(String::as_str).collect();
        let distinct: BTreeSet<&str> = present.iter().copied().collect();
        let mut shape = Shape {
            n: present.len(),
            n_null: values.len() - present.len(),
            n_distinct: distinct.len(),
            ..Shape::default()
        };
        if distinct.is_empty() {
            return shape;
        }
        if distinct.len() <= MAX_WORDS {
            shape.words = Some(distinct.iter().map(|v| v.trim().to_lowercase()).collect());
        }
        let numbers: Option<Vec<f64>> = present.iter().map(|v| v.parse::<f64>().ok()).collect();
        if let Some(mut numbers) = numbers.filter(|n| n.iter().all(|x| x.is_finite())) {
            numbers.sort_by(f64::total_cmp);
            shape.range = numbers.first().copied().zip(numbers.last().copied());
            shape.is_whole = numbers.iter().all(|x| x.fract() == 0.0);
            shape.n_negative = numbers.iter().filter(|x| **x < 0.0).count();
            shape.median = numbers[numbers.len() / 2];
        } else {
            let is_amount = |v: &&str| {
                let plain: String = v.chars().filter(|c| !MONEY_SIGNS.contains(c)).collect();
                plain.parse::<f64>().is_ok_and(f64::is_finite)
            };
            shape.is_money_text = distinct.iter().all(is_amount);
        }
        let few: Vec<&str> = distinct.iter().copied().take(500).collect();
        if few.iter().all(|v| is_iso(v)) {
            shape.time_format = Some("");
        } else {
            let all_read = |format: &&&str| few.iter().all(|v| reads(v, format));
            let mut fitting = FORMATS.iter().filter(all_read);
            shape.time_format = fitting.next().copied();
            let is_month_first = shape.time_format.is_some_and(|f| f.starts_with("%m/%d"));
            shape.is_day_month_open =
                is_month_first && fitting.any(|format| format.starts_with("%d/%m"));
        }
        shape
    }

    /// No value stands twice.
    pub(super) fn is_unique(&self) -> bool {
        self.n > 0 && self.n_distinct == self.n
    }

    /// All values are currency codes.
    pub(super) fn are_currencies(&self) -> bool {
        let is_code = |w: &String| CURRENCIES.contains(&w.as_str());
        self.words
            .as_ref()
            .is_some_and(|w| !w.is_empty() && w.iter().all(is_code))
    }

    /// Returns the words for yes, where all values mean yes or no.
    pub(super) fn yes_words(&self) -> Option<Vec<&'static str>> {
        let words = self.words.as_ref().filter(|w| !w.is_empty())?;
        let is_either =
            |w: &String| TRUE_WORDS.contains(&w.as_str()) || FALSE_WORDS.contains(&w.as_str());
        words.iter().all(is_either).then(|| {
            let yes = TRUE_WORDS.iter().filter(|t| words.contains(**t));
            yes.copied().collect()
        })
    }

    /// Returns the function that reads whole numbers as instants since 1970.
    pub(super) fn epoch(&self) -> Option<&'static str> {
        let (low, high) = self.range.filter(|_| self.is_whole)?;
        // From 1990 to 2100.
        let (first, last) = (631_152_000.0, 4_102_444_800.0);
        let units = [
            (1.0, "to_timestamp_seconds"),
            (1e3, "to_timestamp_millis"),
            (1e6, "to_timestamp_micros"),
            (1e9, "to_timestamp_nanos"),
        ];
        let fits = |(unit, _): &&(f64, &str)| low >= first * unit && high <= last * unit;
        units.iter().find(fits).map(|(_, name)| *name)
    }

    /// All numbers lie within bounds.
    pub(super) fn is_within(&self, low: f64, high: f64) -> bool {
        self.range
            .is_some_and(|(min, max)| min >= low && max <= high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(values: &[&str]) -> Shape {
        let values: Vec<Option<String>> = values.iter().map(|v| Some((*v).to_owned())).collect();
        Shape::of(&values)
    }

    #[test]
    fn times_are_recognised_as_they_are_written() {
        assert_eq!(
            shape(&["2026/1/2 10:00", "2026/12/31 9:05"]).time_format,
            Some("%Y/%m/%d %H:%M")
        );
        assert_eq!(shape(&["2026年1月2日"]).time_format, Some("%Y年%m月%d日"));
        assert_eq!(shape(&["2026-01-02T03:04:05Z"]).time_format, Some(""));
        assert_eq!(shape(&["20260102"]).time_format, Some("%Y%m%d"));
        assert_eq!(shape(&["13/02/2026"]).time_format, Some("%d/%m/%Y"));
        let open = shape(&["03/02/2026"]);
        assert!(open.is_day_month_open && open.time_format == Some("%m/%d/%Y"));
        assert_eq!(shape(&["hello"]).time_format, None);
        assert_eq!(shape(&["17"]).time_format, None);
    }

    #[test]
    fn numbers_may_be_instants() {
        assert_eq!(shape(&["1700000000"]).epoch(), Some("to_timestamp_seconds"));
        assert_eq!(
            shape(&["1700000000000"]).epoch(),
            Some("to_timestamp_millis")
        );
        assert_eq!(shape(&["2450815"]).epoch(), None);
        assert_eq!(shape(&["17"]).epoch(), None);
    }

    #[test]
    fn words_are_recognised() {
        assert_eq!(shape(&["是", "否"]).yes_words(), Some(vec!["是"]));
        assert_eq!(shape(&["maybe", "no"]).yes_words(), None);
        assert!(shape(&["CNY", "USD"]).are_currencies());
        assert!(!shape(&["web", "app"]).are_currencies());
        assert!(shape(&["¥1,234.50", "¥12"]).is_money_text);
        assert!(!shape(&["web"]).is_money_text);
    }
}
