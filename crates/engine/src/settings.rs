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

use chrono::{Datelike, Days, Months, NaiveDate, TimeZone};
use chrono_tz::Tz;
use datafusion::common::config::{ConfigEntry, ConfigExtension, ExtensionOptions};
use datafusion::common::{DataFusionError, ScalarValue};
use indexmap::IndexMap;

use crate::error::{Error, Result};
use crate::suggest::did_you_mean;

/// The type of a setting's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettingType {
    /// `YYYY-MM-DD`, a day in the workspace's time zone.
    Date,
    /// Whole number.
    Integer,
    /// Number.
    Float,
    /// `true` or `false`.
    Boolean,
    /// Text.
    Text,
    /// One of a list of words.
    Choice(&'static [&'static str]),
}

impl SettingType {
    /// Returns the name people read.
    pub fn name(self) -> String {
        match self {
            SettingType::Date => "date".into(),
            SettingType::Integer => "integer".into(),
            SettingType::Float => "number".into(),
            SettingType::Boolean => "boolean".into(),
            SettingType::Text => "text".into(),
            SettingType::Choice(words) => words.join("|"),
        }
    }

    /// Returns the type a declared parameter names.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "date" => SettingType::Date,
            "integer" | "int" => SettingType::Integer,
            "float" | "number" => SettingType::Float,
            "boolean" | "bool" => SettingType::Boolean,
            "text" | "string" => SettingType::Text,
            _ => return None,
        })
    }
}

/// Who declared a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Declared {
    /// aftersight itself.
    BuiltIn,
    /// `[params]` of the workspace file.
    Workspace,
}

/// The declaration of a setting.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Name, as in `$name`.
    pub name: String,
    /// Type of its values.
    pub ty: SettingType,
    /// Default, in text; `None` is NULL.
    pub default: Option<String>,
    /// What it means, with its unit.
    pub doc: String,
    /// Only the workspace file may set it.
    pub is_fixed: bool,
    /// Who declared it.
    pub declared: Declared,
    /// Choices beside those of the type, which rule tables bring; `*` is any.
    pub more_choices: Vec<String>,
}

