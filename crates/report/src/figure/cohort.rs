//! `cohort`: cohorts by age, the triangle of what came back so far.
//!
//! Ages a cohort has not reached are missing rows, and stay empty: an empty cell
//! is not a zero.

use super::heatmap::{ink_on, sequential_step};
use super::scene::{LABEL_PX, TICK_PX};
use super::{Drawing, Scene};
use crate::draw::measure::{shorten, text_width, widest};
use crate::draw::scale::extent;
use crate::draw::svg::{Svg, rect};
use crate::error::RenderError;
use crate::number::{Format, MISSING};
use crate::result::Column;
use crate::spec::reader::Reader;
use crate::spec::{ColumnName, SpecError, Words};

/// The options of a `cohort` figure.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cohort {
    cohort: Option<ColumnName>,
    age: Option<ColumnName>,
    value: Option<ColumnName>,
    size: Option<ColumnName>,
    caption: Option<Words>,
    mark: Option<Mark>,
}

/// A line above the first cohort that something applies to.
#[derive(Debug, Clone, PartialEq)]
struct Mark {
    /// The cohort as the query writes it, or the beginning of it.
    at: String,
    text: Words,
}

const COHORTS_MAX: usize = 26;
const AGES_MAX: usize = 36;

struct Row {
    /// The cohort as the query writes it.
    key: Option<String>,
    name: String,
    size: Option<f64>,
    /// By age.
    values: Vec<(i64, Option<f64>)>,
}

impl Cohort {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, SpecError> {
        let mark = match reader.table("mark")? {
            Some(mut mark) => {
                let (at, text) = (mark.string("at")?, mark.words("text")?);
                let (no_at, no_text) = (mark.missing("at"), mark.missing("text"));
                mark.finish()?;
                Some(Mark {
                    at: at.ok_or(no_at)?.0,
                    text: text.ok_or(no_text)?,
                })
            }
            None => None,
        };
        Ok(Self {
            mark,
            cohort: reader.column("cohort")?,
            age: reader.column("age")?,
            value: reader.column("value")?,
            size: reader.column("size")?,
            caption: reader.words("caption")?,
        })
    }

    pub(crate) fn words(&self) -> impl Iterator<Item = &Words> {
        self.caption
            .iter()
            .chain(self.mark.iter().map(|mark| &mark.text))
    }

    pub(crate) fn draw(&self, scene: &Scene<'_>) -> Result<Drawing, RenderError> {
        let frame = scene.frame;
        let place = &scene.figure.place;
        let is_name = |column| frame.is_day(column) || frame.is_text(column);
        let wanted = (
            place,
            "cohort",
            "column of days or texts to name the cohorts",
        );
        let cohort = frame.needed(self.cohort.as_ref(), &["cohort"], is_name, wanted)?;
        let is_free = |column: Column| frame.is_number(column) && column != cohort;
        let usual = ["age", "age_months", "age_weeks", "months_since"];
        let age = frame.needed(
            self.age.as_ref(),
            &usual,
            is_free,
            (place, "age", "column of ages"),
        )?;
        let size = frame.role(self.size.as_ref(), &["size", "customers", "n"])?;
        let value = match frame.role(self.value.as_ref(), &["value"])? {
            Some(column) => column,
            // The measure comes last, after the counts it is made of.
            None => (0..frame.columns())
                .rev()
                .find(|column| is_free(*column) && *column != age && Some(*column) != size)
                .ok_or_else(|| RenderError::NoColumn {
                    place: Box::new(place.clone()),
                    query: frame.name.clone(),
                    key: "value",
                    expected: "column of numbers",
                })?,
        };
        let rows = rows(scene, cohort, age, value, size)?;
        let values = rows
            .iter()
            .flat_map(|row| row.values.iter().filter_map(|(_, value)| *value));
        let Some(domain) = extent(values) else {
            return Ok(Drawing::of(scene.no_data(220.0)));
        };
        let left_out = rows.len().saturating_sub(COHORTS_MAX);
        let rows = &rows[left_out..];
        let format = scene.main_format(value);
        let caption = match &self.caption {
            Some(words) => scene.voice.say(words)?,
            None => scene.heading(age)?,
        };
        let size_heading = match size {
            Some(size) => scene.heading(size)?,
            None => String::new(),
        };
        let mark = match &self.mark {
            Some(mark) => {
                let begins = |row: &Row| {
                    row.key
                        .as_ref()
                        .is_some_and(|key| key.starts_with(&mark.at))
                };
                let row = rows.iter().position(begins);
                row.zip(Some(scene.voice.say(&mark.text)?))
            }
            None => None,
        };
        let heads = Heads {
            caption,
            size: size_heading,
            mark,
        };
        let body = triangle(scene, rows, domain, format, &heads);
        let note = (left_out > 0).then(|| match scene.lang() {
            crate::lang::Lang::En => format!("{left_out} earlier cohorts left out"),
            crate::lang::Lang::Zh => format!("省略更早的 {left_out} 个同期群"),
        });
        Ok(Drawing { body, note })
    }
}

