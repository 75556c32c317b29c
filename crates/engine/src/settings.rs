//! Settings: everything a person may tune, declared once.
//!
//! A setting has a name, a type, a default and a meaning. Its value comes from
//! the workspace file, the command line or `set name = value`. In SQL it is the
//! placeholder `$name`; the same registry is what `show settings` prints. It is
//! also DataFusion's config extension `aftersight.*`, so that a session carries
//! its settings wherever its config goes. The engine never asks the clock: a
//! report day that nobody gave is an error when a view needs it.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{Days, NaiveDate};
use chrono_tz::Tz;
use datafusion::common::config::{ConfigEntry, ConfigExtension, ExtensionOptions};
use datafusion::common::{DataFusionError, ScalarValue};
use indexmap::IndexMap;

use crate::error::{Error, Result};
use crate::suggest::did_you_mean;

mod contradiction;
mod days;
mod declared;

pub use days::{last_complete_period_end, parse_date};
pub use declared::{Declared, Setting, SettingType};

pub(crate) use contradiction::Contradiction;
use days::{DERIVED_DAYS, FIRST_DAY, days_since_epoch, midnight_us, period_day};
use declared::{BUILT_IN, scalar};

/// The settings of a session: declarations and the values that differ from the defaults.
#[derive(Debug, Clone)]
pub struct Settings {
    declared: Arc<IndexMap<String, Setting>>,
    values: BTreeMap<String, Option<String>>,
}

impl Default for Settings {
    fn default() -> Self {
        let declared = BUILT_IN
            .iter()
            .map(|&(name, ty, default, is_fixed, doc)| {
                let setting = Setting {
                    name: name.to_owned(),
                    ty,
                    default: default.map(str::to_owned),
                    doc: doc.to_owned(),
                    is_fixed,
                    declared: Declared::BuiltIn,
                    more_choices: Vec::new(),
                };
                (name.to_owned(), setting)
            })
            .collect();
        Settings {
            declared: Arc::new(declared),
            values: BTreeMap::new(),
        }
    }
}

fn wrong(message: String, hint: Option<String>) -> Error {
    Error::Setting { message, hint }
}

impl Settings {
    /// Adds a parameter of the workspace; its default must be a value of its type.
    pub fn declare(&mut self, setting: Setting) -> Result<()> {
        if self.declared.contains_key(&setting.name) {
            return Err(wrong(
                format!("setting `{}` exists already", setting.name),
                Some(
                    "give the parameter another name, or set the built-in under [settings]".into(),
                ),
            ));
        }
        if let Some(default) = &setting.default {
            scalar(&setting, Some(default))?;
        }
        Arc::make_mut(&mut self.declared).insert(setting.name.clone(), setting);
        Ok(())
    }

    /// Returns every declaration, in the order they print.
    pub fn declarations(&self) -> impl Iterator<Item = &Setting> {
        self.declared.values()
    }

    fn declaration(&self, name: &str) -> Result<&Setting> {
        self.declared.get(name).ok_or_else(|| {
            wrong(
                format!("there is no setting `{name}`"),
                did_you_mean(name, self.declared.keys().map(String::as_str)),
            )
        })
    }

