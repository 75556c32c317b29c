//! The published cases of the shared folder, read from their JSON files.
//!
//! The small ones also stand beside the kernels; this is for all of them. The
//! folder lies where `AFTERSIGHT_SHARED` says or beside the workspace. Where it
//! is missing each test prints that it was skipped.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "all of this file is tests, its helpers too"
)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use aftersight_stats::journey::{
    EventLog, FirstContact, FunnelModes, Pattern, Retention, Ticket, WindowFunnel, churn_status,
    first_contact, sequence_match,
};
use aftersight_stats::survival::{IntervalKind, SurvivalTimes, km_quantile, km_survival, logrank};
use aftersight_stats::time::BusinessCalendar;
use chrono::NaiveDateTime;
use serde_json::Value;

#[expect(
    clippy::disallowed_methods,
    reason = "a test looks for a folder outside the repository"
)]
fn shared() -> PathBuf {
    std::env::var_os("AFTERSIGHT_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    )
}

fn text(name: &str) -> Option<String> {
    let path = shared().join("reference").join(name);
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        println!("SKIPPED: {name} is not in the shared folder");
    }
    text
}

fn cases(name: &str) -> Option<Vec<Value>> {
    let file: Value = serde_json::from_str(&text(name)?).unwrap();
    Some(file["cases"].as_array().unwrap().clone())
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap()
}

/// A condition such as `event<=1007` of one case, on the value of one row.
fn meets(condition: &str, value: &Value) -> bool {
    let at = condition.find(['=', '<', '>']).unwrap();
    let sign = if condition[at..].starts_with("<=") {
        "<="
    } else if condition[at..].starts_with(">=") {
        ">="
    } else {
        "="
    };
    let wanted = condition[at + sign.len()..].trim_matches('\'');
    match (value.as_i64(), wanted.parse::<i64>()) {
        (Some(value), Ok(wanted)) => match sign {
            "<=" => value <= wanted,
            ">=" => value >= wanted,
            _ => value == wanted,
        },
        _ => value.as_str() == Some(wanted),
    }
}

fn bits(conditions: &[Value], value: &Value) -> u32 {
    conditions
        .iter()
        .enumerate()
        .fold(0, |bits, (step, condition)| {
            bits | u32::from(meets(condition.as_str().unwrap(), value)) << step
        })
}

fn log(rows: &Value, conditions: &[Value]) -> EventLog {
    list(rows)
        .iter()
        .map(|row| (row[0].as_i64().unwrap(), bits(conditions, &row[1])))
        .collect()
}

#[test]
fn window_funnel_is_as_published() {
    let Some(cases) = cases("window_funnel.json") else {
        return;
    };
    for case in &cases {
        let conditions = list(&case["params"]["conds"]);
        let modes = FunnelModes::parse(case["params"]["mode"].as_str().unwrap()).unwrap();
        let window = case["params"]["window"].as_i64().unwrap();
        let funnel = WindowFunnel::new(window, conditions.len(), modes).unwrap();
        let mut events = log(&case["input"], conditions);
        let level = funnel.level(events.sorted());
        assert_eq!(Some(level as u64), case["expected"].as_u64(), "{case}");
        assert_eq!(funnel.times(events.sorted()).len(), level, "{case}");
    }
    assert!(cases.len() >= 38);
}

#[test]
fn sequence_match_is_as_published() {
    let Some(cases) = cases("sequence_match.json") else {
        return;
    };
    let s = serde_json::json!([
        [0, 0],
        [1, 0],
        [2, 0],
        [3, 0],
        [4, 1],
        [5, 2],
        [6, 0],
        [7, 0],
        [8, 0],
        [9, 0],
        [10, 1],
        [11, 1]
    ]);
    for case in &cases {
        let conditions = list(&case["params"]["conds"]);
        let text = case["params"]["pattern"].as_str().unwrap();
        let pattern = Pattern::parse(text, conditions.len()).unwrap();
        let rows = if case["input"] == "S" {
            &s
        } else {
            &case["input"]
        };
        let found = sequence_match(&pattern, log(rows, conditions).sorted(), 1);
        assert_eq!(Some(u64::from(found)), case["expected"].as_u64(), "{case}");
    }
    assert!(cases.len() >= 26);
}

