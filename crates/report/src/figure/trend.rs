//! `trend`: one to four lines over time.
//!
//! The interval is a band, the counts behind it are bars underneath, shares are
//! stacked strips, a target is a dashed line, events are dotted verticals. Weeks
//! whose outcome is not complete yet are drawn dashed when the query says which.
//! End-of-line labels stand in for a legend.

mod plot;

use chrono::NaiveDateTime;
use toml::de::DeValue;

use super::{Drawing, Scene};
use crate::error::RenderError;
use crate::number::Format;
use crate::result::Column;
use crate::spec::reader::{Reader, number};
use crate::spec::{ColumnName, SpecError};

/// The options of a `trend` figure.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Trend {
    x: Option<ColumnName>,
    y: Option<Vec<ColumnName>>,
    band: Option<[ColumnName; 2]>,
    under: Option<ColumnName>,
    parts: Option<Vec<ColumnName>>,
    target: Option<Target>,
    complete: Option<ColumnName>,
    events: Option<String>,
    zero: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum Target {
    Value(f64),
    Column(ColumnName),
}

/// More lines than this are a table.
const LINES_MAX: usize = 4;
/// Above this many points a figure would outgrow its size budget.
const POINTS_MAX: usize = 400;

impl Trend {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, SpecError> {
        let target = match reader.any("target") {
            None => None,
            Some(value) => Some(match value.get_ref() {
                DeValue::String(name) => Target::Column(ColumnName {
                    name: name.to_string(),
                    place: reader.value_place(value),
                }),
                other => Target::Value(
                    number(other)
                        .ok_or_else(|| reader.wrong("target", value, "a number or a column"))?,
                ),
            }),
        };
        let x = reader.column("x")?;
        let lines = reader.any("y");
        let y = reader.columns("y")?;
        if let (Some(value), Some(columns)) = (lines, &y)
            && !(1..=LINES_MAX).contains(&columns.len())
        {
            return Err(reader.wrong("y", value, "one to four columns"));
        }
        Ok(Self {
            x,
            y,
            band: reader.column_pair("band")?,
            under: reader.column("under")?,
            parts: reader.columns("parts")?,
            target,
            complete: reader.column("complete")?,
            events: reader.query("events")?,
            zero: reader.boolean("zero")?.unwrap_or(false),
        })
    }

    pub(crate) fn events(&self) -> Option<&str> {
        self.events.as_deref()
    }

    pub(crate) fn draw(&self, scene: &Scene<'_>) -> Result<Drawing, RenderError> {
        let Some(data) = self.data(scene)? else {
            return Ok(Drawing::of(scene.no_data(plot::EMPTY_HEIGHT)));
        };
        let note = (data.left_out > 0).then(|| match scene.lang() {
            crate::lang::Lang::En => format!("first {} points left out", data.left_out),
            crate::lang::Lang::Zh => format!("省略最早 {} 个点", data.left_out),
        });
        Ok(Drawing {
            body: plot::draw(scene, &data),
            note,
        })
    }