    /// Sets a value; `null` and the empty text unset it.
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let setting = self.declaration(name)?;
        if setting.is_fixed {
            return Err(wrong(
                format!("`{name}` is fixed by the workspace file"),
                Some(format!("change `{name}` under [workspace]")),
            ));
        }
        self.fix(name, value)
    }

    /// Sets a value, also of a setting only the workspace file may set.
    pub fn fix(&mut self, name: &str, value: &str) -> Result<()> {
        let setting = self.declaration(name)?;
        let value = match value.trim() {
            "" => None,
            null if null.eq_ignore_ascii_case("null") => None,
            text => Some(text.to_owned()),
        };
        scalar(setting, value.as_deref())?;
        self.values.insert(name.to_owned(), value);
        Ok(())
    }

    /// Gives a setting of choices those of a rule table, and checks its value by them.
    pub(crate) fn set_more_choices(&mut self, name: &str, choices: Vec<String>) -> Result<()> {
        if let Some(setting) = Arc::make_mut(&mut self.declared).get_mut(name) {
            setting.more_choices = choices;
        }
        let setting = self.declaration(name)?;
        scalar(setting, self.get(name)?).map(drop)
    }

    /// Puts a setting back to its default.
    pub fn reset(&mut self, name: &str) -> Result<()> {
        let setting = self.declaration(name)?;
        if setting.is_fixed {
            return Err(wrong(
                format!("`{name}` is fixed by the workspace file"),
                None,
            ));
        }
        self.values.remove(name);
        Ok(())
    }

    /// Returns the value in text; `None` is NULL.
    pub fn get(&self, name: &str) -> Result<Option<&str>> {
        let setting = self.declaration(name)?;
        Ok(match self.values.get(name) {
            Some(value) => value.as_deref(),
            None => setting.default.as_deref(),
        })
    }

    /// Refuses values that contradict each other.
    pub(crate) fn check(&self) -> Result<()> {
        match self.contradiction() {
            Some(Contradiction { message, hint, .. }) => Err(wrong(message, Some(hint))),
            None => Ok(()),
        }
    }

    /// Returns every `(name, value)`, in the order they print.
    pub fn values(&self) -> Vec<(&str, Option<&str>)> {
        self.declared
            .keys()
            .map(|name| (name.as_str(), self.get(name).ok().flatten()))
            .collect()
    }

    /// Returns the workspace's time zone.
    pub fn time_zone(&self) -> Tz {
        let name = self.get("time_zone").ok().flatten().unwrap_or("UTC");
        name.parse().unwrap_or(Tz::UTC)
    }

    /// Returns the report day.
    pub fn as_of(&self) -> Option<NaiveDate> {
        self.get("as_of").ok().flatten().and_then(parse_date)
    }

    /// Returns what a placeholder stands for: a setting, or one of the days and
    /// instants that follow from the report day.
    pub fn placeholder(&self, name: &str) -> Result<ScalarValue> {
        if let Some(setting) = self.declared.get(name) {
            let value = self.get(name)?;
            if name == "as_of" && value.is_none() {
                return Err(no_report_day());
            }
            return scalar(setting, value);
        }
        let (base, is_instant) = match name.strip_suffix("_at") {
            Some(base) => (base, true),
            None => (name, false),
        };
        let day = match base {
            "as_of" => Some(self.as_of().ok_or_else(no_report_day)?),
            "known_as_of" => self.get("known_as_of")?.and_then(parse_date),
            "period_start" | "period_end" | "prev_start" | "prev_end" | "year_ago_start"
            | "year_ago_end" => {
                let as_of = self.as_of().ok_or_else(no_report_day)?;
                let period = self.get("period")?.unwrap_or("week");
                period_day(base, as_of, period)
            }
            "history_start" => {
                let as_of = self.as_of().ok_or_else(no_report_day)?;
                Some(self.history_start(as_of)?)
            }
            _ if self.window_days(base).is_some() => {
                let as_of = self.as_of().ok_or_else(no_report_day)?;
                Some(self.window_start(base, as_of)?)
            }
            _ => {
                let names = self.placeholder_names();
                return Err(wrong(
                    format!("there is no setting or parameter `${name}`"),
                    did_you_mean(name, names.iter().map(String::as_str)),
                ));
            }
        };
        if is_instant {
            let zone = self.time_zone();
            let us = day.map(|day| midnight_us(day, zone));
            return Ok(ScalarValue::TimestampMicrosecond(
                us,
                Some(zone.name().into()),
            ));
        }
        Ok(ScalarValue::Date32(day.map(days_since_epoch)))
    }

    /// Returns every name `placeholder` knows.
    pub fn placeholder_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.declared.keys().cloned().collect();
        for base in DERIVED_DAYS.iter().chain(&["history_start"]) {
            names.push((*base).to_owned());
            names.push(format!("{base}_at"));
        }
        for name in self.declared.keys() {
            if let Some(window) = name
                .strip_suffix("_days")
                .filter(|n| n.ends_with("_window"))
            {
                names.push(format!("{window}_start"));
                names.push(format!("{window}_start_at"));
            }
        }
        names.push("as_of_at".to_owned());
        names.push("known_as_of_at".to_owned());
        names
    }

    /// Returns the setting that holds the length of a window, given the name of its start.
    fn window_days(&self, start: &str) -> Option<&Setting> {
        let name = window_days_name(start)?;
        let setting = self.declared.get(&name)?;
        (setting.ty == SettingType::Integer).then_some(setting)
    }

    /// Returns the Monday `history_weeks` before the week that `as_of` lies in; NULL weeks
    /// start with the calendar.
    fn history_start(&self, as_of: NaiveDate) -> Result<NaiveDate> {
        let monday = last_complete_period_end(as_of, "week");
        let weeks: Option<u64> = self.get("history_weeks")?.and_then(|n| n.parse().ok());
        let days = weeks.and_then(|weeks| weeks.checked_mul(7));
        let first = days.and_then(|days| monday.checked_sub_days(Days::new(days)));
        Ok(first.map_or(FIRST_DAY, |day| day.max(FIRST_DAY)))
    }

    /// Returns the first day of a window that ends (exclusively) at `as_of`.
    ///
    /// A window of NULL days starts with the calendar, so that a view compares
    /// an instant with one literal whether there is a window or not.
    fn window_start(&self, start: &str, as_of: NaiveDate) -> Result<NaiveDate> {
        let days = match self.window_days(start) {
            Some(setting) => self.get(&setting.name)?.and_then(|d| d.parse().ok()),
            None => None,
        };
        let first = days.and_then(|days| as_of.checked_sub_days(Days::new(days)));
        Ok(first.map_or(FIRST_DAY, |day| day.max(FIRST_DAY)))
    }
}

