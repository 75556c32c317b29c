//! `table`: rows and columns, with marks in cells.
//!
//! A mark is written as a call: `bar`, `slope(before)`, `interval(se)`,
//! `interval(se, 35)`, `interval(low, high)`, `interval(low, high, target)`. Its
//! arguments are columns, or numbers for a reference. Columns that only serve a
//! mark are not shown by themselves.

use super::mark::{Interval, bar, interval, slope};
use super::{Drawing, Scene};
use crate::draw::scale::extent;
use crate::error::RenderError;
use crate::escape::Markup;
use crate::number::{Format, MISSING};
use crate::result::Column;
use crate::spec::reader::Reader;
use crate::spec::{ColumnName, Fault, Place, SpecError};

/// The options of a `table` figure.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Table {
    columns: Option<Vec<ColumnName>>,
    cells: Vec<(ColumnName, Mark)>,
    hot: Vec<(ColumnName, ColumnName)>,
    sort: bool,
    n: Option<ColumnName>,
    min_n: Option<f64>,
    top: usize,
}

#[derive(Debug, Clone, PartialEq)]
enum Mark {
    Bar,
    Slope(ColumnName),
    Interval {
        first: ColumnName,
        second: Option<ColumnName>,
        reference: Option<Reference>,
    },
}

#[derive(Debug, Clone, PartialEq)]
enum Reference {
    Value(f64),
    Column(ColumnName),
}

const MARKS: [&str; 3] = ["bar", "slope", "interval"];

/// The quantile of the normal distribution that makes a standard error a 95%
/// interval.
const Z95: f64 = 1.959_963_984_540_054;

/// A mark with its columns read.
struct Drawn {
    kind: DrawnKind,
    domain: (f64, f64),
    /// Stands over the marks; the number beside them has its own heading.
    heading: String,
}

enum DrawnKind {
    Bar,
    Slope(Vec<Option<f64>>),
    Interval {
        ends: Vec<Option<(f64, f64)>>,
        reference: Vec<Option<f64>>,
    },
}

struct Shown {
    column: Column,
    is_text: bool,
    values: Option<Vec<Option<f64>>>,
    texts: Vec<Option<String>>,
    mark: Option<Drawn>,
    hot: Vec<bool>,
}

impl Table {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, SpecError> {
        let mut cells = Vec::new();
        for (column, value) in reader.entries("cells")? {
            let place = reader.value_place(value);
            let Some(text) = value.get_ref().as_str() else {
                return Err(reader.wrong("cells", value, "a mark such as \"bar\""));
            };
            cells.push((column, mark(text, &place)?));
        }
        let mut hot = Vec::new();
        for (column, value) in reader.entries("hot")? {
            let place = reader.value_place(value);
            let Some(flag) = value.get_ref().as_str() else {
                return Err(reader.wrong("hot", value, "a column of truth values"));
            };
            hot.push((
                column,
                ColumnName {
                    name: flag.to_owned(),
                    place,
                },
            ));
        }
        Ok(Self {
            columns: reader.columns("columns")?,
            cells,
            hot,
            sort: reader.boolean("sort")?.unwrap_or(false),
            n: reader.column("n")?,
            min_n: reader.number("min_n")?,
            top: reader.integer("top", 1..=500)?.unwrap_or(50) as usize,
        })
    }

    pub(crate) fn draw(&self, scene: &Scene<'_>) -> Result<Drawing, RenderError> {
        let frame = scene.frame;
        let columns = self.shown(scene)?;
        let n = scene.optional(frame.role(self.n.as_ref(), &["n"])?)?;
        let mut html = Markup::new();
        html.open("table", &[("class", "seg")]);
        html.open("thead", &[]);
        html.open("tr", &[]);
        for shown in &columns {
            let mut attributes = vec![("scope", "col")];
            if shown.is_text {
                attributes.push(("class", "t"));
            }
            if self.sort {
                attributes.push(("data-s", ""));
            }
            html.leaf("th", &attributes, &scene.heading(shown.column)?);
            if let Some(mark) = &shown.mark {
                html.leaf("td", &[("class", "mc")], &mark.heading);
            }
        }
        html.close("tr");
        html.close("thead");
        html.open("tbody", &[]);
        let shown_rows = frame.rows().min(self.top);
        for (row, n) in n.iter().enumerate().take(shown_rows) {
            let is_small = n.zip(self.min_n).is_some_and(|(n, least)| n < least);
            html.open("tr", if is_small { &[("class", "mu")] } else { &[] });
            for (index, shown) in columns.iter().enumerate() {
                cell(&mut html, shown, row, index == 0);
            }
            html.close("tr");
        }
        if shown_rows == 0 {
            html.open("tr", &[]);
            html.leaf(
                "td",
                &[("class", "t mu"), ("colspan", "40")],
                scene.no_data_text(),
            );
            html.close("tr");
        }
        html.close("tbody");
        html.close("table");
        let note = super::rows::left_out(frame.rows(), shown_rows, scene.lang());
        Ok(Drawing { body: html, note })
    }

