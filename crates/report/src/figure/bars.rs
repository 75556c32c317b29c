//! `bars`: categories and a measure, in the order of the query.
//!
//! An interval is drawn when the query gives one, a reference is a tick, and
//! groups smaller than `min_n` are grey: they may be looked at, not judged.

use super::rows::{label_column, labels_room, left_out, names, value_column};
use super::scene::LABEL_PX;
use super::{Drawing, Scene};
use crate::draw::measure::{shorten, text_width, widest};
use crate::draw::scale::{Linear, extent};
use crate::draw::svg::{Svg, rect};
use crate::error::RenderError;
use crate::number::Format;
use crate::spec::reader::Reader;
use crate::spec::{ColumnName, SpecError};

/// The options of a `bars` figure.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bars {
    label: Option<ColumnName>,
    value: Option<ColumnName>,
    reference: Option<ColumnName>,
    interval: Option<[ColumnName; 2]>,
    n: Option<ColumnName>,
    hot: Option<ColumnName>,
    min_n: Option<f64>,
    top: usize,
}

/// Bars beyond this many are in the data table only.
const ROWS_MAX: i64 = 40;

impl Bars {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, SpecError> {
        Ok(Self {
            label: reader.column("label")?,
            value: reader.column("value")?,
            reference: reader.column("ref")?,
            interval: reader.column_pair("interval")?,
            n: reader.column("n")?,
            hot: reader.column("hot")?,
            min_n: reader.number("min_n")?,
            top: reader.integer("top", 1..=ROWS_MAX)?.unwrap_or(20) as usize,
        })
    }

    pub(crate) fn draw(&self, scene: &Scene<'_>) -> Result<Drawing, RenderError> {
        let frame = scene.frame;
        let label = label_column(self.label.as_ref(), scene)?;
        let value = value_column(self.value.as_ref(), scene)?;
        let reference = frame.role(self.reference.as_ref(), &["ref"])?;
        let n = frame.role(self.n.as_ref(), &["n"])?;
        let hot = frame.role(self.hot.as_ref(), &["is_hot"])?;
        let ends = match &self.interval {
            Some([low, high]) => Some((frame.named(low)?, frame.named(high)?)),
            None => {
                let name = frame.name_of(value);
                frame
                    .index_of(&format!("{name}_low"))
                    .zip(frame.index_of(&format!("{name}_high")))
            }
        };
        let labels = frame.texts(label, scene.style());
        let values = scene.numbers(value)?;
        let references = scene.optional(reference)?;
        let lows = scene.optional(ends.map(|(low, _)| low))?;
        let highs = scene.optional(ends.map(|(_, high)| high))?;
        let counts = scene.optional(n.filter(|n| *n != value))?;
        let hots = frame.flags(hot);
        let shown = values.len().min(self.top);

        let everything = [&values, &references, &lows, &highs];
        let all = everything
            .iter()
            .flat_map(|column| column.iter().take(shown).flatten().copied());
        let Some((least, most)) = extent(all).filter(|_| values.iter().any(Option::is_some)) else {
            return Ok(Drawing::of(scene.no_data(150.0)));
        };
        let format = scene.main_format(value);
        let style = scene.style();
        let texts: Vec<String> = values
            .iter()
            .take(shown)
            .map(|value| style.write(*value, format))
            .collect();
        let value_room = widest(&texts, LABEL_PX) + 10.0;
        let count_room = if counts.iter().any(Option::is_some) {
            56.0
        } else {
            0.0
        };

        let names = names(&labels, shown);
        let left = labels_room(&names, scene.width);
        let (top, pitch) = (22.0, 25.0);
        let height = top + pitch * shown as f64 + 6.0;
        let right = (scene.width - value_room - count_room).max(left + 20.0);
        let mut svg = Svg::new(scene.width, height);
        let x = Linear::new((least.min(0.0), most.max(0.0)), (left, right));

        let mut heading = scene.heading(value)?;
        if let Some(reference) = reference {
            let word = scene.lang().pick("tick", "刻度");
            let colon = scene.lang().pick(": ", "：");
            heading = format!(
                "{heading} \u{B7} {word}{colon}{}",
                scene.heading(reference)?
            );
        }
        svg.text(left, 12.0, "m", &shorten(&heading, LABEL_PX, right - left));
        if let (Some(n), true) = (n, count_room > 0.0) {
            svg.text(svg.width(), 12.0, "m e", &scene.heading(n)?);
        }
        let zero = x.at(0.0);
        for row in 0..shown {
            let y = top + pitch * row as f64;
            let is_small = counts[row]
                .zip(self.min_n)
                .is_some_and(|(n, least)| n < least);
            let (name_class, bar_class) = match (hots[row], is_small) {
                (_, true) => ("l e mu", "f6"),
                (true, false) => ("l e k2", "f2"),
                (false, false) => ("l e", "f1"),
            };
            svg.text(
                left - 8.0,
                y + 14.5,
                name_class,
                &shorten(names[row], LABEL_PX, left - 10.0),
            );
            let mut edge = zero;
            if let Some(value) = values[row] {
                let end = x.at(value);
                let tip = format!("{}: {}", names[row], texts[row]);
                svg.rect(
                    rect(zero.min(end), y + 4.0, (end - zero).abs(), 14.0),
                    bar_class,
                    &tip,
                );
                edge = end.max(zero);
            }
            if let Some((low, high)) = lows[row].zip(highs[row]) {
                svg.whisker(x.clamped(low), x.clamped(high), y + 11.0);
                edge = edge.max(x.clamped(high));
            }
            if let Some(reference) = references[row] {
                svg.rect(
                    rect(x.clamped(reference) - 1.0, y + 1.5, 2.0, 19.0),
                    "fi",
                    "",
                );
                // The value stays beside its bar where there is room before the tick.
                let room = x.clamped(reference) - edge;
                if room < text_width(&texts[row], LABEL_PX) * 1.1 + 12.0 {
                    edge = edge.max(x.clamped(reference));
                }
            }
            let value_class = if hots[row] && !is_small {
                "l v k2"
            } else {
                "l v"
            };
            svg.text(edge + 5.0, y + 15.0, value_class, &texts[row]);
            if count_room > 0.0 {
                svg.text(
                    svg.width(),
                    y + 15.0,
                    "m e v",
                    &style.write(counts[row], Format::Int),
                );
            }
        }
        svg.line(zero, top, zero, top + pitch * shown as f64 - 2.0, "rf");
        Ok(Drawing {
            body: svg.figure(scene.label),
            note: left_out(values.len(), shown, scene.lang()),
        })
    }
}
