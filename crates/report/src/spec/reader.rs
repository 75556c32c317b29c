//! Reads a TOML table key by key and knows which keys were asked for.
//!
//! The code that reads a key is the only list of keys there is: [`Reader::finish`]
//! reports every key that nobody asked for, so the accepted keys, the error
//! message and the suggestion cannot disagree.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Names;
use super::error::{Fault, SpecError, list};
use super::source::{Place, nearest, place};
use super::words::{Template, Words};
use crate::lang::Lang;

/// A file that holds TOML, whole or in part.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Origin<'t> {
    pub(crate) path: &'t str,
    pub(crate) text: &'t str,
    /// Where the TOML begins in the text.
    pub(crate) base: usize,
    pub(crate) names: &'t Names,
}

impl Origin<'_> {
    pub(crate) fn place(&self, offset: usize) -> Place {
        place(self.path, self.text, self.base + offset)
    }
}

/// Parses TOML; errors carry the place in the whole file.
pub(crate) fn parse_toml<'t>(
    toml: &'t str,
    origin: &Origin<'_>,
) -> Result<Spanned<DeTable<'t>>, SpecError> {
    DeTable::parse(toml).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        SpecError::new(
            origin.place(offset),
            Fault::Toml(error.message().to_owned()),
        )
    })
}

/// A column named in a spec, with the place for the error if it does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnName {
    /// The name as written.
    pub name: String,
    /// Where it was written.
    pub place: Place,
}

pub(crate) struct Reader<'t> {
    table: &'t DeTable<'t>,
    origin: Origin<'t>,
    part: String,
    start: usize,
    asked: Vec<&'static str>,
}

type Value<'t> = &'t Spanned<DeValue<'t>>;

impl<'t> Reader<'t> {
    pub(crate) fn new(
        table: &'t DeTable<'t>,
        start: usize,
        origin: Origin<'t>,
        part: impl Into<String>,
    ) -> Self {
        Self {
            table,
            origin,
            part: part.into(),
            start,
            asked: Vec::new(),
        }
    }