    /// Reads the columns; `None` if there is nothing to draw.
    fn data(&self, scene: &Scene<'_>) -> Result<Option<Data>, RenderError> {
        let frame = scene.frame;
        let place = &scene.figure.place;
        let x = frame.needed(
            self.x.as_ref(),
            &[],
            |column| frame.is_day(column),
            (place, "x", "column of days"),
        )?;
        let y = match &self.y {
            Some(columns) => columns
                .iter()
                .map(|column| frame.named(column))
                .collect::<Result<Vec<_>, _>>()?,
            None => {
                let is_measure = |column: Column| {
                    let name = frame.name_of(column);
                    frame.is_number(column)
                        && column != x
                        && name != "n"
                        && !["_low", "_high", "_se"]
                            .iter()
                            .any(|end| name.ends_with(end))
                };
                let wanted = (place, "y", "column of numbers");
                vec![frame.needed(None, &["value"], is_measure, wanted)?]
            }
        };
        let band = match &self.band {
            Some([low, high]) => Some((frame.named(low)?, frame.named(high)?)),
            None => y.first().and_then(|y| {
                let name = frame.name_of(*y);
                let low = frame
                    .index_of(&format!("{name}_low"))
                    .or(frame.index_of("low"))?;
                let high = frame
                    .index_of(&format!("{name}_high"))
                    .or(frame.index_of("high"))?;
                Some((low, high))
            }),
        };
        let under = frame.role(self.under.as_ref(), &["n"])?;
        let parts = match &self.parts {
            Some(columns) => columns
                .iter()
                .map(|column| frame.named(column))
                .collect::<Result<Vec<_>, _>>()?,
            None => Vec::new(),
        };
        let complete = frame.role(self.complete.as_ref(), &["is_complete", "is_mature"])?;

        // Rows in the order of their days; rows without a day cannot be drawn.
        let moments = frame.moments(x).ok_or_else(|| RenderError::WrongType {
            place: Box::new(place.clone()),
            query: frame.name.clone(),
            column: frame.name_of(x).to_owned(),
            expected: "days or instants",
            found: "something else".to_owned(),
        })?;
        let mut order: Vec<(NaiveDateTime, usize)> = moments
            .iter()
            .enumerate()
            .filter_map(|(row, moment)| moment.map(|moment| (moment, row)))
            .collect();
        order.sort();
        let left_out = order.len().saturating_sub(POINTS_MAX);
        let order = order.split_off(left_out);
        let column = |column: Column| -> Result<Vec<Option<f64>>, RenderError> {
            let values = scene.numbers(column)?;
            Ok(order.iter().map(|(_, row)| values[*row]).collect())
        };
        let line = |index: Column| -> Result<Series, RenderError> {
            Ok(Series {
                name: scene.heading(index)?,
                values: column(index)?,
            })
        };
        let flags = complete.map(|_| frame.flags(complete));
        let target = match &self.target {
            Some(Target::Value(value)) => Some(*value),
            Some(Target::Column(name)) => column(frame.named(name)?)?
                .into_iter()
                .flatten()
                .next_back(),
            None => match frame.index_of("target") {
                Some(index) => column(index)?.into_iter().flatten().next_back(),
                None => None,
            },
        };
        let data = Data {
            moments: order.iter().map(|(moment, _)| *moment).collect(),
            format: scene.main_format(y[0]),
            lines: y
                .iter()
                .map(|index| line(*index))
                .collect::<Result<_, _>>()?,
            band: match band {
                Some((low, high)) => Some(
                    column(low)?
                        .into_iter()
                        .zip(column(high)?)
                        .map(|(l, h)| l.zip(h))
                        .collect(),
                ),
                None => None,
            },
            under: under.map(line).transpose()?,
            parts: parts
                .iter()
                .map(|index| line(*index))
                .collect::<Result<_, _>>()?,
            complete: order
                .iter()
                .map(|(_, row)| flags.as_ref().is_none_or(|flags| flags[*row]))
                .collect(),
            target,
            events: self.read_events(scene)?,
            zero: self.zero,
            left_out,
        };
        let has_values = data
            .lines
            .iter()
            .any(|line| line.values.iter().any(Option::is_some));
        Ok(has_values.then_some(data))
    }

    fn read_events(&self, scene: &Scene<'_>) -> Result<Vec<(NaiveDateTime, String)>, RenderError> {
        let Some(name) = &self.events else {
            return Ok(Vec::new());
        };
        let frame = scene
            .frames
            .get(name)
            .ok_or_else(|| RenderError::NoResult {
                query: name.clone(),
            })?;
        let place = &scene.figure.place;
        let is_day = |column| frame.is_day(column);
        let day = frame.needed(None, &[], is_day, (place, "events", "column of days"))?;
        let is_text = |column| frame.is_text(column);
        let wanted = (place, "events", "column of texts");
        let text = frame.needed(None, &["label", "event"], is_text, wanted)?;
        let texts = frame.texts(text, scene.style());
        let moments = frame.moments(day).unwrap_or_default();
        Ok(moments
            .into_iter()
            .zip(texts)
            .filter_map(|(moment, text)| Some((moment?, text.unwrap_or_default())))
            .collect())
    }
}

/// One column by its heading.
struct Series {
    name: String,
    values: Vec<Option<f64>>,
}

/// Everything that is drawn, in the order of time.
struct Data {
    moments: Vec<NaiveDateTime>,
    lines: Vec<Series>,
    format: Format,
    band: Option<Vec<Option<(f64, f64)>>>,
    under: Option<Series>,
    parts: Vec<Series>,
    complete: Vec<bool>,
    target: Option<f64>,
    events: Vec<(NaiveDateTime, String)>,
    zero: bool,
    left_out: usize,
}
