//! From data to pixels: linear scales, round ticks, and date ticks.

use chrono::{Datelike, Days, Months, NaiveDate};

use crate::lang::Lang;

/// A linear map from a data range to a pixel range.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Linear {
    pub(crate) domain: (f64, f64),
    pub(crate) range: (f64, f64),
}

impl Linear {
    pub(crate) fn new(domain: (f64, f64), range: (f64, f64)) -> Self {
        Self { domain, range }
    }

    /// The pixel of a value. A domain of one point maps to the middle, so a
    /// single observation is drawn in the frame and not at its edge.
    pub(crate) fn at(&self, value: f64) -> f64 {
        let span = self.domain.1 - self.domain.0;
        let share = if span.abs() < f64::MIN_POSITIVE || !span.is_finite() {
            0.5
        } else {
            (value - self.domain.0) / span
        };
        self.range.0 + share * (self.range.1 - self.range.0)
    }

    /// The pixel of a value moved into the domain first.
    pub(crate) fn clamped(&self, value: f64) -> f64 {
        let (low, high) = (
            self.domain.0.min(self.domain.1),
            self.domain.0.max(self.domain.1),
        );
        self.at(value.clamp(low, high))
    }
}

/// The smallest and largest of the numbers, or `None` if there is none.
pub(crate) fn extent(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values.into_iter().fold(None, |extent, value| match extent {
        None => Some((value, value)),
        Some((low, high)) => Some((low.min(value), high.max(value))),
    })
}

/// Round numbers that cover the range, about `count` of them; the first and the
/// last are the ends of the axis.
pub(crate) fn ticks(low: f64, high: f64, count: usize) -> Vec<f64> {
    let (low, high) = if high - low < f64::EPSILON * high.abs().max(1.0) {
        let pad = if low == 0.0 { 1.0 } else { low.abs() * 0.1 };
        (low - pad, high + pad)
    } else {
        (low, high)
    };
    // Halved first: the difference of two huge numbers of opposite sign is infinite.
    let rough = (high / 2.0 - low / 2.0) / (count.max(1) as f64) * 2.0;
    let magnitude = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .map(|multiple| multiple * magnitude)
        .find(|step| *step >= rough * 0.999)
        .unwrap_or(magnitude * 10.0);
    if !step.is_finite() || step <= 0.0 {
        return vec![low, high];
    }
    let first = (low / step + 1e-9).floor();
    let last = (high / step - 1e-9).ceil();
    let steps = (last - first).clamp(1.0, 50.0) as usize;
    (0..=steps)
        .map(|index| (first + index as f64) * step)
        .collect()
}

/// Which of the dates deserve a label, and the label: years, months or days, at
/// most about `count` of them.
pub(crate) fn date_ticks(
    first: NaiveDate,
    last: NaiveDate,
    count: usize,
    lang: Lang,
) -> Vec<(NaiveDate, String)> {
    let days = (last - first).num_days().max(0) as usize;
    let count = count.max(2);
    if days <= 62 {
        let step = [1, 7, 14, 28]
            .into_iter()
            .find(|step| days / step < count)
            .unwrap_or(28);
        return (0..=days / step)
            .filter_map(|index| first.checked_add_days(Days::new((index * step) as u64)))
            .map(|day| (day, lang.short_day(day)))
            .collect();
    }
    let months = days / 30 + 1;
    let step = [1, 2, 3, 6, 12, 24, 60, 120]
        .into_iter()
        .find(|step| months / step <= count)
        .unwrap_or(120);
    // Anchored on the year, so that a report drawn a week later has the same ticks.
    let anchor = first.with_day(1).unwrap_or(first);
    let offset = (anchor.month0() as usize) % step.min(12);
    let mut tick = anchor.checked_sub_months(Months::new(offset as u32));
    let mut found = Vec::new();
    while let Some(day) = tick {
        if day > last {
            break;
        }
        if day >= first {
            let label = if step >= 12 || day.month() == 1 {
                format!("{}", day.year())
            } else {
                lang.short_month(day)
            };
            found.push((day, label));
        }
        tick = day.checked_add_months(Months::new(step as u32));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_cover_the_data() {
        assert_eq!(ticks(21.0, 48.0, 4), [20.0, 30.0, 40.0, 50.0]);
        assert_eq!(ticks(0.0, 0.118, 4).first(), Some(&0.0));
        assert!(
            ticks(0.0, 0.118, 4)
                .last()
                .is_some_and(|last| *last >= 0.118)
        );
    }

    #[test]
    fn one_value_and_enormous_values_still_have_ticks() {
        assert!(ticks(7.0, 7.0, 4).len() >= 2);
        assert!(ticks(-1e308, 1e308, 4).len() >= 2);
        assert!(ticks(0.0, 0.0, 4).len() >= 2);
    }

    #[test]
    fn a_single_point_is_drawn_in_the_middle() {
        assert_eq!(Linear::new((3.0, 3.0), (0.0, 10.0)).at(3.0), 5.0);
    }

    #[test]
    fn nine_months_are_labelled_by_month_and_four_weeks_by_day() {
        let day = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).unwrap();
        let months = date_ticks(day(2026, 2, 16), day(2026, 11, 9), 10, Lang::En);
        assert_eq!(months[0], (day(2026, 3, 1), "Mar".to_owned()));
        let days = date_ticks(day(2026, 10, 19), day(2026, 11, 15), 5, Lang::Zh);
        assert_eq!(days[1], (day(2026, 10, 26), "10-26".to_owned()));
    }
}