/// `(name, type, default, fixed, meaning)` of every built-in setting, in the order they print.
#[rustfmt::skip]
const BUILT_IN: &[(&str, SettingType, Option<&str>, bool, &str)] = {
    use SettingType::{Boolean, Choice, Date, Float, Integer, Text};
    &[
    ("as_of", Date, None, false, "report day: its midnight, exclusive, in the workspace's time zone; facts before it count"),
    ("known_as_of", Date, None, false, "rows the lake learned of on or after this day are not seen; NULL sees all"),
    ("period", Choice(&["week", "month", "quarter", "year"]), Some("week"), false, "length of the period that ends with as_of"),
    ("time_zone", Text, Some("UTC"), true, "zone in which days and weeks are cut"),
    ("currency", Text, None, true, "ISO 4217 code of every amount"),
    ("other_currencies", Choice(&["exclude", "convert", "as_is"]), Some("exclude"), false, "what becomes of orders and refunds in another currency than the workspace's: left out and counted, converted with fx_rates, or taken as they are"),
    ("rfm_window_days", Integer, Some("365"), false, "days before as_of whose orders count for RFM; NULL counts all"),
    ("rfm_bins", Integer, Some("5"), false, "scores per RFM dimension"),
    ("rfm_method", Choice(&["quantile", "ntile", "qcut", "rfm_r", "fixed"]), Some("quantile"), false, "how RFM values become scores"),
    ("rfm_net", Boolean, Some("true"), false, "RFM counts kept orders and net value; false counts gross"),
    ("segment_model", Choice(&["cells11", "rf10", "rfm10", "putler11"]), Some("cells11"), false, "which segment a score cell belongs to"),
    ("cn8_threshold", Choice(&["mean", "median"]), Some("mean"), false, "what separates high from low in the eight-segment model"),
    ("returner_window_days", Integer, Some("365"), false, "days before as_of that decide a returner class"),
    ("frequent_returner_min_orders", Integer, Some("3"), false, "orders from which a share makes a frequent returner"),
    ("frequent_returner_share", Float, Some("0.5"), false, "share of orders returned above which a customer is a frequent returner"),
    ("frequent_returner_min_returned", Integer, Some("3"), false, "returned orders from which the lower share is enough"),
    ("frequent_returner_min_share", Float, Some("0.3"), false, "share of orders returned that is enough with that many returned orders"),
    ("seller_fault_counts", Boolean, Some("false"), false, "returns that are the seller's fault count for frequent returners"),
    ("return_window_days", Integer, Some("30"), false, "days after delivery in which a return may be requested, where the shop does not say"),
    ("recording_lag_days", Integer, Some("14"), false, "days after the return window until a cohort counts as mature"),
    ("default_delivery_days", Integer, Some("7"), false, "days from order to delivery assumed where no delivery is recorded"),
    ("nps_scope", Choice(&["transactional", "relationship"]), Some("transactional"), false, "which NPS surveys a trend shows; the two are never pooled"),
    ("history_weeks", Integer, Some("39"), false, "weeks of history in trends"),
    ("min_n", Integer, Some("30"), false, "groups with fewer cases are withheld from rankings"),
    ("cost_window_days", Integer, Some("365"), false, "days before as_of whose cases and orders decide what a customer costs; NULL counts all"),
    ("value_high_share", Float, Some("0.2"), false, "share of customers that are the high tier of value, and of relative cost"),
    ("value_low_share", Float, Some("0.2"), false, "share of customers that are the low tier of value, and of relative cost"),
    ("unhappy_churn_rate", Float, None, false, "how much more probable it is that an unhappy customer leaves within a year, for hidden cost; NULL leaves it unknown"),
    ("detractor_loss_amount", Float, None, false, "what the word of one detractor is taken to cost, for hidden cost; NULL leaves it unknown"),
    ("high_claim_quantile", Float, Some("0.9"), false, "quantile of what requests are worth from which one is a high claim"),
    ("risk_min_signals", Integer, Some("2"), false, "signs of misuse from which a customer is in the audience of risk"),
    ("new_customer_window_days", Integer, Some("90"), false, "days before as_of in which a first purchase makes a new customer"),
    ("callback_window_days", Integer, Some("90"), false, "days without contact after which a customer of high value is called"),
    ("offer_holdout_share", Float, Some("0.1"), false, "share of those eligible for an offer who do not get it, for comparison"),
    ("holdout_salt", Text, Some("aftersight"), false, "word that, with the customer, decides who is held out; another word draws anew"),
    ("show_personal_data", Boolean, Some("false"), false, "audiences show addresses and numbers in full"),
    ("sales_window_days", Integer, Some("365"), false, "days before as_of whose sales and requests count in rates by article, category, channel, carrier, shop and stage; NULL counts all"),
    ("refund_target_days", Integer, Some("7"), false, "days from the request within which a refund is in time"),
    ("failure_horizon_days", Integer, Some("90"), false, "days after as_of for which failures are expected"),
    ("experience_days", Integer, Some("90"), false, "days before an answer in which what happened to the customer may bear on it"),
    ("slow_reply_hours", Integer, Some("24"), false, "hours after which a contact case without the reply of a person was slow"),
    ("feedback_route_hours", Integer, Some("24"), false, "hours within which critical feedback is to be handed to an owner"),
    ("feedback_act_hours", Integer, Some("72"), false, "hours within which something is to be done about critical feedback"),
    ("after_answer_days", Integer, Some("90"), false, "days after an answer in which the customer may buy again"),
    ("compare_window_days", Integer, Some("91"), false, "days before as_of of the earlier day that segments and churn are compared with"),
    ("trend_months", Integer, Some("13"), false, "months of history in monthly trends of segments and churn"),
    ("churn_method", Choice(&["population", "own", "fixed"]), Some("population"), false, "when a customer is lost: by the gaps of all customers, the customer's own, or fixed days"),
    ("churn_horizon_days", Integer, Some("365"), false, "days within which a customer who comes back is taken to have done so"),
    ("churn_at_risk_share", Float, Some("0.8"), false, "share of returning customers back by then, after which a customer is at risk"),
    ("churn_churned_share", Float, Some("0.95"), false, "share of returning customers back by then, after which a customer is lost"),
    ("churn_at_risk_days", Integer, Some("90"), false, "days without a purchase after which a customer is at risk, by the method fixed"),
    ("churn_churned_days", Integer, Some("180"), false, "days without a purchase after which a customer is lost, by the method fixed"),
    ("churn_own_min_purchases", Integer, Some("3"), false, "days with a purchase from which a customer's own gaps count"),
    ("churn_own_at_risk_factor", Float, Some("2"), false, "median gaps of the customer without a purchase after which the customer is at risk"),
    ("churn_own_churned_factor", Float, Some("3"), false, "median gaps of the customer without a purchase after which the customer is lost"),
    ("experience_landmark_days", Integer, Some("30"), false, "days after an order in which its experience is told and after which the next is awaited"),
    ("experience_window_days", Integer, Some("730"), false, "days before as_of whose orders count for what experiences lead to"),
    ("experience_match_ratio", Integer, Some("4"), false, "orders without a ticket compared with each order with one, of the same month"),
    ("clv_months", Integer, Some("12"), false, "months ahead that lifetime values cover"),
    ("clv_monthly_discount", Float, Some("0.01"), false, "discount of future sales for each month: 0.01 is one percent"),
    ("clv_holdout_window_days", Integer, Some("182"), false, "last days hidden from the second fit that checks lifetime values"),
    ("loyalty_weight_purchases", Float, Some("0.3"), false, "weight of purchases in the loyalty index"),
    ("loyalty_weight_engagement", Float, Some("0.2"), false, "weight of interactions in the loyalty index"),
    ("loyalty_weight_nps", Float, Some("0.2"), false, "weight of the last NPS answer in the loyalty index"),
    ("loyalty_weight_tenure", Float, Some("0.1"), false, "weight of the time since the first purchase in the loyalty index"),
    ("loyalty_weight_kept", Float, Some("0.2"), false, "weight of the share of orders kept in the loyalty index"),
    ("support_window_days", Integer, Some("91"), false, "days before as_of whose contact cases count in the views of the service desk that have no time axis"),
    ("fcr_method", Choice(&["repeat_contact", "one_touch", "one_reply"]), Some("repeat_contact"), false, "when a contact case counts as solved at the first contact"),
    ("fcr_window_days", Integer, Some("7"), false, "days after a solution in which a further case of the customer about the same issue is a repeat"),
    ("sla_first_response_hours", Float, Some("8"), false, "hours to the first reply promised for a normal case"),
    ("sla_resolution_hours", Float, Some("48"), false, "hours to the solution promised for a normal case"),
    ("sla_vip_factor", Float, Some("0.5"), false, "part of those hours promised to VIP customers"),
    ("sla_in_business_hours", Boolean, Some("true"), false, "promises run in the opening hours of the team; false runs them around the clock"),
    ("holiday_calendar", Text, Some("desk"), false, "calendar in holidays whose days close every team"),
    ("burst_min_tickets", Integer, Some("5"), false, "contact cases of a week from which a rise of an issue counts as a burst"),
    ("agent_minute_cost", Float, None, false, "cost of a minute of an agent, in the workspace's currency; NULL leaves costs of work out"),
    ("journey_window_days", Integer, Some("180"), false, "days after an order in which its journey is followed"),
    ("campaign_outcome_days", Integer, Some("14"), false, "days after the draw of a campaign's arms in which what customers do counts, and before it as the past"),
    ("campaign_treatment_share", Float, Some("0.5"), false, "share of customers a campaign's draw puts into the treatment; another share found is a fault; NULL checks none"),
    ("repurchase_days", Integer, Some("90"), false, "days after a purchase within which another one is a repurchase"),
    ("monitor_recent_weeks", Integer, Some("13"), false, "weeks at the end of the history that are judged by control charts; those before make the centre and the limits"),
    ("signal_level", Float, Some("0.05"), false, "adjusted p-value below which a test is a finding: the share of findings by chance"),
    ("forecast_weeks", Integer, Some("4"), false, "weeks that are forecast, 1 to 1000"),
    ("seasonality_window_days", Integer, Some("364"), false, "days before as_of in which patterns of weekdays and months are looked for"),
    ("measure_window_days", Integer, Some("56"), false, "days before and after a measure that are compared"),
    ("basket_min_support", Float, Some("0.001"), false, "share of baskets below which a rule of what goes together is left out"),
    ("recommendations_per_customer", Integer, Some("5"), false, "articles recommended to a customer at most"),
    ("freshness_window_days", Integer, Some("28"), false, "days before as_of in which every day of a source is looked for"),
    ]
};

