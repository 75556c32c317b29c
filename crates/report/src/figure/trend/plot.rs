//! Puts the data of a trend on paper.

use chrono::{NaiveDate, NaiveDateTime};

use super::{Data, LINES_MAX};
use crate::draw::measure::{shorten, text_width, widest};
use crate::draw::scale::{Linear, date_ticks, extent, ticks};
use crate::draw::svg::{Svg, rect};
use crate::escape::Markup;
use crate::figure::Scene;
use crate::figure::mark::runs;
use crate::figure::scene::{LABEL_PX, TICK_PX};
use crate::number::Format;

/// Room above the plot: for the labels of events, or only for the top tick.
const TOP: f64 = 34.0;
const TOP_WITHOUT_EVENTS: f64 = 12.0;
const PLOT_HEIGHT: f64 = 178.0;
const UNDER_HEIGHT: f64 = 30.0;
const PARTS_HEIGHT: f64 = 46.0;
const GAP: f64 = 14.0;

/// The height of a trend that has nothing to show.
pub(super) const EMPTY_HEIGHT: f64 = TOP + PLOT_HEIGHT;

/// From the back to the front: grid, events, target, lines, and the invisible
/// columns that carry the tooltips.
pub(super) fn draw(scene: &Scene<'_>, data: &Data) -> Markup {
    let mut plot = Plot::new(scene, data);
    plot.grid();
    plot.events();
    plot.target();
    plot.lines();
    plot.under();
    plot.parts();
    plot.end_labels();
    plot.x_ticks();
    plot.tips();
    plot.svg.figure(scene.label)
}

/// An end-of-line label.
struct EndLabel {
    y: f64,
    class: &'static str,
    text: String,
}

struct Plot<'a> {
    scene: &'a Scene<'a>,
    data: &'a Data,
    svg: Svg,
    x: Linear,
    y: Linear,
    y_ticks: Vec<f64>,
    left: f64,
    right: f64,
    top: f64,
    under_top: f64,
    parts_top: f64,
    bottom: f64,
    step: f64,
    labels: Vec<EndLabel>,
}

const LINE_CLASSES: [(&str, &str, &str); LINES_MAX] = [
    ("ln", "f1", "l k1"),
    ("ln3", "f2", "l k2"),
    ("ln5", "f5", "l k5"),
    ("ln6", "f6", "l mu"),
];

impl<'a> Plot<'a> {
    fn new(scene: &'a Scene<'a>, data: &'a Data) -> Self {
        let band = data
            .band
            .iter()
            .flatten()
            .flatten()
            .flat_map(|(low, high)| [*low, *high]);
        let shown = data
            .lines
            .iter()
            .flat_map(|line| line.values.iter().flatten().copied());
        let zero = (data.zero || data.lines.len() > 1).then_some(0.0);
        let all = shown.chain(band).chain(data.target).chain(zero);
        let (low, high) = extent(all).unwrap_or((0.0, 1.0));
        let y_ticks = ticks(low, high, 4);
        let domain = (
            y_ticks.first().copied().unwrap_or(low),
            y_ticks.last().copied().unwrap_or(high),
        );

        let tick_texts = y_ticks
            .iter()
            .map(|tick| axis_text(scene, *tick, data.format));
        let tick_width = widest(tick_texts, TICK_PX);
        let left = (tick_width + 10.0).clamp(24.0, 70.0);
        let right = 112.0f64.min(scene.width * 0.3);
        let top = if data.events.is_empty() {
            TOP_WITHOUT_EVENTS
        } else {
            TOP
        };
        let under_top = top + PLOT_HEIGHT + GAP;
        let parts_top = under_top
            + if data.under.is_some() {
                UNDER_HEIGHT + GAP
            } else {
                0.0
            };
        let bottom = if data.parts.is_empty() {
            parts_top - GAP
        } else {
            parts_top + PARTS_HEIGHT
        };

        let seconds = |moment: &NaiveDateTime| moment.and_utc().timestamp() as f64;
        let domain_x = extent(data.moments.iter().map(seconds)).unwrap_or((0.0, 1.0));
        let count = data.moments.len().max(2) as f64;
        let step = (scene.width - right - left) / (count - 1.0).max(1.0);
        // Half a bar at each end, so that bars underneath stay in the frame.
        let pad = if data.under.is_some() || !data.parts.is_empty() {
            (step / 2.0).min(14.0)
        } else {
            3.0
        };
        Self {
            scene,
            data,
            svg: Svg::new(scene.width, bottom + 22.0),
            x: Linear::new(domain_x, (left + pad, scene.width - right - pad)),
            y: Linear::new(domain, (top + PLOT_HEIGHT, top)),
            y_ticks,
            left,
            right: scene.width - right,
            top,
            under_top,
            parts_top,
            bottom,
            step,
            labels: Vec::new(),
        }
    }

