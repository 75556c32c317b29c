//! The two languages of a page: fixed labels, dates and periods.
//!
//! Labels of data (segments, reasons) come from the workspace's tables, and strings
//! of a report from its spec; this table holds only what the page writes by itself.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime};

/// The language of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lang {
    /// English.
    En,
    /// Chinese, simplified.
    Zh,
}

impl Lang {
    /// Both languages, in the order the program offers them.
    pub const ALL: [Self; 2] = [Self::En, Self::Zh];

    /// The short code used in specs, file names and column suffixes.
    pub fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
        }
    }

    /// The language with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lang| lang.code() == code)
    }

    /// The value of the page's `lang` attribute.
    pub(crate) fn html(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh-CN",
        }
    }

    pub(crate) fn pick<'a>(self, en: &'a str, zh: &'a str) -> &'a str {
        self.pick_ref(en, zh)
    }

    /// What is said in this language.
    pub(crate) fn pick_ref<'a, T: ?Sized>(self, en: &'a T, zh: &'a T) -> &'a T {
        match self {
            Self::En => en,
            Self::Zh => zh,
        }
    }

    /// `9 Nov`, `11-09`: the label of a tick or a table cell.
    pub(crate) fn short_day(self, day: NaiveDate) -> String {
        match self {
            Self::En => format!("{} {}", day.day(), &month(day)[..3]),
            Self::Zh => format!("{:02}-{:02}", day.month(), day.day()),
        }
    }

    /// `Nov`, `11月`.
    pub(crate) fn short_month(self, day: NaiveDate) -> String {
        match self {
            Self::En => month(day)[..3].to_owned(),
            Self::Zh => format!("{}月", day.month()),
        }
    }

    /// `Nov 25`, `25-11`: the label of a monthly cohort.
    pub(crate) fn month_of_year(self, day: NaiveDate) -> String {
        let year = day.year().rem_euclid(100);
        match self {
            Self::En => format!("{} {year:02}", &month(day)[..3]),
            Self::Zh => format!("{year:02}-{:02}", day.month()),
        }
    }

    /// `9 November 2026`, `2026 年 11 月 9 日`.
    pub(crate) fn long_day(self, day: NaiveDate) -> String {
        match self {
            Self::En => format!("{} {} {}", day.day(), month(day), day.year()),
            Self::Zh => format!("{} 年 {} 月 {} 日", day.year(), day.month(), day.day()),
        }
    }

    /// `15 Nov 23:59`, `11-15 23:59`.
    pub(crate) fn moment(self, at: NaiveDateTime) -> String {
        format!("{} {}", self.short_day(at.date()), at.format("%H:%M"))
    }

    /// A period from its first day to the day after its last: an ISO week and a
    /// calendar month have names, anything else is a range of days.
    pub(crate) fn period(self, start: NaiveDate, end: NaiveDate) -> String {
        let last = end.checked_sub_days(Days::new(1)).unwrap_or(end).max(start);
        let days = (last - start).num_days() + 1;
        if days == 7 && start.weekday() == chrono::Weekday::Mon {
            let week = start.iso_week();
            return match self {
                Self::En => format!("Week {}, {}", week.week(), self.days(start, last)),
                Self::Zh => format!(
                    "{} 年第 {} 周 · {}",
                    week.year(),
                    week.week(),
                    self.days_of_year(start, last)
                ),
            };
        }
        if start.day() == 1 && end.day() == 1 && days <= 31 {
            return match self {
                Self::En => format!("{} {}", month(start), start.year()),
                Self::Zh => format!("{} 年 {} 月", start.year(), start.month()),
            };
        }
        self.days(start, last)
    }

    fn days(self, first: NaiveDate, last: NaiveDate) -> String {
        if first == last {
            return self.long_day(first);
        }
        match self {
            Self::En if first.year() != last.year() => {
                format!("{} \u{2013} {}", self.long_day(first), self.long_day(last))
            }
            Self::En if first.month() != last.month() => {
                format!(
                    "{} {} \u{2013} {}",
                    first.day(),
                    month(first),
                    self.long_day(last)
                )
            }
            Self::En => format!("{}\u{2013}{}", first.day(), self.long_day(last)),
            Self::Zh => format!("{} 年 {}", first.year(), self.days_of_year(first, last)),
        }
    }

    /// Chinese: `11 月 9 日至 15 日`, the year left to the caller.
    fn days_of_year(self, first: NaiveDate, last: NaiveDate) -> String {
        let from = format!("{} 月 {} 日", first.month(), first.day());
        if first.year() != last.year() {
            format!("{from}至 {}", self.long_day(last))
        } else if first.month() != last.month() {
            format!("{from}至 {} 月 {} 日", last.month(), last.day())
        } else {
            format!("{from}至 {} 日", last.day())
        }
    }
}

