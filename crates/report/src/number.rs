//! Numbers as a reader sees them.
//!
//! Files keep full precision; pages show two to four significant digits. The
//! currency comes from the workspace and never from the language. A minus sign
//! is U+2212, a missing value an em dash, and a value that only rounds to zero
//! says so.

use crate::lang::Lang;

/// What a missing value looks like.
pub(crate) const MISSING: &str = "\u{2014}";

const MINUS: &str = "\u{2212}";

/// How a number is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Whole number with thousands separated: `96,412`.
    Int,
    /// Three significant digits: `4.31`.
    Number,
    /// One decimal: `4.3`.
    Number1,
    /// Two decimals: `4.31`.
    Number2,
    /// A fraction as whole per cent: `12%`.
    Pct,
    /// A fraction as per cent with one decimal: `11.8%`.
    Pct1,
    /// A number that already is per cent: `11.8%`.
    Percent,
    /// A difference of fractions in percentage points: `+1.3 pp`.
    Pp,
    /// An amount in the workspace's currency: `¥3.42 m`.
    Money,
    /// Points of a score such as NPS: `31`.
    Points,
    /// Three significant digits with a unit of size: `9.81 m`, `981 万`.
    Compact,
    /// A duration given in seconds: `2:38 h`.
    Duration,
    /// A duration given in minutes.
    Minutes,
    /// A duration given in hours.
    Hours,
    /// A duration given in days.
    Days,
    /// A day: `9 November 2026`.
    Date,
    /// Text as it is.
    Text,
    /// Text whose emphasis is read as Markdown; HTML in it stays text.
    Markdown,
}

impl Format {
    /// Every format with the name a spec uses for it.
    pub const ALL: &'static [(&'static str, Self)] = &[
        ("int", Self::Int),
        ("number", Self::Number),
        ("number1", Self::Number1),
        ("number2", Self::Number2),
        ("pct", Self::Pct),
        ("pct1", Self::Pct1),
        ("percent", Self::Percent),
        ("pp", Self::Pp),
        ("money", Self::Money),
        ("points", Self::Points),
        ("compact", Self::Compact),
        ("duration", Self::Duration),
        ("minutes", Self::Minutes),
        ("hours", Self::Hours),
        ("days", Self::Days),
        ("date", Self::Date),
        ("text", Self::Text),
        ("markdown", Self::Markdown),
    ];

    /// The format of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, format)| *format)
    }

    fn is_share(self) -> bool {
        matches!(self, Self::Pct | Self::Pct1)
    }
}

/// Writes numbers in one language and one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbers {
    lang: Lang,
    currency: String,
}

impl Numbers {
    /// Numbers for a page in `lang` whose money is in `currency` (ISO 4217).
    pub fn new(lang: Lang, currency: impl Into<String>) -> Self {
        Self {
            lang,
            currency: currency.into(),
        }
    }

    /// The language numbers are written in.
    pub fn lang(&self) -> Lang {
        self.lang
    }

    /// Writes a value; a missing or not finite one becomes an em dash.
    pub fn write(&self, value: Option<f64>, format: Format) -> String {
        let Some(value) = value.filter(|value| value.is_finite()) else {
            return MISSING.to_owned();
        };
        match format {
            Format::Int => fixed(value, 0),
            Format::Points => fixed(value, 0),
            Format::Number | Format::Date | Format::Text | Format::Markdown => significant(value),
            Format::Number1 => fixed(value, 1),
            Format::Number2 => fixed(value, 2),
            Format::Pct => percent(value * 100.0, 0),
            Format::Pct1 => percent(value * 100.0, 1),
            Format::Percent => percent(value, 1),
            Format::Pp => format!("{} pp", signed(value * 100.0, 1)),
            Format::Money => self.money(value),
            Format::Compact => self.compact(value, 3),
            Format::Duration => self.duration(value),
            Format::Minutes => self.duration(value * 60.0),
            Format::Hours => self.duration(value * 3_600.0),
            Format::Days => self.duration(value * 86_400.0),
        }
    }