#[test]
fn retention_is_as_published() {
    let Some(cases) = cases("retention.json") else {
        return;
    };
    // The two examples list (date, user) and (user, day).
    for (case, date, user) in [(&cases[0], 0, 1), (&cases[1], 1, 0)] {
        let conditions = list(&case["params"]["conds"]);
        let mut states: BTreeMap<i64, Retention> = BTreeMap::new();
        for row in list(&case["input"]) {
            let state = states.entry(row[user].as_i64().unwrap()).or_default();
            state.push(bits(conditions, &row[date]));
        }
        let expected = case["expected"]
            .get("per_user")
            .unwrap_or(&case["expected"]);
        for (user, state) in states {
            let found: Vec<u64> = state
                .finish(conditions.len())
                .unwrap()
                .into_iter()
                .map(u64::from)
                .collect();
            assert_eq!(serde_json::json!(found), expected[user.to_string()]);
        }
    }
    assert_eq!(cases[2]["expected"], serde_json::json!([0, 0]));
    assert_eq!(
        Retention::from_bits(0b10).finish(2).unwrap(),
        [false, false]
    );
}

#[test]
fn the_ovarian_curve_is_as_published() {
    let (Some(cases), Some(csv)) = (cases("km_ovarian.json"), text("km_ovarian.csv")) else {
        return;
    };
    let mut times = SurvivalTimes::new();
    for line in csv.lines().skip(1) {
        let mut cells = line.split(',');
        let time = cells.next().unwrap().parse().unwrap();
        times.push(Some(time), Some(cells.next() == Some("1")));
    }
    let curve = km_survival(&mut times, IntervalKind::Log, 0.95).unwrap();
    let events: Vec<_> = curve.points.iter().filter(|p| p.n_events > 0.0).collect();
    let expected = list(&cases[0]["expected"]);
    assert_eq!(events.len(), expected.len());
    for (point, row) in events.iter().zip(expected) {
        let found = [
            point.time,
            point.n_at_risk,
            point.n_events,
            point.survival,
            point.std_err.unwrap(),
            point.lower.unwrap(),
            point.upper.unwrap(),
        ];
        for (found, expected) in found.iter().zip(list(row)) {
            assert!((found - expected.as_f64().unwrap()).abs() < 6e-4, "{row}");
        }
    }
}

fn fraction(value: &Value) -> f64 {
    let text = value.as_str().unwrap();
    let (upper, lower) = text.split_once('/').unwrap_or((text, "1"));
    upper.parse::<f64>().unwrap() / lower.parse::<f64>().unwrap()
}

#[test]
fn quantiles_on_flat_stretches_are_as_published() {
    let Some(cases) = cases("km_quantiles.json") else {
        return;
    };
    let input = &cases[0]["input"];
    for (case, group) in cases.iter().zip([None, Some(0), Some(1)]) {
        let mut times = SurvivalTimes::new();
        let rows = list(&input["time"])
            .iter()
            .zip(list(&input["status"]))
            .zip(list(&input["x"]));
        for ((time, status), x) in rows {
            if group.is_none_or(|group| x.as_i64() == Some(group)) {
                times.push(time.as_f64(), status.as_i64().map(|status| status == 1));
            }
        }
        let curve = km_survival(&mut times, IntervalKind::Log, 0.95).unwrap();
        let events: Vec<_> = curve.points.iter().filter(|p| p.n_events > 0.0).collect();
        for (point, step) in events.iter().zip(list(&case["expected"]["steps"])) {
            assert_eq!(Some(point.time), step[0].as_f64());
            assert!((point.survival - fraction(&step[1])).abs() < 1e-12);
        }
        let survivals = list(&cases[0]["expected"]["q_prob_surv"]);
        for (survival, expected) in survivals.iter().zip(list(&case["expected"]["q"])) {
            let found = km_quantile(&curve, 1.0 - fraction(survival)).unwrap();
            assert_eq!(found.time, expected.as_f64(), "{group:?} {survival}");
        }
    }
}

#[test]
fn the_aml_test_is_as_published() {
    let Some(cases) = cases("logrank_aml.json") else {
        return;
    };
    let case = &cases[0];
    let mut groups = ["Maintained", "Nonmaintained"].map(|name| {
        let mut times = SurvivalTimes::new();
        for row in list(&case["input"]).iter().filter(|row| row["x"] == name) {
            times.push(
                row["time"].as_f64(),
                row["status"].as_i64().map(|event| event == 1),
            );
        }
        times
    });
    let test = logrank(&mut groups).unwrap();
    for (i, group) in test.groups.iter().enumerate() {
        assert_eq!(Some(group.n), case["expected"]["N"][i].as_f64());
        assert_eq!(
            Some(group.observed),
            case["expected"]["observed"][i].as_f64()
        );
        let expected = case["expected"]["expected"][i].as_f64().unwrap();
        assert!((group.expected - expected).abs() < 0.005);
    }
    let precise = |name: &str| case["precise"][name].as_f64().unwrap();
    assert!((test.chi_square.unwrap() - precise("chisq")).abs() < 1e-9);
    assert!((test.p_value.unwrap() - precise("p")).abs() < 1e-9);
}

