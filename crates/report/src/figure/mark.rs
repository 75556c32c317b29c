//! Small marks that stand in table cells: sparkline, bullet, bar, slope, interval.

use crate::draw::scale::{Linear, extent};
use crate::draw::svg::{Svg, rect};
use crate::escape::Markup;

/// How a measure stands against its target. The order is from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    /// There is no target.
    None,
    Ok,
    Watch,
    Alert,
}

impl State {
    /// The names a query may use.
    pub(crate) const NAMES: &'static [(&'static str, Self)] = &[
        ("ok", Self::Ok),
        ("watch", Self::Watch),
        ("alert", Self::Alert),
        ("none", Self::None),
    ];

    /// The shape that says the same as the colour.
    pub(crate) fn icon(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Ok => "\u{25CB}",
            Self::Watch => "\u{25B2}",
            Self::Alert => "\u{25C6}",
        }
    }

    /// The class of text and icons.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::None => "no",
            Self::Ok => "ok",
            Self::Watch => "wat",
            Self::Alert => "bad",
        }
    }

    /// The class of a filled mark.
    pub(crate) fn fill(self) -> &'static str {
        match self {
            Self::None | Self::Ok => "f1",
            Self::Watch => "f4",
            Self::Alert => "f2",
        }
    }
}

/// A line of the past with the ordinary range behind it; gaps stay gaps.
pub(crate) fn spark(
    values: &[Option<f64>],
    band: Option<(f64, f64)>,
    state: State,
    width: f64,
    label: &str,
) -> Markup {
    let height = 21.0;
    let mut svg = Svg::new(width, height);
    let ends = band.into_iter().flat_map(|(low, high)| [low, high]);
    if let Some(domain) = extent(values.iter().flatten().copied().chain(ends)) {
        let y = Linear::new(domain, (height - 4.0, 4.0));
        let x = Linear::new(
            (0.0, values.len().saturating_sub(1) as f64),
            (2.0, width - 5.0),
        );
        if let Some((low, high)) = band {
            let area = rect(2.0, y.at(high), width - 7.0, y.at(low) - y.at(high));
            svg.rect(area, "nb", "");
        }
        let mut last = None;
        for run in runs(values) {
            let points: Vec<(f64, f64)> = run
                .iter()
                .map(|(index, value)| (x.at(*index as f64), y.at(*value)))
                .collect();
            last = points.last().copied();
            if points.len() > 1 {
                svg.path(&points, false, "sl");
            }
        }
        if let Some((x, y)) = last {
            svg.circle(x, y, 2.6, state.fill(), "");
        }
    }
    svg.inline(Some(label))
}

/// Stretches of values without a gap, each value with its index.
pub(crate) fn runs(values: &[Option<f64>]) -> Vec<Vec<(usize, f64)>> {
    let mut runs: Vec<Vec<(usize, f64)>> = Vec::new();
    let mut open = false;
    for (index, value) in values.iter().enumerate() {
        match (value, open) {
            (Some(value), true) => {
                if let Some(run) = runs.last_mut() {
                    run.push((index, *value));
                }
            }
            (Some(value), false) => {
                runs.push(vec![(index, *value)]);
                open = true;
            }
            (None, _) => open = false,
        }
    }
    runs
}

/// What a bullet shows.
pub(crate) struct Bullet {
    pub(crate) value: f64,
    pub(crate) target: Option<f64>,
    pub(crate) interval: Option<(f64, f64)>,
    /// The range of the scale.
    pub(crate) scale: (f64, f64),
    pub(crate) state: State,
}

/// The value as a bar, its interval as a thin line, the target as a tick.
pub(crate) fn bullet(bullet: &Bullet, width: f64, label: &str) -> Markup {
    let mut svg = Svg::new(width, 18.0);
    let x = Linear::new(bullet.scale, (0.0, width));
    svg.rect(rect(0.0, 4.0, width, 10.0), "bg0", "");
    let zero = x.clamped(0.0);
    let end = x.clamped(bullet.value);
    svg.rect(
        rect(zero.min(end), 6.5, (end - zero).abs(), 5.0),
        bullet.state.fill(),
        "",
    );
    if let Some((low, high)) = bullet.interval {
        svg.whisker(x.clamped(low), x.clamped(high), 9.0);
    }
    if let Some(target) = bullet.target {
        svg.rect(
            rect(
                x.clamped(target).clamp(1.0, width - 1.0) - 1.0,
                1.5,
                2.0,
                15.0,
            ),
            "fi",
            "",
        );
    }
    svg.inline(Some(label))
}

/// A bar in a table cell; negative values grow to the left of a shared zero.
pub(crate) fn bar(value: f64, domain: (f64, f64), class: &str) -> Markup {
    let width = 46.0;
    let mut svg = Svg::new(width, 12.0);
    let x = Linear::new((domain.0.min(0.0), domain.1.max(0.0)), (0.0, width));
    let (zero, end) = (x.at(0.0), x.clamped(value));
    svg.rect(rect(zero.min(end), 2.0, (end - zero).abs(), 8.0), class, "");
    svg.inline(None)
}

/// Two points joined: before and now. Every row is centred on itself and all rows
/// share one unit, `reach`, the largest change among them: a steeper line is a
/// larger change, and one extreme row does not flatten the others.
pub(crate) fn slope(before: f64, now: f64, reach: f64, is_hot: bool) -> Markup {
    let mut svg = Svg::new(44.0, 16.0);
    let middle = before / 2.0 + now / 2.0;
    let y = Linear::new((middle - reach / 2.0, middle + reach / 2.0), (14.0, 2.0));
    let (line, dot) = if is_hot { ("ln3", "f2") } else { ("ln", "f1") };
    svg.line(5.0, y.clamped(before), 38.0, y.clamped(now), line);
    svg.circle(38.0, y.clamped(now), 2.5, dot, "");
    svg.inline(None)
}

/// A value with its interval and a reference, on the scale of all rows.
pub(crate) struct Interval {
    pub(crate) value: f64,
    pub(crate) ends: Option<(f64, f64)>,
    pub(crate) reference: Option<f64>,
    pub(crate) domain: (f64, f64),
    pub(crate) is_hot: bool,
}

pub(crate) fn interval(mark: &Interval) -> Markup {
    let width = 66.0;
    let mut svg = Svg::new(width, 14.0);
    let x = Linear::new(mark.domain, (4.0, width - 4.0));
    if let Some(reference) = mark.reference {
        svg.line(x.clamped(reference), 0.0, x.clamped(reference), 14.0, "rf");
    }
    let (line, dot) = if mark.is_hot {
        ("ci2", "f2")
    } else {
        ("ci1", "f1")
    };
    if let Some((low, high)) = mark.ends {
        svg.line(x.clamped(low), 7.0, x.clamped(high), 7.0, line);
    }
    svg.circle(x.clamped(mark.value), 7.0, 3.2, dot, "");
    svg.inline(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_parts_the_line() {
        let runs = runs(&[Some(1.0), None, Some(2.0), Some(3.0)]);
        assert_eq!(runs, [vec![(0, 1.0)], vec![(2, 2.0), (3, 3.0)]]);
    }

    #[test]
    fn marks_of_one_value_or_none_are_drawn() {
        assert!(
            spark(&[Some(1.0)], None, State::Ok, 100.0, "x")
                .as_str()
                .contains("circle")
        );
        assert!(
            !spark(&[None], None, State::Ok, 100.0, "x")
                .as_str()
                .contains("circle")
        );
    }
}