    /// The change from `before` to `now`: percentage points for shares, points
    /// for scores, the same unit for durations and plain numbers, and per cent
    /// of the former value for counts and money.
    pub(crate) fn change(&self, now: Option<f64>, before: Option<f64>, format: Format) -> String {
        let (Some(now), Some(before)) = (now, before) else {
            return MISSING.to_owned();
        };
        let difference = now - before;
        match format {
            _ if !difference.is_finite() => MISSING.to_owned(),
            _ if format.is_share() => self.write(Some(difference), Format::Pp),
            Format::Percent | Format::Pp => self.write(Some(difference / 100.0), Format::Pp),
            Format::Points => signed(difference, 0),
            Format::Number1 => signed(difference, 1),
            Format::Number | Format::Number2 => signed(difference, 2),
            Format::Duration | Format::Minutes | Format::Hours | Format::Days => {
                let sign = if difference > 0.0 { "+" } else { "" };
                format!("{sign}{}", self.write(Some(difference), format))
            }
            _ => relative(now, before),
        }
    }

    /// An interval around a value: `±3` when it is symmetric, else its ends.
    pub(crate) fn interval(&self, value: f64, low: f64, high: f64, format: Format) -> String {
        let (below, above) = (value - low, high - value);
        let symmetric = (below - above).abs() <= 0.05 * (below + above).abs();
        if symmetric && format == Format::Points {
            return format!("\u{00B1}\u{2009}{}", fixed((high - low) / 2.0, 0));
        }
        let (low, high) = (
            self.write(Some(low), format),
            self.write(Some(high), format),
        );
        // The unit once: 11.5–12.1% and not 11.5%–12.1%.
        let low = if low.ends_with('%') && high.ends_with('%') {
            low.trim_end_matches('%')
        } else {
            &low
        };
        // A dash beside a minus sign cannot be read.
        if low.starts_with('\u{2212}') {
            return match self.lang {
                Lang::En => format!("({low} to {high})"),
                Lang::Zh => format!("({low} 至 {high})"),
            };
        }
        format!("{low}\u{2013}{high}")
    }

    /// `digits` significant digits and a unit of size, in the language's own
    /// steps: thousands in English, ten-thousands in Chinese.
    pub(crate) fn compact(&self, value: f64, digits: i32) -> String {
        let units: &[(f64, &str)] = match self.lang {
            Lang::En => &[(1e12, " tn"), (1e9, " bn"), (1e6, " m"), (1e3, " k")],
            Lang::Zh => &[(1e12, " 万亿"), (1e8, " 亿"), (1e4, " 万")],
        };
        let size = value.abs();
        // Half a last digit below the unit rounds up into it: 999,960 is 1 m.
        let slack = 1.0 - 0.5 * 10f64.powi(-digits);
        for (unit, name) in units {
            if size >= unit * slack {
                let scaled = value / unit;
                let whole = scaled.abs().log10().floor() as i32 + 1;
                let decimals = (digits - whole).clamp(0, 2) as usize;
                return format!("{}{name}", trim_zeros(fixed(scaled, decimals)));
            }
        }
        if value == value.trunc() || size >= 100.0 {
            fixed(value, 0)
        } else {
            significant(value)
        }
    }

    fn money(&self, value: f64) -> String {
        let amount = if value.abs() >= 10_000.0 {
            self.compact(value.abs(), 3)
        } else if value.abs() >= 100.0 || value == value.trunc() {
            fixed(value.abs(), 0)
        } else {
            fixed(value.abs(), if value.abs() < 10.0 { 2 } else { 1 })
        };
        let sign = if value < 0.0 && amount.chars().any(|c| ('1'..='9').contains(&c)) {
            MINUS
        } else {
            ""
        };
        let symbol = match self.currency.as_str() {
            "CNY" | "JPY" => "\u{00A5}",
            "USD" => "$",
            "EUR" => "\u{20AC}",
            "GBP" => "\u{00A3}",
            "KRW" => "\u{20A9}",
            "INR" => "\u{20B9}",
            "" => "",
            code => return format!("{sign}{code} {amount}"),
        };
        format!("{sign}{symbol}{amount}")
    }

