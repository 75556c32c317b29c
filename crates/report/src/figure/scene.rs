//! What a figure has when it draws: its rows, its room, and its language.

use indexmap::IndexMap;

use super::Figure;
use crate::draw::svg::{Svg, rect};
use crate::error::RenderError;
use crate::escape::Markup;
use crate::lang::{Lang, heading};
use crate::number::{Format, Numbers};
use crate::result::{Column, Frame};
use crate::voice::Voice;

/// The font size of labels and of ticks, in pixels; the style sheet says the same.
pub(crate) const LABEL_PX: f64 = 11.5;
pub(crate) const TICK_PX: f64 = 10.5;

pub(crate) struct Scene<'a> {
    pub(crate) figure: &'a Figure,
    pub(crate) frame: &'a Frame,
    pub(crate) frames: &'a IndexMap<String, Frame>,
    pub(crate) voice: &'a Voice<'a>,
    /// The width of the figure in pixels at the page's full size.
    pub(crate) width: f64,
    /// The sentence for screen readers.
    pub(crate) label: &'a str,
}

impl Scene<'_> {
    pub(crate) fn lang(&self) -> Lang {
        self.voice.style.lang()
    }

    pub(crate) fn style(&self) -> &Numbers {
        &self.voice.style
    }

    /// The heading of a column.
    pub(crate) fn heading(&self, column: Column) -> Result<String, RenderError> {
        self.heading_of(self.frame.name_of(column))
    }

    pub(crate) fn heading_of(&self, name: &str) -> Result<String, RenderError> {
        match self.figure.labels.get(name) {
            Some((_, words)) => self.voice.say(words),
            None => Ok(heading(name, self.lang())),
        }
    }

    /// How a column is written.
    pub(crate) fn format(&self, column: Column) -> Format {
        match self.figure.formats.get(self.frame.name_of(column)) {
            Some((_, format)) => *format,
            None => self.frame.format_of(column),
        }
    }

    /// How the main value is written.
    pub(crate) fn main_format(&self, column: Column) -> Format {
        self.figure.format.unwrap_or_else(|| self.format(column))
    }

    pub(crate) fn numbers(&self, column: Column) -> Result<Vec<Option<f64>>, RenderError> {
        self.frame.numbers(column, &self.figure.place)
    }

    pub(crate) fn optional(&self, column: Option<Column>) -> Result<Vec<Option<f64>>, RenderError> {
        self.frame.numbers_or_none(column, &self.figure.place)
    }

    /// The meaning of names in a column of data, such as `state`. A name that
    /// means nothing is an error: a misspelt `alert` must not pass for calm.
    pub(crate) fn names<T: Copy>(
        &self,
        column: &'static str,
        known: &[(&str, T)],
    ) -> Result<Vec<Option<T>>, RenderError> {
        let Some(index) = self.frame.index_of(column) else {
            return Ok(vec![None; self.frame.rows()]);
        };
        let meaning = |name: Option<String>| {
            let Some(name) = name else { return Ok(None) };
            match known.iter().find(|(known, _)| *known == name) {
                Some((_, meaning)) => Ok(Some(*meaning)),
                None => Err(RenderError::UnknownName {
                    place: Box::new(self.figure.place.clone()),
                    query: self.frame.name.clone(),
                    column,
                    found: name,
                    known: known
                        .iter()
                        .map(|(name, _)| *name)
                        .collect::<Vec<_>>()
                        .join(", "),
                }),
            }
        };
        self.frame.raw(index).into_iter().map(meaning).collect()
    }

    pub(crate) fn no_data_text(&self) -> &'static str {
        self.lang().pick("no data for this period", "本期无数据")
    }

    /// The frame of a drawing that has nothing to show.
    pub(crate) fn no_data(&self, height: f64) -> Markup {
        let mut svg = Svg::new(self.width, height);
        for step in 0..4 {
            let y = 10.0 + (height - 20.0) * f64::from(step) / 3.0;
            svg.line(0.0, y, self.width, y, "g");
        }
        let y = height / 2.0;
        svg.rect(
            rect(self.width / 2.0 - 90.0, y - 12.0, 180.0, 24.0),
            "pp",
            "",
        );
        svg.text(self.width / 2.0, y + 4.0, "l c mu", self.no_data_text());
        svg.figure(&format!("{}: {}", self.label, self.no_data_text()))
    }
}