/// Built-in whole numbers of which none makes no sense; the others may be 0.
const AT_LEAST_ONE: &[&str] = &[
    "rfm_window_days",
    "rfm_bins",
    "returner_window_days",
    "history_weeks",
];

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

/// The first day a window can start on.
const FIRST_DAY: NaiveDate = match NaiveDate::from_ymd_opt(1, 1, 1) {
    Some(day) => day,
    None => NaiveDate::MIN,
};

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

/// Days that follow from `as_of` and `period`; each also exists as an instant with `_at`.
const DERIVED_DAYS: &[&str] = &[
    "period_start",
    "period_end",
    "prev_start",
    "prev_end",
    "year_ago_start",
    "year_ago_end",
];

fn no_report_day() -> Error {
    wrong(
        "the report day is not set, and this query needs it".into(),
        Some("set as_of = '2026-11-16', --as-of 2026-11-16, or as_of under [settings]".into()),
    )
}

/// Returns the first or last day of a period that ends (exclusively) at `as_of`.
///
/// A week a year ago is 52 weeks ago, so that weekdays match.
fn period_day(name: &str, as_of: NaiveDate, period: &str) -> Option<NaiveDate> {
    let back = |day: NaiveDate, n: u32| match period {
        "month" => day.checked_sub_months(Months::new(n)),
        "quarter" => day.checked_sub_months(Months::new(3 * n)),
        "year" => day.checked_sub_months(Months::new(12 * n)),
        _ => day.checked_sub_days(Days::new(7 * u64::from(n))),
    };
    let year_ago = |day: NaiveDate| match period {
        "week" => day.checked_sub_days(Days::new(364)),
        _ => day.checked_sub_months(Months::new(12)),
    };
    match name {
        "period_end" => Some(as_of),
        "period_start" | "prev_end" => back(as_of, 1),
        "prev_start" => back(as_of, 2),
        "year_ago_end" => year_ago(as_of),
        "year_ago_start" => back(as_of, 1).and_then(year_ago),
        _ => None,
    }
}