    fn shown(&self, scene: &Scene<'_>) -> Result<Vec<Shown>, RenderError> {
        let frame = scene.frame;
        let columns: Vec<Column> = match &self.columns {
            Some(names) => names
                .iter()
                .map(|name| frame.named(name))
                .collect::<Result<_, _>>()?,
            None => {
                let serving = self.serving(scene)?;
                (0..frame.columns())
                    .filter(|column| !frame.is_translation(*column) && !serving.contains(column))
                    .collect()
            }
        };
        let mut marks = Vec::new();
        for (name, mark) in &self.cells {
            marks.push((frame.named(name)?, self.drawn(name, mark, scene)?));
        }
        let mut hots = Vec::new();
        for (name, flag) in &self.hot {
            hots.push((frame.named(name)?, frame.flags(Some(frame.named(flag)?))));
        }
        let shown = columns.into_iter().map(|column| {
            let mut format = scene.format(column);
            let is_number = frame.is_number(column);
            let mark = marks.iter().position(|(marked, _)| *marked == column);
            let mark = mark.map(|index| marks.swap_remove(index).1);
            let hot = hots.iter().find(|(marked, _)| *marked == column);
            if format == Format::Markdown {
                format = Format::Text;
            }
            let source = frame.localized_column(column, scene.lang());
            Ok(Shown {
                column,
                is_text: !is_number,
                values: if is_number {
                    Some(scene.numbers(column)?)
                } else {
                    None
                },
                texts: frame.written(source, format, scene.style()),
                mark,
                hot: hot.map_or_else(|| vec![false; frame.rows()], |(_, flags)| flags.clone()),
            })
        });
        shown.collect()
    }

    /// Columns that only serve a mark or a colour.
    fn serving(&self, scene: &Scene<'_>) -> Result<Vec<Column>, RenderError> {
        let mut names: Vec<&ColumnName> = self.hot.iter().map(|(_, flag)| flag).collect();
        for (_, mark) in &self.cells {
            match mark {
                Mark::Bar => {}
                Mark::Slope(before) => names.push(before),
                Mark::Interval {
                    first,
                    second,
                    reference,
                } => {
                    names.push(first);
                    names.extend(second);
                    if let Some(Reference::Column(name)) = reference {
                        names.push(name);
                    }
                }
            }
        }
        names
            .into_iter()
            .map(|name| scene.frame.named(name))
            .collect()
    }

    fn drawn(
        &self,
        name: &ColumnName,
        mark: &Mark,
        scene: &Scene<'_>,
    ) -> Result<Drawn, RenderError> {
        let frame = scene.frame;
        let numbers = |name: &ColumnName| frame.numbers(frame.named(name)?, &name.place);
        let values = numbers(name)?;
        let over = |all: &mut dyn Iterator<Item = f64>| extent(all).unwrap_or((0.0, 1.0));
        let heading = String::new();
        Ok(match mark {
            Mark::Bar => {
                let domain = over(&mut values.iter().flatten().copied());
                Drawn {
                    domain,
                    kind: DrawnKind::Bar,
                    heading,
                }
            }
            Mark::Slope(name) => {
                let before = numbers(name)?;
                let changes = values.iter().zip(&before).filter_map(|(now, before)| {
                    now.zip(*before).map(|(now, before)| (now - before).abs())
                });
                let domain = (0.0, over(&mut changes.into_iter()).1);
                let heading = match scene.figure.labels.contains_key(&name.name) {
                    true => scene.heading_of(&name.name)?,
                    false => heading,
                };
                Drawn {
                    domain,
                    kind: DrawnKind::Slope(before),
                    heading,
                }
            }
            Mark::Interval {
                first,
                second,
                reference,
            } => {
                let first = numbers(first)?;
                let ends: Vec<Option<(f64, f64)>> = match second {
                    Some(high) => first
                        .into_iter()
                        .zip(numbers(high)?)
                        .map(|(l, h)| l.zip(h))
                        .collect(),
                    None => values
                        .iter()
                        .zip(first)
                        .map(|(value, se)| {
                            value
                                .zip(se)
                                .map(|(value, se)| (value - Z95 * se, value + Z95 * se))
                        })
                        .collect(),
                };
                let reference = match reference {
                    Some(Reference::Value(value)) => vec![Some(*value); values.len()],
                    Some(Reference::Column(name)) => numbers(name)?,
                    None => vec![None; values.len()],
                };
                let ends_shown = ends.iter().flatten().flat_map(|(low, high)| [*low, *high]);
                let all = values
                    .iter()
                    .chain(&reference)
                    .flatten()
                    .copied()
                    .chain(ends_shown);
                let domain = over(&mut all.into_iter());
                Drawn {
                    domain,
                    kind: DrawnKind::Interval { ends, reference },
                    heading,
                }
            }
        })
    }
}

