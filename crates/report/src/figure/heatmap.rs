//! `heatmap`: two categories and a measure, such as the RFM grid.
//!
//! Seven steps instead of a gradient: a step can be read back from the legend.
//! Cells that belong to one group (a segment) are outlined together.

use super::scene::TICK_PX;
use super::{Drawing, Scene};
use crate::draw::measure::{shorten, text_width, widest};
use crate::draw::scale::extent;
use crate::draw::svg::{Svg, rect};
use crate::error::RenderError;
use crate::number::{Format, MISSING};
use crate::result::Column;
use crate::spec::reader::Reader;
use crate::spec::{ColumnName, SpecError, Words};

/// The options of a `heatmap` figure.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Heatmap {
    x: Option<ColumnName>,
    y: Option<ColumnName>,
    value: Option<ColumnName>,
    note: Option<ColumnName>,
    outline: Option<ColumnName>,
    scale: Scale,
    center: f64,
    caption: Option<Words>,
}

/// The colours of the steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scale {
    /// More is more, without judgement.
    Blue,
    /// More is worse.
    Warm,
    /// Better and worse than a centre.
    Diverging,
}

/// A grid with more cells would be noise; the data table has the rest.
const CELLS_MAX: usize = 1_000;

struct Cell {
    value: Option<f64>,
    note: Option<String>,
    outline: Option<String>,
}

impl Heatmap {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, SpecError> {
        let scales = [
            ("blue", Scale::Blue),
            ("warm", Scale::Warm),
            ("diverging", Scale::Diverging),
        ];
        Ok(Self {
            x: reader.column("x")?,
            y: reader.column("y")?,
            value: reader.column("value")?,
            note: reader.column("note")?,
            outline: reader.column("outline")?,
            scale: reader
                .choice("scale", "scale", &scales)?
                .unwrap_or(Scale::Blue),
            center: reader.number("center")?.unwrap_or(0.0),
            caption: reader.words("caption")?,
        })
    }

    pub(crate) fn words(&self) -> Option<&Words> {
        self.caption.as_ref()
    }

    pub(crate) fn draw(&self, scene: &Scene<'_>) -> Result<Drawing, RenderError> {
        let frame = scene.frame;
        let place = &scene.figure.place;
        let value = self.value_column(scene)?;
        let is_free = |column: Column| column != value && !frame.is_translation(column);
        let y = frame.needed(
            self.y.as_ref(),
            &["y"],
            is_free,
            (place, "y", "column for rows"),
        )?;
        let is_other = |column: Column| is_free(column) && column != y;
        let x = frame.needed(
            self.x.as_ref(),
            &["x"],
            is_other,
            (place, "x", "column for columns"),
        )?;
        let note = frame.role(self.note.as_ref(), &["note"])?;
        let outline = frame.role(self.outline.as_ref(), &["outline"])?;

        let values = scene.numbers(value)?;
        let Some(domain) = extent(values.iter().flatten().copied()) else {
            return Ok(Drawing::of(scene.no_data(220.0)));
        };
        let (rows, row_of) = categories(frame.texts(y, scene.style()));
        let (columns, column_of) = categories(frame.texts(x, scene.style()));
        if rows.len() * columns.len() > CELLS_MAX {
            let note = scene
                .lang()
                .pick("too many cells to draw", "单元格过多，未绘制");
            return Ok(Drawing {
                body: scene.no_data(220.0),
                note: Some(note.to_owned()),
            });
        }
        let notes = match note {
            Some(note) if frame.is_number(note) => scene
                .numbers(note)?
                .into_iter()
                .map(|value| value.map(|value| scene.style().compact(value, 2)))
                .collect(),
            Some(note) => frame.texts(note, scene.style()),
            None => vec![None; frame.rows()],
        };
        let outlines = match outline {
            Some(outline) => frame.texts(outline, scene.style()),
            None => vec![None; frame.rows()],
        };
        let mut grid: Vec<Vec<Option<Cell>>> = rows
            .iter()
            .map(|_| columns.iter().map(|_| None).collect())
            .collect();
        for (index, (note, outline)) in notes.into_iter().zip(outlines).enumerate() {
            let cell = Cell {
                value: values[index],
                note,
                outline,
            };
            grid[row_of[index]][column_of[index]] = Some(cell);
        }
        let format = scene.main_format(value);
        let body = self.grid(scene, &rows, &columns, &grid, domain, format, (x, y))?;
        Ok(Drawing::of(body))
    }