fn rows(
    scene: &Scene<'_>,
    cohort: Column,
    age: Column,
    value: Column,
    size: Option<Column>,
) -> Result<Vec<Row>, RenderError> {
    let frame = scene.frame;
    let lang = scene.lang();
    let names: Vec<Option<String>> = match frame.days(cohort) {
        // Days that all begin a month are months.
        Some(days)
            if days
                .iter()
                .flatten()
                .all(|day| day.to_string().ends_with("-01")) =>
        {
            days.into_iter()
                .map(|day| day.map(|day| lang.month_of_year(day)))
                .collect()
        }
        Some(days) => days
            .into_iter()
            .map(|day| day.map(|day| lang.short_day(day)))
            .collect(),
        None => frame.texts(cohort, scene.style()),
    };
    let keys = frame.raw(cohort);
    let (ages, values, sizes) = (
        scene.numbers(age)?,
        scene.numbers(value)?,
        scene.optional(size)?,
    );
    let mut found: Vec<Row> = Vec::new();
    for (index, key) in keys.into_iter().enumerate() {
        let Some(age) = ages[index] else { continue };
        let entry = (age.clamp(-1e9, 1e9) as i64, values[index]);
        match found.iter_mut().find(|row| row.key == key) {
            Some(row) => {
                row.size = row.size.or(sizes[index]);
                row.values.push(entry);
            }
            None => {
                let name = names[index].clone().unwrap_or_else(|| MISSING.to_owned());
                found.push(Row {
                    key,
                    name,
                    size: sizes[index],
                    values: vec![entry],
                });
            }
        }
    }
    Ok(found)
}

/// The words around the triangle.
struct Heads {
    caption: String,
    size: String,
    /// The row above which a line is drawn, and the words beside it.
    mark: Option<(usize, String)>,
}

fn triangle(
    scene: &Scene<'_>,
    rows: &[Row],
    domain: (f64, f64),
    format: Format,
    heads: &Heads,
) -> crate::escape::Markup {
    let style = scene.style();
    let ages = rows
        .iter()
        .flat_map(|row| row.values.iter().map(|(age, _)| *age));
    let (first, last) = ages.fold((i64::MAX, i64::MIN), |(a, b), age| (a.min(age), b.max(age)));
    let shown = ((last - first + 1).max(1) as usize).min(AGES_MAX);
    let longest = widest(rows.iter().map(|row| &row.name), LABEL_PX);
    let names_width = (longest + 10.0).clamp(44.0, scene.width * 0.2);
    let has_sizes = rows.iter().any(|row| row.size.is_some());
    let left = names_width + if has_sizes { 82.0 } else { 0.0 };
    let (top, pitch) = (30.0, 22.0);
    let width = (scene.width - left) / shown as f64;
    let mut svg = Svg::new(scene.width, top + pitch * rows.len() as f64 + 4.0);
    if has_sizes {
        svg.text(names_width, 12.0, "m", &shorten(&heads.size, TICK_PX, 76.0));
    }
    svg.text(left, 12.0, "m", &heads.caption);
    let every = (22.0 / width).ceil().max(1.0) as usize;
    for column in (0..shown).step_by(every) {
        let x = left + width * (column as f64 + 0.5);
        svg.text(x, 25.0, "m c", &(first + column as i64).to_string());
    }
    let largest = rows
        .iter()
        .filter_map(|row| row.size)
        .fold(f64::MIN_POSITIVE, f64::max);
    let span = domain.1 - domain.0;
    for (index, row) in rows.iter().enumerate() {
        let y = top + pitch * index as f64;
        let name = shorten(&row.name, LABEL_PX, names_width - 8.0);
        svg.text(names_width - 6.0, y + 15.0, "l e", &name);
        if let Some(size) = row.size {
            let bar = (36.0 * size / largest).clamp(0.0, 36.0);
            svg.rect(rect(names_width, y + 5.0, bar, pitch - 10.0), "f6", "");
            svg.text(
                names_width + bar + 4.0,
                y + 15.0,
                "m v",
                &style.compact(size, 2),
            );
        }
        for (age, value) in &row.values {
            let column = (age - first) as usize;
            if column >= shown {
                continue;
            }
            let x = left + width * column as f64;
            let area = rect(x + 0.75, y + 0.75, width - 1.5, pitch - 1.5);
            let written = style.write(*value, format);
            let tip = format!("{} +{age} \u{B7} {written}", row.name);
            let Some(value) = value else {
                svg.rect(area, "nd", &tip);
                continue;
            };
            let share = if span > 0.0 && span.is_finite() {
                (value - domain.0) / span
            } else {
                0.5
            };
            let step = sequential_step(share);
            svg.rect(area, &format!("q{step}"), &tip);
            let short = match format {
                Format::Pct1 | Format::Pct => style.write(Some(*value), Format::Pct),
                _ => written,
            };
            let short = short.trim_end_matches('%').to_owned();
            if text_width(&short, TICK_PX) <= width {
                svg.text(
                    x + width / 2.0,
                    y + 15.0,
                    &format!("c v sm {}", ink_on(step)),
                    &short,
                );
            }
        }
    }
    if let Some((row, text)) = &heads.mark {
        let y = top + pitch * *row as f64;
        svg.line(0.0, y, scene.width, y, "mk");
        // The words stand behind the last cell of their row, if there is room.
        let reached = rows[*row]
            .values
            .iter()
            .map(|(age, _)| age - first + 1)
            .max()
            .unwrap_or(0);
        let x = left + width * (reached.max(0) as f64).min(shown as f64) + 6.0;
        let text = shorten(text, TICK_PX, scene.width - x);
        if text.chars().count() > 4 {
            svg.text(x, y + 15.0, "n", &text);
        }
    }
    svg.figure(scene.label)
}
