//! Words with values in them: `The rate reached {{ kpi.return_rate | pct1 }}.`
//!
//! There is no logic in words. A substitution names a query that returns one
//! row and a column of it; anything that must be decided is decided in SQL.

use super::Names;
use super::error::{Fault, SpecError};
use super::source::Place;
use crate::lang::Lang;
use crate::number::Format;

/// The query name under which a page's own values can be used in words.
pub(crate) const PAGE: &str = "report";

/// The columns of [`PAGE`].
pub(crate) const PAGE_COLUMNS: &[&str] = &["period", "as_of", "workspace", "currency", "title"];

/// A text in one language or in both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    en: Option<Template>,
    zh: Option<Template>,
}

impl Words {
    /// The same text for both languages.
    pub(crate) fn same(template: Template) -> Self {
        Self {
            en: Some(template),
            zh: None,
        }
    }

    pub(crate) fn both(en: Option<Template>, zh: Option<Template>) -> Self {
        Self { en, zh }
    }

    /// The text for a language; the other language's if there is only one.
    pub fn template(&self, lang: Lang) -> Option<&Template> {
        match lang {
            Lang::En => self.en.as_ref().or(self.zh.as_ref()),
            Lang::Zh => self.zh.as_ref().or(self.en.as_ref()),
        }
    }
}

/// A text with substitutions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Fixed text and substitutions in order.
    pub parts: Vec<Part>,
}

impl Template {
    /// Returns the fixed text, substitutions left out: for lists, where no query runs.
    pub fn fixed_text(&self) -> String {
        let texts = self.parts.iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            Part::Value(_) => None,
        });
        texts.collect()
    }
}

/// A piece of a [`Template`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Text as it is.
    Text(String),
    /// A value of a query.
    Value(Substitution),
}

/// `{{ query.column | format }}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Substitution {
    /// The query, which must return one row.
    pub query: String,
    /// The column of that row.
    pub column: String,
    /// How to write the value; guessed from the column if it is not given.
    pub format: Option<Format>,
    /// Where the substitution stands.
    pub place: Place,
}

impl Template {
    /// Reads a text; `locate` tells the place of a byte of it.
    pub(crate) fn parse(
        text: &str,
        names: &Names,
        locate: impl Fn(usize) -> Place,
    ) -> Result<Self, SpecError> {
        let mut parts = Vec::new();
        let mut at = 0;
        while let Some(found) = text[at..].find("{{") {
            let open = at + found;
            let Some(length) = text[open..].find("}}") else {
                let line = text[open..].lines().next().unwrap_or_default();
                return Err(SpecError::new(
                    locate(open),
                    Fault::Substitution(line.to_owned()),
                ));
            };
            if open > at {
                parts.push(Part::Text(text[at..open].to_owned()));
            }
            let close = open + length + 2;
            parts.push(Part::Value(substitution(
                &text[open..close],
                names,
                locate(open),
            )?));
            at = close;
        }
        if at < text.len() {
            parts.push(Part::Text(text[at..].to_owned()));
        }
        Ok(Self { parts })
    }
}

fn substitution(written: &str, names: &Names, place: Place) -> Result<Substitution, SpecError> {
    let broken = || SpecError::new(place.clone(), Fault::Substitution(written.to_owned()));
    let inner = written.trim_start_matches("{{").trim_end_matches("}}");
    let (path, format) = match inner.split_once('|') {
        Some((path, format)) => (path.trim(), Some(format.trim())),
        None => (inner.trim(), None),
    };
    let (query, column) = path.split_once('.').ok_or_else(broken)?;
    let (query, column) = (query.trim(), column.trim());
    let is_name = |name: &str| {
        !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_alphanumeric() || c == '_' || c == '-')
    };
    if !is_name(query) || !is_name(column) {
        return Err(broken());
    }
    if query == PAGE {
        if !PAGE_COLUMNS.contains(&column) {
            return Err(SpecError::unknown_name(
                place,
                "value of report",
                column,
                PAGE_COLUMNS,
            ));
        }
    } else {
        names.check_query(query, &place)?;
    }
    let format = match format {
        None => None,
        Some(name) => Some(Format::from_name(name).ok_or_else(|| {
            let known: Vec<&str> = Format::ALL.iter().map(|(name, _)| *name).collect();
            SpecError::unknown_name(place.clone(), "format", name, &known)
        })?),
    };
    Ok(Substitution {
        query: query.to_owned(),
        column: column.to_owned(),
        format,
        place,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Template, SpecError> {
        let names = Names::new(["kpi", "lede"]);
        Template::parse(text, &names, |offset| {
            super::super::source::place("t", text, offset)
        })
    }

    #[test]
    fn text_and_values_alternate() {
        let template = parse("Rate {{ kpi.rate | pct1 }}, {{lede.text}}").unwrap();
        assert_eq!(template.parts.len(), 4);
        let Part::Value(value) = &template.parts[1] else {
            panic!("a value")
        };
        assert_eq!(
            (value.query.as_str(), value.column.as_str()),
            ("kpi", "rate")
        );
        assert_eq!(value.format, Some(Format::Pct1));
    }

    #[test]
    fn each_mistake_names_its_place_and_the_nearest_name() {
        for (text, column, nearest) in [
            ("退 {{ kpy.rate }}", 3, Some("kpi")),
            (
                "{{ kpi.rate | pct }} {{ kpi.rate | monney }}",
                22,
                Some("money"),
            ),
            ("{{ report.perod }}", 1, Some("period")),
            ("x {{ kpi }}", 3, None),
            ("{{ kpi.rate", 1, None),
            ("{{ kpi.rate + 1 }}", 1, None),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.place.column, column, "{text}");
            assert_eq!(error.nearest.as_deref(), nearest, "{text}");
        }
    }
}