    pub(crate) fn names(&self) -> &'t Names {
        self.origin.names
    }

    /// Where this table begins.
    pub(crate) fn place(&self) -> Place {
        self.origin.place(self.start)
    }

    /// Every key must have been asked for.
    pub(crate) fn finish(self) -> Result<(), SpecError> {
        for key in self.table.keys() {
            let name: &str = key.get_ref();
            if !self.asked.contains(&name) {
                return Err(SpecError {
                    place: self.origin.place(key.span().start),
                    nearest: nearest(name, self.asked.iter().copied()),
                    fault: Box::new(Fault::UnknownKey {
                        found: name.to_owned(),
                        part: self.part,
                        known: list(&self.asked),
                    }),
                });
            }
        }
        Ok(())
    }

    fn get(&mut self, key: &'static str) -> Option<Value<'t>> {
        if !self.asked.contains(&key) {
            self.asked.push(key);
        }
        self.table.get(key)
    }

    pub(crate) fn value_place(&self, value: Value<'t>) -> Place {
        self.origin.place(value.span().start)
    }

    pub(crate) fn wrong(&self, key: &str, value: Value<'t>, expected: &str) -> SpecError {
        SpecError::new(
            self.value_place(value),
            Fault::WrongValue {
                key: key.to_owned(),
                expected: expected.to_owned(),
                found: describe(value.get_ref()),
            },
        )
    }

    pub(crate) fn missing(&self, key: &'static str) -> SpecError {
        SpecError::new(
            self.place(),
            Fault::MissingKey {
                key,
                part: self.part.clone(),
            },
        )
    }

    pub(crate) fn string(
        &mut self,
        key: &'static str,
    ) -> Result<Option<(String, Place)>, SpecError> {
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        match value.get_ref().as_str() {
            Some(text) => Ok(Some((text.to_owned(), self.value_place(value)))),
            None => Err(self.wrong(key, value, "a string")),
        }
    }

    pub(crate) fn boolean(&mut self, key: &'static str) -> Result<Option<bool>, SpecError> {
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        let boolean = value.get_ref().as_bool();
        boolean
            .map(Some)
            .ok_or_else(|| self.wrong(key, value, "true or false"))
    }

    pub(crate) fn integer(
        &mut self,
        key: &'static str,
        range: std::ops::RangeInclusive<i64>,
    ) -> Result<Option<i64>, SpecError> {
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        match integer(value.get_ref()) {
            Some(number) if range.contains(&number) => Ok(Some(number)),
            _ => {
                let expected = format!("a whole number from {} to {}", range.start(), range.end());
                Err(self.wrong(key, value, &expected))
            }
        }
    }

    pub(crate) fn number(&mut self, key: &'static str) -> Result<Option<f64>, SpecError> {
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        let number = number(value.get_ref());
        number
            .map(Some)
            .ok_or_else(|| self.wrong(key, value, "a number"))
    }

    /// One of a list of names.
    pub(crate) fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        what: &'static str,
        choices: &[(&'static str, T)],
    ) -> Result<Option<T>, SpecError> {
        let Some((written, place)) = self.string(key)? else {
            return Ok(None);
        };
        match choices.iter().find(|(name, _)| *name == written) {
            Some((_, choice)) => Ok(Some(*choice)),
            None => {
                let known: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
                Err(SpecError::unknown_name(place, what, &written, &known))
            }
        }
    }

    /// A query of this report.
    pub(crate) fn query(&mut self, key: &'static str) -> Result<Option<String>, SpecError> {
        let Some((name, place)) = self.string(key)? else {
            return Ok(None);
        };
        self.origin.names.check_query(&name, &place)?;
        Ok(Some(name))
    }

    pub(crate) fn column(&mut self, key: &'static str) -> Result<Option<ColumnName>, SpecError> {
        Ok(self
            .string(key)?
            .map(|(name, place)| ColumnName { name, place }))
    }

    /// A string, or a list of strings.
    pub(crate) fn strings(
        &mut self,
        key: &'static str,
    ) -> Result<Option<Vec<(String, Place)>>, SpecError> {
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        if let Some(text) = value.get_ref().as_str() {
            return Ok(Some(vec![(text.to_owned(), self.value_place(value))]));
        }
        let expected = "a string or a list of strings";
        let array = value
            .get_ref()
            .as_array()
            .ok_or_else(|| self.wrong(key, value, expected))?;
        let mut strings = Vec::new();
        for item in array.iter() {
            let text = item
                .get_ref()
                .as_str()
                .ok_or_else(|| self.wrong(key, item, expected))?;
            strings.push((text.to_owned(), self.value_place(item)));
        }
        Ok(Some(strings))
    }

    /// A column, or a list of columns.
    pub(crate) fn columns(
        &mut self,
        key: &'static str,
    ) -> Result<Option<Vec<ColumnName>>, SpecError> {
        let strings = self.strings(key)?;
        Ok(strings.map(|strings| {
            strings
                .into_iter()
                .map(|(name, place)| ColumnName { name, place })
                .collect()
        }))
    }

    /// Exactly two columns: the ends of an interval.
    pub(crate) fn column_pair(
        &mut self,
        key: &'static str,
    ) -> Result<Option<[ColumnName; 2]>, SpecError> {
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        let columns = self.columns(key)?.unwrap_or_default();
        match <[ColumnName; 2]>::try_from(columns) {
            Ok(pair) => Ok(Some(pair)),
            Err(_) => Err(self.wrong(key, value, "two columns, the low and the high end")),
        }
    }

    /// A string, or a table with `en` and `zh`.
    pub(crate) fn words(&mut self, key: &'static str) -> Result<Option<Words>, SpecError> {
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        self.words_of(key, value).map(Some)
    }

    pub(crate) fn words_of(&self, key: &str, value: Value<'t>) -> Result<Words, SpecError> {
        if let Some(text) = value.get_ref().as_str() {
            return Ok(Words::same(self.template(text, value)?));
        }
        let expected = "a string or { en = \"…\", zh = \"…\" }";
        let table = value
            .get_ref()
            .as_table()
            .ok_or_else(|| self.wrong(key, value, expected))?;
        let mut texts = [None, None];
        for (name, text) in table.iter() {
            let lang = Lang::from_code(name.get_ref()).ok_or_else(|| {
                let place = self.origin.place(name.span().start);
                SpecError::unknown_name(place, "language", name.get_ref(), &["en", "zh"])
            })?;
            let words = text
                .get_ref()
                .as_str()
                .ok_or_else(|| self.wrong(key, text, "a string"))?;
            texts[lang as usize] = Some(self.template(words, text)?);
        }
        let [en, zh] = texts;
        if en.is_none() && zh.is_none() {
            return Err(self.wrong(key, value, expected));
        }
        Ok(Words::both(en, zh))
    }

    fn template(&self, text: &str, value: Value<'t>) -> Result<Template, SpecError> {
        // Escapes make a string shorter than its source, so the place is exact
        // only for a string that stands in the file as it reads.
        let start = value.span().start;
        let file = &self.origin.text[(self.origin.base + start).min(self.origin.text.len())..];
        let plain = ["\"", "'"].iter().any(|quote| {
            file.strip_prefix(quote)
                .is_some_and(|rest| rest.starts_with(text))
        });
        Template::parse(text, self.origin.names, |offset| {
            self.origin
                .place(if plain { start + 1 + offset } else { start })
        })
    }

    /// A table below this one, as a reader of its own.
    pub(crate) fn table(&mut self, key: &'static str) -> Result<Option<Reader<'t>>, SpecError> {
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        let part = format!("{}, {key}", self.part);
        self.reader_of(key, value, part).map(Some)
    }

    pub(crate) fn reader_of(
        &self,
        key: &str,
        value: Value<'t>,
        part: impl Into<String>,
    ) -> Result<Reader<'t>, SpecError> {
        let table = value
            .get_ref()
            .as_table()
            .ok_or_else(|| self.wrong(key, value, "a table"))?;
        Ok(Reader::new(table, value.span().start, self.origin, part))
    }

    /// The entries of a table whose keys the writer chooses.
    pub(crate) fn entries(
        &mut self,
        key: &'static str,
    ) -> Result<Vec<(ColumnName, Value<'t>)>, SpecError> {
        let Some(value) = self.get(key) else {
            return Ok(Vec::new());
        };
        let table = value
            .get_ref()
            .as_table()
            .ok_or_else(|| self.wrong(key, value, "a table"))?;
        let entry = |(name, value): (&'t Spanned<_>, Value<'t>)| {
            let place = self.origin.place(name.span().start);
            let name: &std::borrow::Cow<'_, str> = name.get_ref();
            (
                ColumnName {
                    name: name.to_string(),
                    place,
                },
                value,
            )
        };
        Ok(table.iter().map(entry).collect())
    }

    /// The items of a list, each of which the caller reads.
    pub(crate) fn items(&mut self, key: &'static str) -> Result<Vec<Value<'t>>, SpecError> {
        let Some(value) = self.get(key) else {
            return Ok(Vec::new());
        };
        match value.get_ref().as_array() {
            Some(array) => Ok(array.iter().collect()),
            None => Ok(vec![value]),
        }
    }

    /// Whatever stands under the key.
    pub(crate) fn any(&mut self, key: &'static str) -> Option<Value<'t>> {
        self.get(key)
    }
}

pub(crate) fn integer(value: &DeValue<'_>) -> Option<i64> {
    let integer = value.as_integer()?;
    i64::from_str_radix(integer.as_str(), integer.radix()).ok()
}

pub(crate) fn number(value: &DeValue<'_>) -> Option<f64> {
    let number = match value {
        DeValue::Float(float) => float.as_str().parse().ok()?,
        _ => integer(value)? as f64,
    };
    number.is_finite().then_some(number)
}

fn describe(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("the string \"{text}\""),
        DeValue::Integer(number) => format!("the number {number}"),
        DeValue::Float(number) => format!("the number {number}"),
        DeValue::Boolean(truth) => format!("{truth}"),
        DeValue::Datetime(moment) => format!("the date {moment}"),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}