    fn x_of(&self, index: usize) -> f64 {
        self.x
            .at(self.data.moments[index].and_utc().timestamp() as f64)
    }

    fn bar_width(&self) -> f64 {
        let inner = (self.x.range.1 - self.x.range.0) / (self.data.moments.len().max(2) - 1) as f64;
        (inner - 2.0).clamp(1.0, 28.0)
    }

    fn grid(&mut self) {
        for tick in self.y_ticks.clone() {
            let y = self.y.at(tick);
            self.svg.line(self.left, y, self.right, y, "g");
            let text = axis_text(self.scene, tick, self.data.format);
            self.svg.text(self.left - 6.0, y + 3.5, "m e", &text);
        }
    }

    fn events(&mut self) {
        let inside = |moment: &NaiveDateTime| {
            let at = moment.and_utc().timestamp() as f64;
            at >= self.x.domain.0 && at <= self.x.domain.1 + 7.0 * 86_400.0
        };
        let mut shown: Vec<(f64, &str)> = self
            .data
            .events
            .iter()
            .filter(|(moment, _)| inside(moment))
            .map(|(moment, text)| {
                (
                    self.x.clamped(moment.and_utc().timestamp() as f64),
                    text.as_str(),
                )
            })
            .collect();
        shown.sort_by(|a, b| a.0.total_cmp(&b.0));
        // A label that would run into the last one of its line moves up a line.
        let mut ends = [f64::MIN; 2];
        for (x, text) in shown {
            let text = shorten(text, TICK_PX, 120.0);
            let width = text_width(&text, TICK_PX);
            let fits_right = x + 4.0 + width < self.scene.width;
            let start = if fits_right { x + 4.0 } else { x - 4.0 - width };
            let near_end = x > self.right - 8.0;
            let line = if near_end || start < ends[0] + 6.0 {
                1
            } else {
                0
            };
            ends[line] = start + width;
            let lift = 12.0 * line as f64;
            self.svg
                .line(x, self.top - 8.0 - lift, x, self.top + PLOT_HEIGHT, "ev");
            let (at, class) = if fits_right {
                (x + 4.0, "n")
            } else {
                (x - 4.0, "n e")
            };
            self.svg.text(at, self.top - 2.0 - lift, class, &text);
        }
    }

    fn target(&mut self) {
        let Some(target) = self.data.target else {
            return;
        };
        let y = self.y.at(target);
        self.svg.line(self.left, y, self.right, y, "tg");
        let word = self.scene.lang().pick("target", "目标");
        let text = format!(
            "{word} {}",
            self.scene.style().write(Some(target), self.data.format)
        );
        self.labels.push(EndLabel {
            y: y + 3.5,
            class: "m",
            text,
        });
    }

    fn lines(&mut self) {
        if let Some(band) = &self.data.band {
            let low: Vec<Option<f64>> = band.iter().map(|ends| ends.map(|(low, _)| low)).collect();
            for run in runs(&low) {
                let points = |pick: fn((f64, f64)) -> f64| {
                    let y = &self.y;
                    let band = band.as_slice();
                    run.iter()
                        .filter_map(|(index, _)| {
                            Some((self.x_of(*index), y.at(pick(band[*index]?))))
                        })
                        .collect::<Vec<_>>()
                };
                let mut outline = points(|(_, high)| high);
                outline.extend(points(|(low, _)| low).into_iter().rev());
                self.svg.path(&outline, true, "band");
            }
        }
        for (series, (line, dot, _)) in self.data.lines.iter().zip(LINE_CLASSES) {
            for run in runs(&series.values) {
                let point = |(index, value): &(usize, f64)| (self.x_of(*index), self.y.at(*value));
                let known = run
                    .iter()
                    .take_while(|(index, _)| self.data.complete[*index])
                    .count();
                let points: Vec<(f64, f64)> = run.iter().map(point).collect();
                if known > 1 {
                    self.svg.path(&points[..known], false, line);
                }
                if known < points.len() {
                    // The dashed part begins at the last complete point.
                    let from = known.saturating_sub(1);
                    self.svg
                        .path(&points[from..], false, &format!("{line} imm"));
                }
                if let [(x, y)] = points[..] {
                    self.svg.circle(x, y, 2.2, dot, "");
                }
            }
            if let Some(index) = series.values.iter().rposition(Option::is_some)
                && let Some(value) = series.values[index]
            {
                let (x, y) = (self.x_of(index), self.y.at(value));
                self.svg.circle(x, y, 3.6, &format!("{dot} dot"), "");
            }
        }
        self.line_labels();
    }