fn cell(html: &mut Markup, shown: &Shown, row: usize, is_first: bool) {
    let text = shown.texts[row].as_deref().unwrap_or(MISSING);
    let value = shown.values.as_ref().map(|values| values[row]);
    // What the sort script compares: the number itself and not how it is written.
    let sort_key = value.map(|value| value.map_or(String::new(), |value| value.to_string()));
    let class = match (shown.is_text, shown.hot[row]) {
        (true, _) => "t",
        (false, true) => "bad",
        (false, false) => "",
    };
    let mut attributes = Vec::new();
    if !class.is_empty() {
        attributes.push(("class", class));
    }
    if let Some(key) = &sort_key {
        attributes.push(("data-v", key.as_str()));
    }
    if is_first {
        attributes.push(("scope", "row"));
        html.leaf("th", &attributes, text);
    } else {
        html.leaf("td", &attributes, text);
    }
    let Some(drawn) = &shown.mark else { return };
    html.open("td", &[("class", "mc")]);
    if let Some(value) = value.flatten() {
        let is_hot = shown.hot[row];
        match &drawn.kind {
            DrawnKind::Bar => {
                html.append(&bar(value, drawn.domain, if is_hot { "f2" } else { "f6" }));
            }
            DrawnKind::Slope(before) => {
                if let Some(before) = before[row] {
                    html.append(&slope(before, value, drawn.domain.1, is_hot));
                }
            }
            DrawnKind::Interval { ends, reference } => html.append(&interval(&Interval {
                value,
                ends: ends[row],
                reference: reference[row],
                domain: drawn.domain,
                is_hot,
            })),
        }
    }
    html.close("td");
}

/// Reads `slope(before)` and the like.
fn mark(text: &str, place: &Place) -> Result<Mark, SpecError> {
    let (name, arguments) = match text.split_once('(') {
        Some((name, rest)) => (name.trim(), rest.trim_end().strip_suffix(')')),
        None => (text.trim(), Some("")),
    };
    let wrong = |expected: &str| {
        SpecError::new(
            place.clone(),
            Fault::WrongValue {
                key: "cells".to_owned(),
                expected: expected.to_owned(),
                found: format!("\"{text}\""),
            },
        )
    };
    let arguments = arguments.ok_or_else(|| wrong("a mark with its closing bracket"))?;
    let arguments: Vec<&str> = arguments
        .split(',')
        .map(str::trim)
        .filter(|argument| !argument.is_empty())
        .collect();
    let column = |name: &str| ColumnName {
        name: name.to_owned(),
        place: place.clone(),
    };
    let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite());
    let reference =
        |text: &str| number(text).map_or_else(|| Reference::Column(column(text)), Reference::Value);
    match (name, arguments.as_slice()) {
        ("bar", []) => Ok(Mark::Bar),
        ("slope", [before]) => Ok(Mark::Slope(column(before))),
        ("interval", [se]) => Ok(Mark::Interval {
            first: column(se),
            second: None,
            reference: None,
        }),
        ("interval", [se, target]) if number(target).is_some() => {
            let reference = Some(reference(target));
            Ok(Mark::Interval {
                first: column(se),
                second: None,
                reference,
            })
        }
        ("interval", [low, high]) => Ok(Mark::Interval {
            first: column(low),
            second: Some(column(high)),
            reference: None,
        }),
        ("interval", [low, high, target]) => Ok(Mark::Interval {
            first: column(low),
            second: Some(column(high)),
            reference: Some(reference(target)),
        }),
        ("bar", _) => Err(wrong("bar without arguments")),
        ("slope", _) => Err(wrong("slope(before)")),
        ("interval", _) => Err(wrong(
            "interval(se), interval(low, high) or either with a target",
        )),
        _ => Err(SpecError::unknown_name(place.clone(), "mark", name, &MARKS)),
    }
}
