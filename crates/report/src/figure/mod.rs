//! Figures: each kind is a file with its options and its drawing.
//!
//! A figure is a view of one query. It names columns only where the guess from
//! the shape of the result is wrong. What a kind accepts is what its `read`
//! asks for; there is no second list. Without rows, or with nothing but NULL, a
//! figure draws its frame and says that there is no data.

mod bars;
mod cohort;
mod heatmap;
mod kpis;
mod mark;
mod pareto;
mod rows;
mod scene;
mod table;
mod text;
mod trend;

use indexmap::IndexMap;
use toml::de::DeValue;

use crate::error::RenderError;
use crate::escape::Markup;
use crate::number::Format;
use crate::spec::reader::{Origin, Reader, parse_toml};
use crate::spec::{ColumnName, Place, SpecError, Words};

pub(crate) use scene::Scene;

/// A figure of a page.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// What kind of figure it is.
    pub kind: FigureKind,
    /// The query it shows; only `text` can do without.
    pub query: Option<String>,
    /// How many of the twelve columns of the page it takes.
    pub cols: u8,
    /// What the figure says.
    pub title: Option<Words>,
    /// What is measured: metric, unit, period, method.
    pub sub: Option<Words>,
    /// Where the figure begins in `report.md`.
    pub place: Place,
    /// How the main value is written.
    format: Option<Format>,
    /// Headings of columns.
    labels: IndexMap<String, (ColumnName, Words)>,
    /// How columns are written.
    formats: IndexMap<String, (ColumnName, Format)>,
    options: Options,
}

/// The kinds of figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FigureKind {
    /// Measures against their targets, one dense line each.
    Kpis,
    /// A line over time with its interval.
    Trend,
    /// Categories and a measure.
    Bars,
    /// Causes in order, with the running total.
    Pareto,
    /// Two categories and a measure.
    Heatmap,
    /// Cohorts by age.
    Cohort,
    /// Rows and columns with marks in cells.
    Table,
    /// Words, from the spec or from a query.
    Text,
}

impl FigureKind {
    /// Every kind with the name a spec uses for it.
    pub const ALL: &'static [(&'static str, Self)] = &[
        ("kpis", Self::Kpis),
        ("trend", Self::Trend),
        ("bars", Self::Bars),
        ("pareto", Self::Pareto),
        ("heatmap", Self::Heatmap),
        ("cohort", Self::Cohort),
        ("table", Self::Table),
        ("text", Self::Text),
    ];

    /// The name a spec uses for the kind.
    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, kind)| *kind == self)
            .map_or("", |(name, _)| name)
    }

    /// The width of a figure that does not say how wide it is.
    fn usual_cols(self) -> u8 {
        match self {
            Self::Kpis | Self::Table => 8,
            Self::Trend | Self::Cohort => 7,
            Self::Bars | Self::Pareto => 5,
            Self::Heatmap | Self::Text => 4,
        }
    }
}

/// The options of each kind.
#[derive(Debug, Clone, PartialEq)]
enum Options {
    Kpis(kpis::Kpis),
    Trend(trend::Trend),
    Bars(bars::Bars),
    Pareto(pareto::Pareto),
    Heatmap(heatmap::Heatmap),
    Cohort(cohort::Cohort),
    Table(table::Table),
    Text(text::Text),
}

/// A drawn figure.
#[derive(Debug)]
pub(crate) struct Drawing {
    pub(crate) body: Markup,
    /// Something the reader must know about the drawing itself, such as rows
    /// left out; it is added to the sub-line.
    pub(crate) note: Option<String>,
}

impl Drawing {
    fn of(body: Markup) -> Self {
        Self { body, note: None }
    }
}