/// Returns the setting a window's start follows from: `rfm_window_start` from `rfm_window_days`.
fn window_days_name(start: &str) -> Option<String> {
    let window = start.strip_suffix("_start")?;
    window
        .ends_with("_window")
        .then(|| format!("{window}_days"))
}

/// Returns whether the value of a placeholder depends on a setting.
pub(crate) fn depends_on(placeholder: &str, setting: &str) -> bool {
    if placeholder == setting {
        return true;
    }
    let base = placeholder.strip_suffix("_at").unwrap_or(placeholder);
    if DERIVED_DAYS.contains(&base) {
        return matches!(setting, "as_of" | "period");
    }
    if base == "history_start" {
        return matches!(setting, "as_of" | "history_weeks");
    }
    match window_days_name(base) {
        Some(days) => setting == "as_of" || setting == days,
        None => base == setting,
    }
}

fn no_report_day() -> Error {
    wrong(
        "the report day is not set, and this query needs it".into(),
        Some("set as_of = '2026-11-16', --as-of 2026-11-16, or as_of under [settings]".into()),
    )
}

impl ConfigExtension for Settings {
    const PREFIX: &'static str = "aftersight";
}

impl ExtensionOptions for Settings {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }

    fn cloned(&self) -> Box<dyn ExtensionOptions> {
        Box::new(self.clone())
    }

    fn set(&mut self, key: &str, value: &str) -> datafusion::common::Result<()> {
        Settings::set(self, key, value).map_err(|e| DataFusionError::Plan(with_hint(&e)))
    }

    // Full keys: a bare key is invisible to SHOW and is dropped on the way to a cluster.
    fn entries(&self) -> Vec<ConfigEntry> {
        self.declared
            .values()
            .map(|setting| ConfigEntry {
                key: format!("{}.{}", Self::PREFIX, setting.name),
                value: self.get(&setting.name).ok().flatten().map(str::to_owned),
                description: "see `show settings`",
            })
            .collect()
    }
}

