//! `pareto`: causes in the order of the query, with the running total beside
//! them and a tick for what is usual.
//!
//! The causes that together make the first four fifths are in ink, the rest in
//! grey; `hot` names a column of truth values that turns a cause red. What is
//! hot is decided in SQL, where the rule can be read and tested.

use super::rows::{label_column, labels_room, left_out, names, value_column};
use super::scene::{LABEL_PX, TICK_PX};
use super::{Drawing, Scene};
use crate::draw::measure::{shorten, widest};
use crate::draw::scale::Linear;
use crate::draw::svg::{Svg, rect};
use crate::error::RenderError;
use crate::number::{Format, MISSING, relative};
use crate::spec::reader::Reader;
use crate::spec::{ColumnName, SpecError};

/// The options of a `pareto` figure.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pareto {
    label: Option<ColumnName>,
    value: Option<ColumnName>,
    reference: Option<ColumnName>,
    hot: Option<ColumnName>,
    top: usize,
}

/// The share that the vital few are said to make.
const VITAL_SHARE: f64 = 0.8;
const TOTAL_WIDTH: f64 = 86.0;

impl Pareto {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, SpecError> {
        Ok(Self {
            label: reader.column("label")?,
            value: reader.column("value")?,
            reference: reader.column("ref")?,
            hot: reader.column("hot")?,
            top: reader.integer("top", 1..=40)?.unwrap_or(12) as usize,
        })
    }

    pub(crate) fn draw(&self, scene: &Scene<'_>) -> Result<Drawing, RenderError> {
        let frame = scene.frame;
        let label = label_column(self.label.as_ref(), scene)?;
        let value = value_column(self.value.as_ref(), scene)?;
        let reference = frame.role(self.reference.as_ref(), &["ref", "mean_4w", "baseline"])?;
        let hot = frame.role(self.hot.as_ref(), &["is_hot"])?;
        let labels = frame.texts(label, scene.style());
        // A share of a total needs counts or amounts: below zero is no cause.
        let values: Vec<Option<f64>> = scene
            .numbers(value)?
            .into_iter()
            .map(|value| value.map(|v| v.max(0.0)))
            .collect();
        let references = scene.optional(reference)?;
        let hots = frame.flags(hot);
        let total: f64 = values.iter().flatten().sum();
        if total <= 0.0 || !total.is_finite() {
            return Ok(Drawing::of(scene.no_data(180.0)));
        }
        let shown = values.len().min(self.top);
        let style = scene.style();
        let format = scene.main_format(value);

        let names = names(&labels, shown);
        let left = labels_room(&names, scene.width);
        let texts: Vec<String> = values
            .iter()
            .take(shown)
            .map(|value| style.write(*value, format))
            .collect();
        let text_room = widest(&texts, LABEL_PX) + 44.0;
        let change_room = if reference.is_some() { 62.0 } else { 14.0 };
        let total_width = TOTAL_WIDTH.min(scene.width * 0.18);
        let total_left = scene.width - change_room - total_width;
        let bars_right = (total_left - text_room - 12.0).max(left + 20.0);
        let (top, pitch) = (30.0, 27.0);
        let bottom = top + pitch * shown as f64;
        let mut svg = Svg::new(scene.width, bottom + 22.0);

        let most = values
            .iter()
            .chain(&references)
            .flatten()
            .fold(f64::MIN_POSITIVE, |most, value| most.max(*value));
        let x = Linear::new((0.0, most), (left, bars_right));
        let cumulative = Linear::new((0.0, 1.0), (total_left, total_left + total_width));

        let mut heading = scene.heading(value)?;
        if let Some(reference) = reference {
            let word = scene.lang().pick("tick", "刻度");
            let text = reference_text(scene, reference)?;
            heading = format!(
                "{heading} \u{B7} {word}{}{text}",
                scene.lang().pick(": ", "：")
            );
            svg.text(
                scene.width,
                14.0,
                "m e",
                scene.lang().pick("change", "变化"),
            );
        }
        svg.text(
            left,
            14.0,
            "m",
            &shorten(&heading, TICK_PX, total_left - left - 6.0),
        );
        svg.text(
            total_left,
            14.0,
            "m",
            scene.lang().pick("cumulative", "累计"),
        );
        for tick in [0.0, 0.5, 1.0] {
            let at = cumulative.at(tick);
            svg.line(at, top - 4.0, at, bottom, "g");
            svg.text(at, bottom + 14.0, "m c", &format!("{:.0}", tick * 100.0));
        }
        let at = cumulative.at(VITAL_SHARE);
        svg.line(at, top - 6.0, at, bottom, "tg");
        svg.text(at - 2.0, bottom + 14.0, "m c", "80");

        let mut running = 0.0;
        let mut points = Vec::new();
        for row in 0..shown {
            let y = top + pitch * row as f64;
            let before = running / total;
            running += values[row].unwrap_or(0.0);
            let is_hot = hots[row];
            let name_class = if is_hot { "l e k2" } else { "l e" };
            svg.text(
                left - 8.0,
                y + 14.5,
                name_class,
                &shorten(names[row], LABEL_PX, left - 10.0),
            );
            let mut edge = left;
            if let Some(value) = values[row] {
                let class = match is_hot {
                    true => "f2",
                    false if before < VITAL_SHARE => "f1",
                    false => "f6",
                };
                let share = style.write(Some(value / total), Format::Pct1);
                let tip = format!("{}: {} ({share})", names[row], texts[row]);
                svg.rect(rect(left, y + 4.0, x.at(value) - left, 14.0), class, &tip);
                edge = x.at(value);
                points.push((cumulative.at(running / total), y + 11.0));
            }
            if let Some(reference) = references[row] {
                let at = x.clamped(reference);
                svg.rect(rect(at - 1.0, y + 1.5, 2.0, 19.0), "fi", "");
                edge = edge.max(at);
                let change =
                    values[row].map_or(MISSING.to_owned(), |value| relative(value, reference));
                let class = if is_hot { "l e v k2" } else { "m e v" };
                svg.text(scene.width, y + 15.0, class, &change);
            }
            let share = values[row].map(|value| value / total);
            let share = share.map_or(String::new(), |share| style.write(Some(share), Format::Pct));
            svg.text_pair(edge + 5.0, y + 15.0, "l v", &texts[row], &share);
        }
        svg.path(&points, false, "ln2");
        for (row, (px, py)) in points.iter().enumerate() {
            let share = (px - total_left) / total_width;
            let tip = format!(
                "\u{2211} {} = {}",
                row + 1,
                style.write(Some(share), Format::Pct)
            );
            svg.circle(*px, *py, 2.6, "f1", &tip);
        }
        let note = left_out(values.len(), shown, scene.lang());
        Ok(Drawing {
            body: svg.figure(scene.label),
            note,
        })
    }
}

/// What the tick is: a former mean is named as such and not as a comparison.
fn reference_text(scene: &Scene<'_>, column: usize) -> Result<String, RenderError> {
    let name = scene.frame.name_of(column);
    if name == "mean_4w" && !scene.figure.labels.contains_key(name) {
        return Ok(scene.lang().pick("4-week mean", "四周均值").to_owned());
    }
    scene.heading(column)
}