    fn value_column(&self, scene: &Scene<'_>) -> Result<Column, RenderError> {
        let frame = scene.frame;
        let named = [&self.x, &self.y, &self.note]
            .map(|name| name.as_ref().and_then(|name| frame.index_of(&name.name)));
        // The measure comes last in a grid query: its axes may be numbers too.
        let guess = (0..frame.columns())
            .rev()
            .find(|column| frame.is_number(*column) && !named.contains(&Some(*column)));
        let wanted = (&scene.figure.place, "value", "column of numbers");
        frame.needed(
            self.value.as_ref(),
            &["value"],
            |column| Some(column) == guess,
            wanted,
        )
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the grid is drawn in one piece from its parts"
    )]
    fn grid(
        &self,
        scene: &Scene<'_>,
        rows: &[String],
        columns: &[String],
        grid: &[Vec<Option<Cell>>],
        domain: (f64, f64),
        format: Format,
        axes: (Column, Column),
    ) -> Result<crate::escape::Markup, RenderError> {
        let longest = widest(rows, TICK_PX);
        let left = (longest + 10.0).clamp(28.0, scene.width * 0.3);
        let top = 18.0;
        let cell_width = (scene.width - left - 2.0) / columns.len() as f64;
        let has_notes = grid
            .iter()
            .flatten()
            .flatten()
            .any(|cell| cell.note.is_some());
        let cell_height = if has_notes { 44.0 } else { 26.0 };
        let bottom = top + cell_height * rows.len() as f64;
        let mut svg = Svg::new(scene.width, bottom + 60.0);
        let style = scene.style();

        let has_text = cell_width >= 24.0;
        for (r, row) in grid.iter().enumerate() {
            for (c, cell) in row.iter().enumerate() {
                let (x, y) = (left + cell_width * c as f64, top + cell_height * r as f64);
                let area = rect(x + 1.0, y + 1.0, cell_width - 2.0, cell_height - 2.0);
                let Some(cell) = cell else {
                    svg.rect(area, "nd", "");
                    continue;
                };
                let written = style.write(cell.value, format);
                let tip = [
                    Some(&rows[r]),
                    Some(&columns[c]),
                    Some(&written),
                    cell.note.as_ref(),
                ];
                let tip: Vec<&str> = tip.into_iter().flatten().map(String::as_str).collect();
                let Some(value) = cell.value else {
                    svg.rect(area, "nd", &tip.join(" \u{B7} "));
                    svg.text(
                        x + cell_width / 2.0,
                        y + cell_height / 2.0 + 4.0,
                        "c m",
                        MISSING,
                    );
                    continue;
                };
                let (fill, ink) = self.step(value, domain);
                svg.rect(area, &fill, &tip.join(" \u{B7} "));
                if !has_text {
                    continue;
                }
                // The unit is in the sub-line; a hundred per cent signs are noise.
                let short = written.trim_end_matches('%');
                let middle = x + cell_width / 2.0;
                let class = if has_notes { "c v big" } else { "c v sm" };
                let y_value = if has_notes {
                    cell_height - 17.5
                } else {
                    cell_height / 2.0 + 4.0
                };
                let size = if has_notes { 13.5 } else { TICK_PX };
                if text_width(short, size) <= cell_width {
                    svg.text(middle, y + y_value, &format!("{class} {ink}"), short);
                }
                if let Some(note) = &cell.note {
                    let note = shorten(note, TICK_PX, cell_width - 4.0);
                    svg.text(
                        middle,
                        y + cell_height - 6.0,
                        &format!("c v sm {ink}"),
                        &note,
                    );
                }
            }
        }
        self.outlines(&mut svg, grid, domain, (left, top, cell_width, cell_height));

        for (r, row) in rows.iter().enumerate() {
            let y = top + cell_height * (r as f64 + 0.5) + 4.0;
            svg.text(left - 6.0, y, "m e", &shorten(row, TICK_PX, left - 8.0));
        }
        let every = (28.0 / cell_width).ceil().max(1.0) as usize;
        for (c, column) in columns.iter().enumerate().step_by(every) {
            let x = left + cell_width * (c as f64 + 0.5);
            let text = shorten(column, TICK_PX, cell_width * every as f64);
            svg.text(x, bottom + 14.0, "m c", &text);
        }
        svg.text(0.0, top - 6.0, "m", &scene.heading(axes.1)?);
        let caption = match &self.caption {
            Some(words) => scene.voice.say(words)?,
            None => scene.heading(axes.0)?,
        };
        svg.text(
            left + (scene.width - left) / 2.0,
            bottom + 30.0,
            "m c",
            &caption,
        );
        self.legend(&mut svg, scene, domain, format, bottom + 42.0);
        Ok(svg.figure(scene.label))
    }

    /// One outline around neighbouring cells of the same group.
    fn outlines(
        &self,
        svg: &mut Svg,
        grid: &[Vec<Option<Cell>>],
        domain: (f64, f64),
        (left, top, width, height): (f64, f64, f64, f64),
    ) {
        let group = |r: Option<usize>, c: Option<usize>| -> Option<&str> {
            grid.get(r?)?.get(c?)?.as_ref()?.outline.as_deref()
        };
        let mut labelled: Vec<&str> = Vec::new();
        for (r, row) in grid.iter().enumerate() {
            for (c, cell) in row.iter().enumerate() {
                let Some(name) = cell.as_ref().and_then(|cell| cell.outline.as_deref()) else {
                    continue;
                };
                let (x0, y0) = (left + width * c as f64, top + height * r as f64);
                let (x1, y1) = (x0 + width, y0 + height);
                let differs = |r: Option<usize>, c: Option<usize>| group(r, c) != Some(name);
                let sides = [
                    (differs(r.checked_sub(1), Some(c)), (x0, y0, x1, y0)),
                    (differs(Some(r + 1), Some(c)), (x0, y1, x1, y1)),
                    (differs(Some(r), c.checked_sub(1)), (x0, y0, x0, y1)),
                    (differs(Some(r), Some(c + 1)), (x1, y0, x1, y1)),
                ];
                for (is_edge, (x0, y0, x1, y1)) in sides {
                    if is_edge {
                        svg.line(x0, y0, x1, y1, "ol");
                    }
                }
                if !labelled.contains(&name) {
                    labelled.push(name);
                    let value = cell.as_ref().and_then(|cell| cell.value);
                    let ink = value.map_or("tb", |value| self.step(value, domain).1);
                    let mut span = 1;
                    while group(Some(r), Some(c + span)) == Some(name) {
                        span += 1;
                    }
                    let text = shorten(name, TICK_PX, width * span as f64 - 8.0);
                    if height > 30.0 {
                        svg.text(x0 + 5.0, y0 + 11.5, &format!("sg {ink}"), &text);
                    }
                }
            }
        }
    }

    fn legend(&self, svg: &mut Svg, scene: &Scene<'_>, domain: (f64, f64), format: Format, y: f64) {
        let style = scene.style();
        let (low, high) = self.ends(domain);
        let steps: usize = if self.scale == Scale::Diverging { 8 } else { 7 };
        let high_text = style.write(Some(high), format);
        let mut x = svg.width() - text_width(&high_text, TICK_PX) - 4.0 - 22.0 * steps as f64;
        svg.text(x - 5.0, y + 8.5, "m e", &style.write(Some(low), format));
        for step in 0..steps {
            svg.rect(
                rect(x, y, 17.0, 9.0),
                &format!("{}{step}", self.prefix()),
                "",
            );
            x += 22.0;
        }
        svg.text(svg.width(), y + 8.5, "m e", &high_text);
    }

    fn prefix(&self) -> &'static str {
        match self.scale {
            Scale::Blue => "q",
            Scale::Warm => "w",
            Scale::Diverging => "d",
        }
    }

    /// The ends of the colour scale.
    fn ends(&self, (low, high): (f64, f64)) -> (f64, f64) {
        if self.scale == Scale::Diverging {
            let reach = (high - self.center).abs().max((low - self.center).abs());
            return (self.center - reach, self.center + reach);
        }
        (low, high)
    }

    /// The class of the fill and of the ink upon it.
    fn step(&self, value: f64, domain: (f64, f64)) -> (String, &'static str) {
        let (low, high) = self.ends(domain);
        let span = high - low;
        let share = if span > 0.0 && span.is_finite() {
            ((value - low) / span).clamp(0.0, 1.0)
        } else {
            0.5
        };
        if self.scale == Scale::Diverging {
            // Three steps below the centre, four above it, and one for the centre.
            let from_center = (share - 0.5) * 2.0;
            let steps = if from_center < 0.0 { 3.0 } else { 4.0 };
            let step = (3.0 + from_center * steps).round() as usize;
            let ink = if matches!(step, 0 | 6 | 7) {
                "tw"
            } else {
                "tb"
            };
            return (format!("d{step}"), ink);
        }
        let step = sequential_step(share);
        (format!("{}{step}", self.prefix()), ink_on(step))
    }
}

/// The step of seven for a share of the range.
pub(super) fn sequential_step(share: f64) -> usize {
    ((share.clamp(0.0, 1.0) * 6.999) as usize).min(6)
}

/// From the fourth step on, text needs the inverse colour to be read.
pub(super) fn ink_on(step: usize) -> &'static str {
    if step >= 4 { "tw" } else { "tb" }
}

/// The different texts in order of appearance, and for each row which it is.
fn categories(texts: Vec<Option<String>>) -> (Vec<String>, Vec<usize>) {
    let mut found: Vec<String> = Vec::new();
    let mut which = Vec::new();
    for text in texts {
        let text = text.unwrap_or_else(|| MISSING.to_owned());
        let index = match found.iter().position(|known| *known == text) {
            Some(index) => index,
            None => {
                found.push(text);
                found.len() - 1
            }
        };
        which.push(index);
    }
    (found, which)
}