fn month(day: NaiveDate) -> &'static str {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    MONTHS[day.month0() as usize % 12]
}

/// Columns that views name the same way everywhere, with the headings a reader
/// expects. A figure's `labels` come first; a column in neither is shown by its
/// name with the underscores taken out.
const HEADINGS: &[(&str, &str, &str)] = &[
    ("n", "n", "样本"),
    ("value", "Value", "数值"),
    ("label", "Measure", "指标"),
    ("measure", "Measure", "指标"),
    ("share", "Share", "占比"),
    ("target", "Target", "目标"),
    ("previous", "vs last", "较上期"),
    ("mean_4w", "vs 4 wk", "较四周均值"),
    ("year_ago", "vs year ago", "同比"),
    ("baseline", "vs usual", "较常态"),
    ("customers", "Customers", "客户"),
    ("orders", "Orders", "订单"),
    ("returns", "Returns", "退货"),
    ("tickets", "Tickets", "工单"),
    ("responses", "responses", "份问卷"),
    ("return_rate", "Return rate", "退货率"),
    ("repurchase_rate", "Bought again", "复购率"),
    ("revenue_share", "Revenue", "收入占比"),
    ("refund_amount", "Refunds", "退款金额"),
    ("segment", "Segment", "分层"),
    ("reason", "Reason", "原因"),
    ("category", "Category", "品类"),
    ("product", "Product", "商品"),
    ("channel", "Channel", "渠道"),
    ("cohort", "Cohort", "同期群"),
    ("week", "Week", "周"),
    ("month", "Month", "月"),
    ("day", "Day", "日"),
    ("nps", "NPS", "NPS"),
    ("csat", "CSAT", "CSAT"),
    ("ces", "CES", "CES"),
    ("promoters", "promoters", "推荐者"),
    ("passives", "passives", "中立者"),
    ("detractors", "detractors", "贬损者"),
];

/// The heading of a column without a label of its own.
pub(crate) fn heading(column: &str, lang: Lang) -> String {
    if let Some((_, en, zh)) = HEADINGS.iter().find(|(name, _, _)| *name == column) {
        return lang.pick(en, zh).to_owned();
    }
    let words = column.replace('_', " ");
    let mut characters = words.trim().chars();
    match characters.next() {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => column.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn an_iso_week_is_named_and_its_end_is_exclusive() {
        let (start, end) = (day(2026, 11, 9), day(2026, 11, 16));
        assert_eq!(
            Lang::En.period(start, end),
            "Week 46, 9\u{2013}15 November 2026"
        );
        assert_eq!(
            Lang::Zh.period(start, end),
            "2026 年第 46 周 · 11 月 9 日至 15 日"
        );
    }

    #[test]
    fn a_week_across_the_new_year_names_both_years() {
        let (start, end) = (day(2026, 12, 28), day(2027, 1, 4));
        assert_eq!(
            Lang::En.period(start, end),
            "Week 53, 28 December 2026 \u{2013} 3 January 2027"
        );
        assert_eq!(
            Lang::Zh.period(start, end),
            "2026 年第 53 周 · 12 月 28 日至 2027 年 1 月 3 日"
        );
    }

    #[test]
    fn a_calendar_month_and_a_single_day_have_names() {
        assert_eq!(
            Lang::En.period(day(2026, 11, 1), day(2026, 12, 1)),
            "November 2026"
        );
        assert_eq!(
            Lang::Zh.period(day(2026, 11, 1), day(2026, 12, 1)),
            "2026 年 11 月"
        );
        assert_eq!(
            Lang::En.period(day(2026, 11, 9), day(2026, 11, 10)),
            "9 November 2026"
        );
    }

    #[test]
    fn a_heading_is_looked_up_or_made_readable() {
        assert_eq!(heading("return_rate", Lang::Zh), "退货率");
        assert_eq!(heading("top_reason", Lang::En), "Top reason");
        assert_eq!(heading("", Lang::En), "");
    }
}