/// Returns the end of the last complete period before `day`: the report day of a job that runs on `day`.
pub fn last_complete_period_end(day: NaiveDate, period: &str) -> NaiveDate {
    let start = match period {
        "month" => day.with_day(1),
        "quarter" => NaiveDate::from_ymd_opt(day.year(), day.month0() / 3 * 3 + 1, 1),
        "year" => NaiveDate::from_ymd_opt(day.year(), 1, 1),
        _ => day.checked_sub_days(Days::new(day.weekday().num_days_from_monday().into())),
    };
    start.unwrap_or(day)
}

/// Parses an ISO day; anything else is `None`.
pub fn parse_date(text: &str) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
}

fn days_since_epoch(day: NaiveDate) -> i32 {
    day.num_days_from_ce() - 719_163
}

/// Returns the first instant of a local day in microseconds since the epoch.
///
/// Where daylight saving skips midnight the day starts at the end of the gap.
fn midnight_us(day: NaiveDate, zone: Tz) -> i64 {
    let mut local = day.and_time(chrono::NaiveTime::MIN);
    // No zone has ever skipped more than a day at once.
    for _ in 0..=96 {
        if let Some(instant) = zone.from_local_datetime(&local).earliest() {
            return instant.timestamp_micros();
        }
        local += chrono::Duration::minutes(15);
    }
    day.and_time(chrono::NaiveTime::MIN)
        .and_utc()
        .timestamp_micros()
}

