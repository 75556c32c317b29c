//! Settings that contradict each other: limits between which no class is left.
//!
//! Each value alone may be right. Where the first class would begin after the
//! second, or two would overlap, a view would still answer, with a class that
//! nobody can be in; so the pair is refused.

use super::Settings;

/// Two settings that cannot both hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Contradiction {
    /// The settings, the lower limit first.
    pub(crate) names: [&'static str; 2],
    /// What is wrong.
    pub(crate) message: String,
    /// What would be right.
    pub(crate) hint: String,
}

/// How two settings have to stand to each other.
#[derive(Debug, Clone, Copy)]
enum Must {
    /// The first below the second.
    BeBelow,
    /// The first at most the second.
    BeAtMost,
    /// Both together at most one.
    SumToOneAtMost,
}

/// `(first, how, second, what happens otherwise)`.
#[rustfmt::skip]
const PAIRS: &[(&str, Must, &str, &str)] = {
    use Must::{BeAtMost, BeBelow, SumToOneAtMost};
    &[
    ("churn_at_risk_share", BeBelow, "churn_churned_share", "nobody would ever be at risk"),
    ("churn_at_risk_days", BeBelow, "churn_churned_days", "nobody would ever be at risk"),
    ("churn_own_at_risk_factor", BeBelow, "churn_own_churned_factor", "nobody would ever be at risk"),
    ("frequent_returner_min_share", BeAtMost, "frequent_returner_share", "who returns much would need the higher share"),
    ("value_high_share", SumToOneAtMost, "value_low_share", "the high and the low tier would overlap"),
    ("loyalty_high_share", SumToOneAtMost, "loyalty_low_share", "the high and the low tier would overlap"),
    ("abc_a_share", BeBelow, "abc_b_share", "class B would be empty"),
    ("sla_first_response_hours", BeAtMost, "sla_resolution_hours", "a case would have to be solved before it is answered"),
    ("feedback_route_hours", BeAtMost, "feedback_act_hours", "feedback would have to be acted upon before anybody has it"),
    ]
};

impl Settings {
    /// Finds the first two settings that contradict each other; what is NULL limits nothing.
    pub(crate) fn contradiction(&self) -> Option<Contradiction> {
        PAIRS.iter().find_map(|&(first, must, second, otherwise)| {
            let text = |name: &str| self.get(name).ok().flatten().unwrap_or_default().to_owned();
            let (a, b) = (text(first), text(second));
            let (low, high) = (a.parse::<f64>().ok()?, b.parse::<f64>().ok()?);
            let (is_fine, how, hint) = match must {
                Must::BeBelow => (
                    low < high,
                    "is not below",
                    format!("{first} below {b}, or {second} above {a}"),
                ),
                Must::BeAtMost => (
                    low <= high,
                    "is above",
                    format!("{first} of at most {b}, or {second} of at least {a}"),
                ),
                Must::SumToOneAtMost => (
                    // 0.9 and 0.1 are one, whatever their last digit.
                    low + high <= 1.0 + 1e-9,
                    "is more than what is left by",
                    format!("two shares that sum to 1 at most, as {a} and {}", rest(low)),
                ),
            };
            (!is_fine).then(|| Contradiction {
                names: [first, second],
                message: format!("{first} = {a} {how} {second} = {b}: {otherwise}"),
                hint,
            })
        })
    }
}

/// What a share leaves of one, without the last digits of binary fractions.
fn rest(share: f64) -> f64 {
    ((1.0 - share).max(0.0) * 1e6).round() / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_do_not_contradict_each_other_and_every_pair_is_a_setting() {
        let settings = Settings::default();
        assert_eq!(settings.contradiction(), None);
        for (first, _, second, _) in PAIRS {
            assert!(settings.get(first).is_ok() && settings.get(second).is_ok());
        }
    }

    #[test]
    fn limits_the_wrong_way_round_say_what_would_be_right() {
        let wrong = |pairs: &[(&str, &str)]| {
            let mut settings = Settings::default();
            for (name, value) in pairs {
                settings.set(name, value).unwrap();
            }
            settings
                .contradiction()
                .map(|c| format!("{} ({})", c.message, c.hint))
        };
        assert_eq!(
            wrong(&[("churn_at_risk_days", "180")]).unwrap(),
            "churn_at_risk_days = 180 is not below churn_churned_days = 180: nobody would ever be at risk (churn_at_risk_days below 180, or churn_churned_days above 180)"
        );
        assert_eq!(
            wrong(&[("frequent_returner_min_share", "0.6")]).unwrap(),
            "frequent_returner_min_share = 0.6 is above frequent_returner_share = 0.5: who returns much would need the higher share (frequent_returner_min_share of at most 0.5, or frequent_returner_share of at least 0.6)"
        );
        assert_eq!(
            wrong(&[("value_high_share", "0.9")]).unwrap(),
            "value_high_share = 0.9 is more than what is left by value_low_share = 0.2: the high and the low tier would overlap (two shares that sum to 1 at most, as 0.9 and 0.1)"
        );
        // What meets without overlapping is fine, and NULL limits nothing.
        assert_eq!(wrong(&[("value_high_share", "0.8")]), None);
        assert_eq!(wrong(&[("churn_churned_days", "null")]), None);
    }
}
