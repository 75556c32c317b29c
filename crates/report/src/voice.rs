//! Puts values into words.

use indexmap::IndexMap;

use crate::error::RenderError;
use crate::number::{Format, Numbers};
use crate::page::PageContext;
use crate::result::Frame;
use crate::spec::{PAGE, Part, Substitution, Template, Words};

/// Everything a sentence may refer to.
pub(crate) struct Voice<'a> {
    pub(crate) frames: &'a IndexMap<String, Frame>,
    pub(crate) style: Numbers,
    pub(crate) context: &'a PageContext,
    /// The title of the report, for `{{ report.title }}` in figures.
    pub(crate) title: String,
}

/// A substituted value, and whether its emphasis is to be read as Markdown.
pub(crate) struct Spoken {
    pub(crate) text: String,
    pub(crate) is_markdown: bool,
}

impl Voice<'_> {
    /// The words in the page's language, with their values, as plain text.
    pub(crate) fn say(&self, words: &Words) -> Result<String, RenderError> {
        match words.template(self.style.lang()) {
            Some(template) => self.fill(template),
            None => Ok(String::new()),
        }
    }

    pub(crate) fn fill(&self, template: &Template) -> Result<String, RenderError> {
        let mut text = String::new();
        for part in &template.parts {
            match part {
                Part::Text(fixed) => text.push_str(fixed),
                Part::Value(value) => text.push_str(&self.value(value)?.text),
            }
        }
        Ok(text.trim().to_owned())
    }

    pub(crate) fn value(&self, value: &Substitution) -> Result<Spoken, RenderError> {
        let is_markdown = value.format == Some(Format::Markdown);
        if value.query == PAGE {
            return Ok(Spoken {
                text: self.page_value(value),
                is_markdown: false,
            });
        }
        let frame = self
            .frames
            .get(&value.query)
            .ok_or_else(|| RenderError::NoResult {
                query: value.query.clone(),
            })?;
        let column = frame
            .localized(&value.column, self.style.lang())
            .ok_or_else(|| frame.unknown(&value.column, &value.place))?;
        if frame.rows() != 1 {
            return Err(RenderError::NotOneRow {
                place: Box::new(value.place.clone()),
                query: value.query.clone(),
                rows: frame.rows(),
            });
        }
        let format = value.format.unwrap_or_else(|| frame.format_of(column));
        Ok(Spoken {
            text: frame.cell(column, 0, format, &self.style),
            is_markdown,
        })
    }

    fn page_value(&self, value: &Substitution) -> String {
        let lang = self.style.lang();
        match value.column.as_str() {
            "period" => match (self.context.period_start, self.context.period_end) {
                (Some(start), Some(end)) => lang.period(start, end),
                _ => lang.long_day(self.context.as_of),
            },
            "as_of" if value.format == Some(Format::Date) => lang.long_day(self.context.as_of),
            "as_of" => self.context.as_of.to_string(),
            "workspace" => self.context.workspace_name.clone(),
            "currency" => self.context.currency.clone(),
            _ => self.title.clone(),
        }
    }
}
