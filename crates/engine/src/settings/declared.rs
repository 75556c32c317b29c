//! What settings there are, and what a value of each can be.
//!
//! One table of the built-in ones, which `show settings` and the README print;
//! a workspace declares more under `[params]`.

use chrono_tz::Tz;
use datafusion::common::ScalarValue;

use super::days::{days_since_epoch, parse_date};
use super::wrong;
use crate::error::Result;
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
pub(super) const BUILT_IN: &[(&str, SettingType, Option<&str>, bool, &str)] = {
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
    ("loyalty_high_share", Float, Some("0.2"), false, "share of customers, the most loyal, that are the high tier of loyalty"),
    ("loyalty_low_share", Float, Some("0.2"), false, "share of customers, the least loyal, that are the low tier of loyalty"),
    ("abc_a_share", Float, Some("0.8"), false, "share of the total that class A of articles, issues and costs brings"),
    ("abc_b_share", Float, Some("0.95"), false, "share of the total that classes A and B bring together"),
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

pub(super) fn scalar(setting: &Setting, value: Option<&str>) -> Result<ScalarValue> {
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
