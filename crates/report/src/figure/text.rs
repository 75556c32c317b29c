//! `text`: words, fixed in the spec or one line per row of a query.
//!
//! A query may return `text` (or `en` and `zh`), a short `value` to stand at the
//! end of the line, and a `state` (`ok`, `watch`, `alert`) that puts a shape
//! before it: a list of findings that SQL has written.

use super::kpis::state_icon;
use super::mark::State;
use super::{Drawing, Scene};
use crate::error::RenderError;
use crate::escape::Markup;
use crate::number::MISSING;
use crate::spec::reader::Reader;
use crate::spec::{ColumnName, SpecError, Words};

/// The options of a `text` figure.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Text {
    text: Option<Words>,
    column: Option<ColumnName>,
}

/// A longer list is a table.
const LINES_MAX: usize = 30;

impl Text {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, SpecError> {
        Ok(Self {
            text: reader.words("text")?,
            column: reader.column("column")?,
        })
    }

    pub(crate) fn has_words(&self) -> bool {
        self.text.is_some()
    }

    pub(crate) fn words(&self) -> Option<&Words> {
        self.text.as_ref()
    }

    pub(crate) fn draw(&self, scene: &Scene<'_>) -> Result<Drawing, RenderError> {
        let frame = scene.frame;
        let mut html = Markup::new();
        if let Some(words) = &self.text {
            html.leaf("p", &[("class", "wd")], &scene.voice.say(words)?);
        }
        let text = match &self.column {
            Some(column) => frame.named(column)?,
            None => match frame.localized("text", scene.lang()) {
                Some(column) => column,
                None => {
                    let wanted = (&scene.figure.place, "column", "column of texts");
                    frame.needed(None, &[], |column| frame.is_text(column), wanted)?
                }
            },
        };
        let texts = frame.texts(text, scene.style());
        let states = scene.names("state", State::NAMES)?;
        let details = frame
            .localized("detail", scene.lang())
            .map(|c| frame.texts(c, scene.style()));
        let value = frame.index_of("value");
        let values =
            value.map(|column| frame.written(column, scene.main_format(column), scene.style()));
        if texts.is_empty() {
            html.leaf("p", &[("class", "sub")], scene.no_data_text());
            return Ok(Drawing::of(html));
        }
        html.open("ul", &[("class", "al")]);
        for (row, text) in texts.iter().enumerate().take(LINES_MAX) {
            let state = states[row].unwrap_or(State::None);
            html.open("li", &[]);
            state_icon(&mut html, scene, state);
            let tag = if details.is_some() { "b" } else { "span" };
            html.leaf(tag, &[], text.as_deref().unwrap_or(MISSING));
            if let Some(value) = values.as_ref().and_then(|values| values[row].as_deref()) {
                let class = if state == State::Alert { "v bad" } else { "v" };
                html.leaf("span", &[("class", class)], value);
            }
            if let Some(detail) = details.as_ref().and_then(|details| details[row].as_deref()) {
                html.leaf("small", &[], detail);
            }
            html.close("li");
        }
        html.close("ul");
        let note = super::rows::left_out(texts.len(), texts.len().min(LINES_MAX), scene.lang());
        Ok(Drawing { body: html, note })
    }
}