fn instant(text: &str) -> i64 {
    let seconds = if text.len() == "2016-01-18T09:00".len() {
        ":00"
    } else {
        ""
    };
    let time: NaiveDateTime = format!("{text}{seconds}").parse().unwrap();
    time.and_utc().timestamp_micros()
}

#[test]
fn business_hours_are_as_published() {
    let Some(cases) = cases("business_hours.json") else {
        return;
    };
    for case in &cases {
        let params = &case["params"];
        let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let days: Vec<&str> = list(&params["days"])
            .iter()
            .map(|day| names[day.as_u64().unwrap() as usize - 1])
            .collect();
        let (open, close) = (
            params["open"].as_str().unwrap(),
            params["close"].as_str().unwrap(),
        );
        let mut spec = format!("{} {open}-{close}", days.join(","));
        for pause in params["breaks"].as_array().into_iter().flatten() {
            let (from, to) = (pause[0].as_str().unwrap(), pause[1].as_str().unwrap());
            spec += &format!("; break {from}-{to}");
        }
        for day in params["holidays"].as_array().into_iter().flatten() {
            spec += &format!("; off {}", day.as_str().unwrap());
        }
        let calendar = BusinessCalendar::parse(&spec).unwrap();
        let ends = list(&case["input"]);
        let (from, to) = (ends[0].as_str().unwrap(), ends[1].as_str().unwrap());
        let found = calendar.business_seconds(instant(from), instant(to));
        let hours = case["expected_hours"].as_f64().map(|hours| hours * 3_600.0);
        let expected = hours.or(case["expected_seconds"].as_f64());
        assert_eq!(Some(found), expected, "{case}");
    }
}

#[test]
fn churn_by_thresholds_is_as_published() {
    let Some(cases) = cases("churn_definitions.json") else {
        return;
    };
    let input = &cases[0]["input"];
    for case in list(&cases[0]["cases"]) {
        let status = churn_status(
            case[0].as_f64(),
            input["at_risk_days"].as_f64(),
            input["churn_days"].as_f64(),
        );
        let code = status.unwrap().map(|status| status.code());
        assert_eq!(code, case[1].as_str());
    }
}

#[test]
fn first_contact_variants_are_as_published() {
    let Some(cases) = cases("support_rates.json") else {
        return;
    };
    let mut customers: BTreeMap<&str, Vec<Ticket>> = BTreeMap::new();
    for row in list(&cases[0]["input"]) {
        let customer = row["customer"].as_str().unwrap();
        customers.entry(customer).or_default().push(Ticket {
            created: instant(row["created"].as_str().unwrap()),
            solved: row["solved"].as_str().map(instant),
            issue: row["issue"].as_str().unwrap().len() as u64 * 10
                + u64::from(row["issue"] == "refund"),
            agent_replies: row["agent_replies"].as_u64().unwrap() as u32,
            reopens: row["reopens"].as_u64().unwrap() as u32,
        });
    }
    let week = |same_issue, reopen_fails| FirstContact::RepeatContact {
        window: 7 * 86_400_000_000,
        same_issue,
        reopen_fails,
        as_of: None,
    };
    for (name, method) in [
        ("one_touch", FirstContact::OneTouch),
        ("zoho_fcr", FirstContact::OneReply),
        ("repeat_contact_fcr_7d_same_issue", week(true, false)),
        ("repeat_contact_fcr_7d_any_issue", week(false, false)),
        ("strict_fcr", week(true, true)),
    ] {
        let judged: Vec<bool> = customers
            .values()
            .flat_map(|tickets| first_contact(tickets, method).unwrap())
            .flatten()
            .collect();
        let resolved = judged.iter().filter(|one| **one).count() as u64;
        let expected = &cases[0]["expected"][name];
        assert_eq!(Some(resolved), expected["num"].as_u64(), "{name}");
        assert_eq!(
            Some(judged.len() as u64),
            expected["den"].as_u64(),
            "{name}"
        );
    }
}
