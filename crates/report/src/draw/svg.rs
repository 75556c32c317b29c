//! The SVG writer.

use std::fmt::Write;

use crate::escape::Markup;

/// A drawing: marks in drawing order, a size, and a sentence for screen readers.
#[derive(Debug)]
pub(crate) struct Svg {
    width: f64,
    height: f64,
    marks: Markup,
}

impl Svg {
    pub(crate) fn new(width: f64, height: f64) -> Self {
        Self {
            width,
            height,
            marks: Markup::new(),
        }
    }

    pub(crate) fn width(&self) -> f64 {
        self.width
    }

    pub(crate) fn text(&mut self, x: f64, y: f64, class: &str, text: &str) {
        let (x, y) = (coordinate(x), coordinate(y));
        self.marks
            .leaf("text", &[("x", &x), ("y", &y), ("class", class)], text);
    }

    /// A number with a muted second number behind it.
    pub(crate) fn text_pair(&mut self, x: f64, y: f64, class: &str, first: &str, second: &str) {
        let (x, y) = (coordinate(x), coordinate(y));
        self.marks
            .open("text", &[("x", &x), ("y", &y), ("class", class)]);
        self.marks.text(first);
        if !second.is_empty() {
            self.marks
                .leaf("tspan", &[("class", "mu"), ("dx", "7")], second);
        }
        self.marks.close("text");
    }

    pub(crate) fn line(&mut self, x1: f64, y1: f64, x2: f64, y2: f64, class: &str) {
        self.path(&[(x1, y1), (x2, y2)], false, class);
    }

    /// A thin horizontal interval with a light edge, so that it is seen on a bar
    /// as well as beside it.
    pub(crate) fn whisker(&mut self, x1: f64, x2: f64, y: f64) {
        self.line(x1, y, x2, y, "wh");
        self.line(x1, y, x2, y, "wk");
    }

    /// A rectangle; an empty tip means no tooltip.
    pub(crate) fn rect(&mut self, area: Rect, class: &str, tip: &str) {
        let [x, y, width, height] =
            [area.x, area.y, area.width.max(0.0), area.height.max(0.0)].map(coordinate);
        self.mark(
            "rect",
            &[
                ("x", &x),
                ("y", &y),
                ("width", &width),
                ("height", &height),
                ("class", class),
            ],
            tip,
        );
    }

    pub(crate) fn circle(&mut self, x: f64, y: f64, radius: f64, class: &str, tip: &str) {
        let [x, y, radius] = [x, y, radius].map(coordinate);
        self.mark(
            "circle",
            &[("cx", &x), ("cy", &y), ("r", &radius), ("class", class)],
            tip,
        );
    }

    pub(crate) fn path(&mut self, points: &[(f64, f64)], closed: bool, class: &str) {
        if points.is_empty() {
            return;
        }
        let mut d = String::new();
        for (index, (x, y)) in points.iter().enumerate() {
            let command = if index == 0 { 'M' } else { 'L' };
            let _ = write!(d, "{command}{} {}", coordinate(*x), coordinate(*y));
        }
        if closed {
            d.push('Z');
        }
        self.marks.empty("path", &[("d", &d), ("class", class)]);
    }

    pub(crate) fn open_group(&mut self, class: &str) {
        self.marks.open("g", &[("class", class)]);
    }

    pub(crate) fn close_group(&mut self) {
        self.marks.close("g");
    }

    /// The drawing as a figure that grows with its column.
    pub(crate) fn figure(self, label: &str) -> Markup {
        let view = format!("0 0 {} {}", coordinate(self.width), coordinate(self.height));
        let mut markup = Markup::new();
        markup.open(
            "svg",
            &[("viewBox", &view), ("role", "img"), ("aria-label", label)],
        );
        markup.append(&self.marks);
        markup.close("svg");
        markup
    }

    /// The drawing at a fixed size for a table cell. Without a label it only
    /// repeats a number printed beside it and is hidden from screen readers.
    pub(crate) fn inline(self, label: Option<&str>) -> Markup {
        let [width, height] = [self.width, self.height].map(coordinate);
        let view = format!("0 0 {width} {height}");
        let size = [
            ("width", width.as_str()),
            ("height", height.as_str()),
            ("viewBox", &view),
        ];
        let mut markup = Markup::new();
        match label {
            Some(label) => {
                let named = [
                    size[0],
                    size[1],
                    size[2],
                    ("role", "img"),
                    ("aria-label", label),
                ];
                markup.open("svg", &named);
            }
            None => markup.open("svg", &[size[0], size[1], size[2], ("aria-hidden", "true")]),
        }
        markup.append(&self.marks);
        markup.close("svg");
        markup
    }

    fn mark(&mut self, tag: &'static str, attributes: &[(&'static str, &str)], tip: &str) {
        if tip.is_empty() {
            self.marks.empty(tag, attributes);
        } else {
            self.marks.open(tag, attributes);
            self.marks.leaf("title", &[], tip);
            self.marks.close(tag);
        }
    }
}

/// Where a rectangle lies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rect {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

pub(crate) fn rect(x: f64, y: f64, width: f64, height: f64) -> Rect {
    Rect {
        x,
        y,
        width,
        height,
    }
}

/// One decimal, and never a number a browser cannot read.
fn coordinate(value: f64) -> String {
    let rounded = (value * 10.0).round() / 10.0;
    if !rounded.is_finite() || rounded.abs() > 1e6 {
        return "0".to_owned();
    }
    if rounded == 0.0 {
        return "0".to_owned();
    }
    if rounded == rounded.trunc() {
        format!("{rounded:.0}")
    } else {
        format!("{rounded:.1}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coordinates_keep_one_decimal_and_are_always_numbers() {
        assert_eq!(coordinate(3.04), "3");
        assert_eq!(coordinate(-3.16), "-3.2");
        assert_eq!(coordinate(-0.01), "0");
        assert_eq!(coordinate(f64::NAN), "0");
        assert_eq!(coordinate(f64::INFINITY), "0");
    }
}