    fn duration(&self, seconds: f64) -> String {
        let sign = if seconds < 0.0 { MINUS } else { "" };
        let seconds = seconds.abs();
        let (minutes, hours, days) = (seconds / 60.0, seconds / 3_600.0, seconds / 86_400.0);
        let text = if seconds < 59.5 {
            format!("{} {}", fixed(seconds, 0), self.lang.pick("s", "秒"))
        } else if minutes < 59.5 {
            format!("{} {}", fixed(minutes, 0), self.lang.pick("m", "分"))
        } else if hours < 9.99 {
            let total = minutes.round();
            let (whole, rest) = ((total / 60.0).floor(), total % 60.0);
            if rest == 0.0 {
                format!("{whole:.0} {}", self.lang.pick("h", "小时"))
            } else {
                format!("{whole:.0}:{rest:02.0} {}", self.lang.pick("h", "时"))
            }
        } else if hours < 71.5 {
            format!("{} {}", fixed(hours, 0), self.lang.pick("h", "小时"))
        } else {
            let decimals = if days < 10.0 { 1 } else { 0 };
            format!(
                "{} {}",
                trim_zeros(fixed(days, decimals)),
                self.lang.pick("d", "天")
            )
        };
        format!("{sign}{text}")
    }
}

/// The change as per cent of the former value, or a dash if there was none.
pub(crate) fn relative(now: f64, before: f64) -> String {
    let change = (now / before - 1.0) * 100.0;
    if before == 0.0 || !change.is_finite() {
        return MISSING.to_owned();
    }
    let decimals = if change.abs() < 10.0 { 1 } else { 0 };
    format!("{}%", signed(change, decimals))
}

fn percent(value: f64, decimals: usize) -> String {
    let smallest = 10f64.powi(-(decimals as i32));
    if value != 0.0 && value.abs() < smallest / 2.0 {
        let sign = if value < 0.0 {
            format!("> {MINUS}")
        } else {
            "< ".to_owned()
        };
        return format!("{sign}{smallest:.decimals$}%");
    }
    format!("{}%", fixed(value, decimals))
}

fn signed(value: f64, decimals: usize) -> String {
    let text = fixed(value, decimals);
    let is_zero = !text.chars().any(|c| ('1'..='9').contains(&c));
    if value > 0.0 && !is_zero {
        format!("+{text}")
    } else {
        text
    }
}

fn significant(value: f64) -> String {
    let size = value.abs();
    if size >= 1e15 {
        return format!("{value:.2e}").replace('-', MINUS);
    }
    if value == value.trunc() || size >= 100.0 {
        return fixed(value, 0);
    }
    if size < 0.001 && size > 0.0 {
        return format!("{value:.1e}").replace('-', MINUS);
    }
    fixed(
        value,
        if size >= 10.0 {
            1
        } else if size >= 1.0 {
            2
        } else {
            3
        },
    )
}

/// Fixed decimals, thousands separated, a true minus sign, and no minus zero.
fn fixed(value: f64, decimals: usize) -> String {
    if value.abs() >= 1e15 {
        return format!("{value:.2e}").replace('-', MINUS);
    }
    // Half away from zero on the decimal a reader sees; `format!` alone rounds
    // the binary value, and then 0.125 and 0.135 go different ways.
    let factor = 10f64.powi(decimals as i32);
    let scaled = value.abs() * factor;
    let rounded = (scaled + scaled * 1e-12).round() / factor;
    let text = format!("{rounded:.decimals$}");
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if !fraction.is_empty() {
        grouped.push('.');
        grouped.push_str(fraction);
    }
    if value < 0.0 && rounded != 0.0 {
        format!("{MINUS}{grouped}")
    } else {
        grouped
    }
}