    fn line_labels(&mut self) {
        let style = self.scene.style();
        let is_single = self.data.lines.len() == 1;
        for (line, (_, _, class)) in self.data.lines.iter().zip(LINE_CLASSES) {
            let Some(index) = line.values.iter().rposition(Option::is_some) else {
                continue;
            };
            let value = line.values[index];
            let y = value.map_or(self.top, |value| self.y.at(value));
            let written = style.write(value, self.data.format);
            if !is_single {
                let text = format!("{} {written}", line.name);
                self.labels.push(EndLabel {
                    y: y + 4.0,
                    class,
                    text,
                });
                continue;
            }
            let ends = self.data.band.as_ref().and_then(|band| band[index]);
            let (text, below) = match (value, ends) {
                (Some(value), Some((low, high))) => {
                    let interval = style.interval(value, low, high, self.data.format);
                    let word = self.scene.lang().pick("95% interval", "95% 区间");
                    if self.data.format == Format::Points {
                        (
                            format!("{written}\u{2009}{interval}"),
                            Some(word.to_owned()),
                        )
                    } else {
                        (written, Some(interval))
                    }
                }
                _ => (written, None),
            };
            self.labels.push(EndLabel {
                y: y + 4.0,
                class: "b1",
                text,
            });
            if let Some(below) = below {
                self.labels.push(EndLabel {
                    y: y + 17.0,
                    class: "m",
                    text: below,
                });
            }
        }
    }

    fn under(&mut self) {
        let Some(series) = &self.data.under else {
            return;
        };
        let base = self.under_top + UNDER_HEIGHT;
        let most = extent(series.values.iter().flatten().copied()).map_or(1.0, |(_, high)| high);
        let scale = Linear::new((0.0, most.max(f64::MIN_POSITIVE)), (base, self.under_top));
        let width = self.bar_width();
        for (index, value) in series.values.iter().enumerate() {
            if let Some(value) = value {
                let y = scale.clamped(*value);
                let x = self.x_of(index) - width / 2.0;
                self.svg.rect(rect(x, y, width, base - y), "f6", "");
            }
        }
        let last = series.values.iter().rev().find_map(|value| *value);
        let text = self.scene.style().write(last, Format::Int);
        self.svg.text(self.right + GAP, base - 12.0, "l", &text);
        let room = self.scene.width - self.right - GAP;
        let name = shorten(&series.name, TICK_PX, room);
        self.svg.text(self.right + GAP, base + 1.0, "m", &name);
    }

    /// Shares as stacked strips: the first from above, the last from below.
    fn parts(&mut self) {
        let count = self.data.parts.len();
        if count == 0 {
            return;
        }
        let (top, width) = (self.parts_top, self.bar_width());
        let class = |part: usize| match part {
            0 => "f1",
            last if last + 1 == count => "f2",
            _ => "fp",
        };
        for index in 0..self.data.moments.len() {
            let values: Vec<f64> = self
                .data
                .parts
                .iter()
                .map(|part| part.values[index].unwrap_or(0.0).max(0.0))
                .collect();
            let total: f64 = values.iter().sum();
            if total <= 0.0 || !total.is_finite() {
                continue;
            }
            let mut y = top;
            for (part, value) in values.iter().enumerate() {
                let height = value / total * PARTS_HEIGHT;
                self.svg.rect(
                    rect(self.x_of(index) - width / 2.0, y, width, height),
                    class(part),
                    "",
                );
                y += height;
            }
        }
        let last = self.data.moments.len() - 1;
        let pitch = if count > 1 {
            (PARTS_HEIGHT - 14.0) / (count - 1) as f64
        } else {
            0.0
        };
        if pitch < 11.0 && count > 1 {
            return;
        }
        for (part, series) in self.data.parts.iter().enumerate() {
            let share = self.scene.style().write(series.values[last], Format::Pct);
            let text = format!("{share} {}", series.name);
            let text = shorten(&text, LABEL_PX, self.scene.width - self.right - GAP);
            let class = match class(part) {
                "f1" => "l k1",
                "f2" => "l k2",
                _ => "m",
            };
            self.svg.text(
                self.right + GAP,
                top + 11.0 + pitch * part as f64,
                class,
                &text,
            );
        }
    }