fn scalar(setting: &Setting, value: Option<&str>) -> Result<ScalarValue> {
    let name = &setting.name;
    let bad = |expected: &str| {
        wrong(
            format!(
                "`{name}` takes {expected}, not '{}'",
                value.unwrap_or_default()
            ),
            setting
                .default
                .as_ref()
                .map(|d| format!("the default is {d}")),
        )
    };
    Ok(match (setting.ty, value) {
        (SettingType::Date, None) => ScalarValue::Date32(None),
        (SettingType::Date, Some(v)) => {
            let day = parse_date(v).ok_or_else(|| bad("a date like 2026-11-16"))?;
            ScalarValue::Date32(Some(days_since_epoch(day)))
        }
        (SettingType::Integer, None) => ScalarValue::Int64(None),
        (SettingType::Integer, Some(v)) => {
            let number: i64 = v.parse().map_err(|_| bad("a whole number"))?;
            let least = i64::from(AT_LEAST_ONE.contains(&name.as_str()));
            if setting.declared == Declared::BuiltIn && number < least {
                return Err(bad(&format!("a whole number of at least {least}")));
            }
            ScalarValue::Int64(Some(number))
        }
        (SettingType::Float, None) => ScalarValue::Float64(None),
        (SettingType::Float, Some(v)) => {
            let number: f64 = v.parse().map_err(|_| bad("a number"))?;
            if !number.is_finite() {
                return Err(bad("a finite number"));
            }
            let is_share = ["_share", "_rate", "_level"]
                .iter()
                .any(|end| name.ends_with(end));
            let is_built_in = setting.declared == Declared::BuiltIn;
            if is_built_in && is_share && !(0.0..=1.0).contains(&number) {
                return Err(bad("a share from 0 to 1"));
            }
            if is_built_in && number < 0.0 {
                return Err(bad("a number of at least 0"));
            }
            ScalarValue::Float64(Some(number))
        }
        (SettingType::Boolean, None) => ScalarValue::Boolean(None),
        (SettingType::Boolean, Some(v)) => {
            ScalarValue::Boolean(Some(v.parse().map_err(|_| bad("true or false"))?))
        }
        (SettingType::Text | SettingType::Choice(_), None) => ScalarValue::Utf8(None),
        (SettingType::Text, Some(v)) => {
            if name == "time_zone" && v.parse::<Tz>().is_err() {
                return Err(wrong(
                    format!("there is no time zone '{v}'"),
                    did_you_mean(v, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name())),
                ));
            }
            ScalarValue::Utf8(Some(v.to_owned()))
        }
        (SettingType::Choice(words), Some(v)) => {
            let more = setting.more_choices.iter().map(String::as_str);
            let words: Vec<&str> = words.iter().copied().chain(more).collect();
            if !words.contains(&v) && !words.contains(&"*") {
                return Err(wrong(
                    format!("`{name}` takes {}, not '{v}'", words.join(", ")),
                    did_you_mean(v, words),
                ));
            }
            ScalarValue::Utf8(Some(v.to_owned()))
        }
    })
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