fn trim_zeros(text: String) -> String {
    if text.contains('.') && !text.contains('e') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: f64, format: Format, en: &str, zh: &str) {
        assert_eq!(Numbers::new(Lang::En, "CNY").write(Some(value), format), en);
        assert_eq!(Numbers::new(Lang::Zh, "CNY").write(Some(value), format), zh);
    }

    #[test]
    fn the_table_of_the_design_holds() {
        check(96_412.0, Format::Int, "96,412", "96,412");
        check(31_000.0, Format::Compact, "31 k", "3.1 万");
        check(9_810_000.0, Format::Compact, "9.81 m", "981 万");
        check(120_000_000.0, Format::Compact, "120 m", "1.2 亿");
        check(3_420_000.0, Format::Money, "¥3.42 m", "¥342 万");
        check(0.118, Format::Pct1, "11.8%", "11.8%");
        check(0.013, Format::Pp, "+1.3 pp", "+1.3 pp");
        check(660.0, Format::Duration, "11 m", "11 分");
        check(9_480.0, Format::Duration, "2:38 h", "2:38 时");
        check(41.0, Format::Hours, "41 h", "41 小时");
        check(27.9, Format::Money, "¥27.9", "¥27.9");
    }

    #[test]
    fn a_missing_or_impossible_number_is_a_dash() {
        let numbers = Numbers::new(Lang::En, "EUR");
        for value in [None, Some(f64::NAN), Some(f64::INFINITY)] {
            assert_eq!(numbers.write(value, Format::Pct1), "\u{2014}");
        }
        assert_eq!(numbers.change(Some(1.0), None, Format::Int), "\u{2014}");
        assert_eq!(
            numbers.change(Some(1.0), Some(0.0), Format::Int),
            "\u{2014}"
        );
    }

    #[test]
    fn the_minus_is_a_true_minus_and_zero_has_none() {
        check(-4.0, Format::Points, "\u{2212}4", "\u{2212}4");
        check(-0.2, Format::Points, "0", "0");
        check(-19.5, Format::Money, "\u{2212}¥19.5", "\u{2212}¥19.5");
        check(0.0, Format::Pp, "0.0 pp", "0.0 pp");
    }

    #[test]
    fn what_only_rounds_to_zero_says_so() {
        check(0.0003, Format::Pct1, "< 0.1%", "< 0.1%");
        check(-0.0003, Format::Pct1, "> \u{2212}0.1%", "> \u{2212}0.1%");
        check(0.0, Format::Pct1, "0.0%", "0.0%");
    }

    #[test]
    fn a_number_just_below_a_unit_rounds_up_into_it() {
        check(999_960.0, Format::Compact, "1 m", "100 万");
        check(999.0, Format::Compact, "999", "999");
    }

    #[test]
    fn rounding_is_by_the_decimals_a_reader_sees() {
        check(0.1185, Format::Pct1, "11.9%", "11.9%");
        check(1.005, Format::Number2, "1.01", "1.01");
    }

    #[test]
    fn enormous_numbers_stay_short() {
        check(1e300, Format::Int, "1.00e300", "1.00e300");
        assert!(
            Numbers::new(Lang::En, "CNY")
                .write(Some(1e300), Format::Compact)
                .len()
                < 30
        );
    }

    #[test]
    fn a_change_is_in_the_unit_its_measure_needs() {
        let numbers = Numbers::new(Lang::En, "CNY");
        let change = |now, before, format| numbers.change(Some(now), Some(before), format);
        assert_eq!(change(0.118, 0.105, Format::Pct1), "+1.3 pp");
        assert_eq!(change(31.0, 35.0, Format::Points), "\u{2212}4");
        assert_eq!(change(96_412.0, 44_226.0, Format::Int), "+118%");
        assert_eq!(change(41.0, 32.0, Format::Hours), "+9 h");
        assert_eq!(change(4.31, 4.37, Format::Number2), "\u{2212}0.06");
    }

    #[test]
    fn an_interval_names_its_unit_once() {
        let numbers = Numbers::new(Lang::En, "CNY");
        assert_eq!(
            numbers.interval(0.118, 0.115, 0.121, Format::Pct1),
            "11.5\u{2013}12.1%"
        );
        assert_eq!(
            numbers.interval(23.0, -6.0, 48.0, Format::Points),
            "(\u{2212}6 to 48)"
        );
        assert_eq!(
            numbers.interval(31.0, 28.0, 34.0, Format::Points),
            "±\u{2009}3"
        );
    }

    #[test]
    fn a_currency_without_a_known_symbol_shows_its_code() {
        assert_eq!(
            Numbers::new(Lang::En, "CHF").write(Some(12.0), Format::Money),
            "CHF 12"
        );
    }
}