    /// End labels, pushed apart to a readable pitch.
    fn end_labels(&mut self) {
        let mut labels = std::mem::take(&mut self.labels);
        labels.sort_by(|a, b| a.y.total_cmp(&b.y));
        for index in 1..labels.len() {
            labels[index].y = labels[index].y.max(labels[index - 1].y + 13.0);
        }
        // What was pushed below the plot is pushed back up.
        let mut limit = self.top + PLOT_HEIGHT + 4.0;
        for label in labels.iter_mut().rev() {
            label.y = label.y.min(limit);
            limit = label.y - 13.0;
        }
        let room = self.scene.width - self.right - GAP;
        for label in labels {
            let text = shorten(&label.text, LABEL_PX, room);
            self.svg.text(self.right + GAP, label.y, label.class, &text);
        }
    }

    fn x_ticks(&mut self) {
        let (Some(first), Some(last)) = (self.data.moments.first(), self.data.moments.last())
        else {
            return;
        };
        let room = ((self.right - self.left) / 56.0).floor().max(2.0) as usize;
        let found = date_ticks(first.date(), last.date(), room, self.scene.lang());
        for (day, text) in found {
            let x = self.x.clamped(midnight(day).and_utc().timestamp() as f64);
            self.svg.text(x, self.bottom + 17.0, "m c", &text);
        }
    }

    /// Invisible columns that carry the tooltips and the crosshair.
    fn tips(&mut self) {
        let style = self.scene.style();
        let width = self.step.max(4.0);
        for index in 0..self.data.moments.len() {
            let mut tip = vec![self.data.moments[index].date().to_string()];
            for line in &self.data.lines {
                tip.push(format!(
                    "{} {}",
                    line.name,
                    style.write(line.values[index], self.data.format)
                ));
            }
            if let Some((low, high)) = self.data.band.as_ref().and_then(|band| band[index]) {
                let (low, high) = (Some(low), Some(high));
                let ends = [low, high].map(|end| style.write(end, self.data.format));
                tip.push(format!("{}\u{2013}{}", ends[0], ends[1]));
            }
            if let Some(under) = &self.data.under {
                tip.push(format!(
                    "{} {}",
                    under.name,
                    style.write(under.values[index], Format::Int)
                ));
            }
            for part in &self.data.parts {
                tip.push(format!(
                    "{} {}",
                    part.name,
                    style.write(part.values[index], Format::Pct)
                ));
            }
            if !self.data.complete[index] {
                tip.push(
                    self.scene
                        .lang()
                        .pick("not complete yet", "尚未完整")
                        .to_owned(),
                );
            }
            let x = self.x_of(index);
            let area = rect(x - width / 2.0, self.top, width, self.bottom - self.top);
            self.svg.open_group("h");
            self.svg.rect(area, "hit", &tip.join(" \u{B7} "));
            self.svg.line(x, self.top, x, self.bottom, "x");
            self.svg.close_group();
        }
    }
}

fn midnight(day: NaiveDate) -> NaiveDateTime {
    day.and_time(chrono::NaiveTime::MIN)
}

/// The text of a tick: counts and money by size, shares without decimals where
/// the ticks have none.
fn axis_text(scene: &Scene<'_>, tick: f64, format: Format) -> String {
    let style = scene.style();
    match format {
        Format::Int | Format::Compact if tick.abs() >= 1_000.0 => style.compact(tick, 3),
        Format::Pct | Format::Pct1 if ((tick * 100.0) - (tick * 100.0).round()).abs() < 1e-9 => {
            style.write(Some(tick), Format::Pct)
        }
        _ => style.write(Some(tick), format),
    }
}