impl Figure {
    pub(crate) fn parse(
        kind: &str,
        toml: &str,
        origin: Origin<'_>,
        place: &Place,
    ) -> Result<Self, SpecError> {
        let Some((name, kind)) = FigureKind::ALL
            .iter()
            .copied()
            .find(|(name, _)| *name == kind)
        else {
            let known: Vec<&str> = FigureKind::ALL.iter().map(|(name, _)| *name).collect();
            return Err(SpecError::unknown_name(
                place.clone(),
                "figure kind",
                kind,
                &known,
            ));
        };
        let document = parse_toml(toml, &origin)?;
        let mut reader = Reader::new(document.get_ref(), 0, origin, format!("figure {name}"));
        let query = reader.query("query")?;
        let no_query = reader.missing("query");
        let cols = reader
            .integer("cols", 3..=12)?
            .map_or(kind.usual_cols(), |cols| cols as u8);
        let title = reader.words("title")?;
        let sub = reader.words("sub")?;
        let labels = labels(&mut reader)?;
        let format = format(&mut reader)?;
        let formats = formats(&mut reader)?;
        let options = match kind {
            FigureKind::Kpis => Options::Kpis(kpis::Kpis::read(&mut reader)?),
            FigureKind::Trend => Options::Trend(trend::Trend::read(&mut reader)?),
            FigureKind::Bars => Options::Bars(bars::Bars::read(&mut reader)?),
            FigureKind::Pareto => Options::Pareto(pareto::Pareto::read(&mut reader)?),
            FigureKind::Heatmap => Options::Heatmap(heatmap::Heatmap::read(&mut reader)?),
            FigureKind::Cohort => Options::Cohort(cohort::Cohort::read(&mut reader)?),
            FigureKind::Table => Options::Table(table::Table::read(&mut reader)?),
            FigureKind::Text => Options::Text(text::Text::read(&mut reader)?),
        };
        reader.finish()?;
        let has_words = matches!(&options, Options::Text(text) if text.has_words());
        if query.is_none() && !has_words {
            return Err(no_query);
        }
        let place = place.clone();
        Ok(Self {
            kind,
            query,
            cols,
            title,
            sub,
            place,
            format,
            labels,
            formats,
            options,
        })
    }

    /// The queries the figure reads.
    pub(crate) fn queries(&self) -> impl Iterator<Item = &str> {
        let events = match &self.options {
            Options::Trend(trend) => trend.events(),
            _ => None,
        };
        self.query.as_deref().into_iter().chain(events)
    }

    /// All words of the figure.
    pub(crate) fn words(&self) -> impl Iterator<Item = &Words> {
        let own: Vec<&Words> = match &self.options {
            Options::Cohort(cohort) => cohort.words().collect(),
            Options::Heatmap(heatmap) => heatmap.words().into_iter().collect(),
            Options::Text(text) => text.words().into_iter().collect(),
            _ => Vec::new(),
        };
        let labels = self.labels.values().map(|(_, words)| words);
        self.title.iter().chain(&self.sub).chain(own).chain(labels)
    }

    /// Draws a figure of a query.
    pub(crate) fn draw(&self, scene: &Scene<'_>) -> Result<Drawing, RenderError> {
        for (column, _) in self.labels.values() {
            // `series` is the heading of a sparkline made of several rows.
            if column.name != "series" {
                scene.frame.named(column)?;
            }
        }
        for (column, _) in self.formats.values() {
            scene.frame.named(column)?;
        }
        match &self.options {
            Options::Kpis(kpis) => kpis.draw(scene),
            Options::Trend(trend) => trend.draw(scene),
            Options::Bars(bars) => bars.draw(scene),
            Options::Pareto(pareto) => pareto.draw(scene),
            Options::Heatmap(heatmap) => heatmap.draw(scene),
            Options::Cohort(cohort) => cohort.draw(scene),
            Options::Table(table) => table.draw(scene),
            Options::Text(text) => text.draw(scene),
        }
    }

    /// The words of a `text` figure that has no query.
    pub(crate) fn fixed_words(&self) -> Option<&Words> {
        match &self.options {
            Options::Text(text) => text.words(),
            _ => None,
        }
    }
}

fn labels(reader: &mut Reader<'_>) -> Result<IndexMap<String, (ColumnName, Words)>, SpecError> {
    let mut labels = IndexMap::new();
    for (column, value) in reader.entries("labels")? {
        let words = reader.words_of("labels", value)?;
        labels.insert(column.name.clone(), (column, words));
    }
    Ok(labels)
}

fn format(reader: &mut Reader<'_>) -> Result<Option<Format>, SpecError> {
    reader.choice("format", "format", Format::ALL)
}

fn formats(reader: &mut Reader<'_>) -> Result<IndexMap<String, (ColumnName, Format)>, SpecError> {
    let mut formats = IndexMap::new();
    for (column, value) in reader.entries("formats")? {
        let DeValue::String(name) = value.get_ref() else {
            return Err(reader.wrong("formats", value, "the name of a format"));
        };
        let format = Format::from_name(name).ok_or_else(|| {
            let known: Vec<&str> = Format::ALL.iter().map(|(name, _)| *name).collect();
            SpecError::unknown_name(reader.value_place(value), "format", name, &known)
        })?;
        formats.insert(column.name.clone(), (column, format));
    }
    Ok(formats)
}

#[cfg(test)]
mod tests;