/// Returns an error with its hint on one line.
pub(crate) fn with_hint(error: &Error) -> String {
    match error.hint() {
        Some(hint) => format!("{error} ({hint})"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        parse_date(text).unwrap()
    }

    #[test]
    fn the_last_complete_week_ends_on_monday() {
        assert_eq!(
            last_complete_period_end(day("2026-11-16"), "week"),
            day("2026-11-16")
        );
        assert_eq!(
            last_complete_period_end(day("2026-11-21"), "week"),
            day("2026-11-16")
        );
        assert_eq!(
            last_complete_period_end(day("2026-11-21"), "month"),
            day("2026-11-01")
        );
        assert_eq!(
            last_complete_period_end(day("2026-11-21"), "quarter"),
            day("2026-10-01")
        );
    }

    #[test]
    fn periods_follow_from_the_report_day() {
        let mut settings = Settings::default();
        settings.set("as_of", "2026-11-16").unwrap();
        let date = |name: &str| settings.placeholder(name).unwrap();
        assert_eq!(
            date("period_start"),
            ScalarValue::Date32(Some(days_since_epoch(day("2026-11-09"))))
        );
        assert_eq!(
            date("year_ago_end"),
            ScalarValue::Date32(Some(days_since_epoch(day("2025-11-17"))))
        );
        assert_eq!(days_since_epoch(day("1970-01-01")), 0);
    }

    #[test]
    fn the_report_instant_is_local_midnight() {
        let mut settings = Settings::default();
        settings.fix("time_zone", "Asia/Shanghai").unwrap();
        settings.set("as_of", "1970-01-02").unwrap();
        // 2 January 00:00 in Shanghai is 1 January 16:00 UTC.
        let expected =
            ScalarValue::TimestampMicrosecond(Some(57_600_000_000), Some("Asia/Shanghai".into()));
        assert_eq!(settings.placeholder("as_of_at").unwrap(), expected);
    }

    #[test]
    fn a_window_starts_its_days_before_the_report_day_or_with_the_calendar() {
        let mut settings = Settings::default();
        settings.set("as_of", "2026-11-16").unwrap();
        let start = settings.placeholder("rfm_window_start").unwrap();
        assert_eq!(start.to_string(), "2025-11-16");
        settings.set("rfm_window_days", "null").unwrap();
        let start = settings.placeholder("rfm_window_start").unwrap();
        assert_eq!(start.to_string(), "0001-01-01");
        assert!(settings.placeholder("rfm_window_start_at").is_ok());
        // A Wednesday: the history ends with the Monday before it.
        settings.set("as_of", "2026-11-18").unwrap();
        settings.set("history_weeks", "2").unwrap();
        let start = settings.placeholder("history_start").unwrap();
        assert_eq!(start.to_string(), "2026-11-02");
        assert!(settings.placeholder("rfm_start").is_err());
    }

    #[test]
    fn what_the_lake_knew_is_an_instant_too() {
        let mut settings = Settings::default();
        let unset = settings.placeholder("known_as_of_at").unwrap();
        assert!(unset.is_null());
        settings.set("known_as_of", "1970-01-02").unwrap();
        let set = settings.placeholder("known_as_of_at").unwrap();
        let midnight = ScalarValue::TimestampMicrosecond(Some(86_400_000_000), Some("UTC".into()));
        assert_eq!(set, midnight);
    }

    #[test]
    fn a_placeholder_depends_on_the_settings_it_follows_from() {
        assert!(depends_on("as_of_at", "as_of"));
        assert!(depends_on("prev_start_at", "period"));
        assert!(depends_on("rfm_window_start", "rfm_window_days"));
        assert!(depends_on("rfm_window_start_at", "as_of"));
        assert!(depends_on("known_as_of_at", "known_as_of"));
        assert!(!depends_on("known_as_of_at", "as_of"));
        assert!(!depends_on("rfm_bins", "as_of"));
    }

    #[test]
    fn a_day_whose_midnight_is_skipped_starts_after_the_gap() {
        // Brazil moved from 00:00 to 01:00 on 2018-11-04.
        let us = midnight_us(day("2018-11-04"), chrono_tz::America::Sao_Paulo);
        assert_eq!(us, 1_541_300_400_000_000);
    }

    #[test]
    fn bad_values_and_names_say_what_would_be_right() {
        let mut settings = Settings::default();
        let error = settings.set("asof", "2026-11-16").unwrap_err();
        assert_eq!(error.hint(), Some("did you mean `as_of`?"));
        let error = settings.set("rfm_method", "quantil").unwrap_err();
        assert_eq!(error.hint(), Some("did you mean `quantile`?"));
        let error = settings.set("rfm_bins", "0").unwrap_err();
        assert!(error.to_string().contains("at least 1"), "{error}");
        let error = settings.set("time_zone", "UTC").unwrap_err();
        assert!(error.to_string().contains("fixed"), "{error}");
        assert!(settings.placeholder("as_of").is_err());
    }
}
