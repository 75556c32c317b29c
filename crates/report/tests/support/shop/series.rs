//! Numbers over time: the measures, scores, cohorts and tickets of the made-up week.

use std::sync::Arc;

use arrow::array::Float64Array;
use chrono::NaiveDate;

use super::columns::{Columns, MONDAY, days, float, int, text};
use super::random::Random;

struct Kpi {
    en: &'static str,
    zh: &'static str,
    format: &'static str,
    better: &'static str,
    usual: f64,
    noise: f64,
    last: f64,
    target: f64,
    se: f64,
    year_ago: f64,
}

#[rustfmt::skip]
const KPIS: [Kpi; 11] = [
    Kpi { en: "Orders delivered", zh: "签收订单", format: "int", better: "higher", usual: 41_500.0, noise: 1_400.0, last: 96_412.0, target: 92_000.0, se: 0.0, year_ago: 87_966.0 },
    Kpi { en: "Return rate, 14 days", zh: "14 天退货率", format: "pct1", better: "lower", usual: 0.102, noise: 0.0022, last: 0.118, target: 0.105, se: 0.0011, year_ago: 0.112 },
    Kpi { en: "Exchanged, not refunded", zh: "换货占比", format: "pct1", better: "higher", usual: 0.287, noise: 0.005, last: 0.284, target: 0.28, se: 0.004, year_ago: 0.262 },
    Kpi { en: "Refunds paid", zh: "退款金额", format: "money", better: "lower", usual: 2_720_000.0, noise: 70_000.0, last: 3_420_000.0, target: 3_200_000.0, se: 130_000.0, year_ago: 3_000_000.0 },
    Kpi { en: "Cost per return", zh: "单次退货成本", format: "money", better: "lower", usual: 27.2, noise: 0.35, last: 27.9, target: 28.0, se: 0.2, year_ago: 29.9 },
    Kpi { en: "NPS", zh: "净推荐值 NPS", format: "points", better: "higher", usual: 35.5, noise: 1.0, last: 31.0, target: 33.0, se: 1.5, year_ago: 32.0 },
    Kpi { en: "CSAT after ticket", zh: "工单满意度 CSAT", format: "number2", better: "higher", usual: 4.38, noise: 0.02, last: 4.31, target: 4.30, se: 0.02, year_ago: 4.27 },
    Kpi { en: "Answered within 2 h", zh: "2 小时内响应率", format: "pct1", better: "higher", usual: 0.87, noise: 0.008, last: 0.72, target: 0.85, se: 0.004, year_ago: 0.782 },
    Kpi { en: "Resolution, 90th pct", zh: "解决时长 P90", format: "hours", better: "lower", usual: 31.0, noise: 1.3, last: 41.0, target: 48.0, se: 1.0, year_ago: 39.0 },
    Kpi { en: "Solved at first contact", zh: "首次解决率 FCR", format: "pct1", better: "higher", usual: 0.734, noise: 0.005, last: 0.712, target: 0.72, se: 0.006, year_ago: 0.703 },
    Kpi { en: "Bought again \u{2264} 90 d of a return", zh: "退货后 90 天复购率", format: "pct1", better: "higher", usual: 0.325, noise: 0.003, last: 0.346, target: 0.33, se: 0.003, year_ago: 0.308 },
];

/// One row per measure and week, the shape a query of history has.
pub(super) fn kpis(random: &mut Random) -> Columns {
    const WEEKS: i32 = 26;
    let (mut label, mut label_zh, mut format, mut better) = (vec![], vec![], vec![], vec![]);
    let (mut week, mut value, mut low, mut high) = (vec![], vec![], vec![], vec![]);
    let (mut band_low, mut band_high, mut target) = (vec![], vec![], vec![]);
    let (mut previous, mut mean, mut year_ago) = (vec![], vec![], vec![]);
    let (mut scale_low, mut scale_high) = (vec![], vec![]);
    for kpi in &KPIS {
        let mut before = kpi.usual;
        for index in 0..WEEKS {
            let now = if index == WEEKS - 1 {
                kpi.last
            } else {
                kpi.usual + kpi.noise * random.normal()
            };
            label.push(kpi.en);
            label_zh.push(kpi.zh);
            format.push(kpi.format);
            better.push(kpi.better);
            week.push(MONDAY - 7 * (WEEKS - 1 - index));
            value.push(now);
            low.push((kpi.se > 0.0).then_some(now - 1.96 * kpi.se));
            high.push((kpi.se > 0.0).then_some(now + 1.96 * kpi.se));
            band_low.push(kpi.usual - 1.64 * kpi.noise);
            band_high.push(kpi.usual + 1.64 * kpi.noise);
            target.push(kpi.target);
            previous.push(before);
            mean.push(kpi.usual);
            year_ago.push(kpi.year_ago);
            // Rates and scores far from zero are compared on a part of their scale.
            let (least, most) = (
                kpi.usual.min(kpi.last),
                kpi.usual.max(kpi.last).max(kpi.target),
            );
            scale_low.push((kpi.format != "int").then_some(least * 0.6));
            scale_high.push((kpi.format != "int").then_some(most * 1.12));
            before = now;
        }
    }
    vec![
        ("label", text(label)),
        ("label_zh", text(label_zh)),
        ("week", days(week)),
        ("value", float(value)),
        ("format", text(format)),
        ("better", text(better)),
        ("low", Arc::new(Float64Array::from(low))),
        ("high", Arc::new(Float64Array::from(high))),
        ("band_low", float(band_low)),
        ("band_high", float(band_high)),
        ("target", float(target)),
        ("previous", float(previous)),
        ("mean_4w", float(mean)),
        ("year_ago", float(year_ago)),
        ("scale_low", Arc::new(Float64Array::from(scale_low))),
        ("scale_high", Arc::new(Float64Array::from(scale_high))),
    ]
}

pub(super) fn nps_weekly(random: &mut Random) -> Columns {
    const WEEKS: usize = 39;
    let mut nps: Vec<f64> = (0..WEEKS)
        .map(|index| match index {
            14 => 27.1,
            15 => 26.2,
            16 => 29.5,
            37 => 35.2,
            38 => 31.0,
            24..=36 => 36.0 + 1.1 * random.normal(),
            _ => 33.5 + 3.0 * (index as f64 / 7.0).sin() + 1.3 * random.normal(),
        })
        .collect();
    nps.truncate(WEEKS);
    let n: Vec<i64> = (0..WEEKS)
        .map(|index| {
            let usual = 1_300.0 + 250.0 * (index as f64 / 5.0).cos() + 120.0 * random.normal();
            if index == WEEKS - 1 {
                2_914
            } else {
                usual as i64
            }
        })
        .collect();
    let detractors: Vec<f64> = nps
        .iter()
        .map(|nps| (20.0 - (nps - 33.0) * 0.45) / 100.0)
        .collect();
    let promoters: Vec<f64> = nps
        .iter()
        .zip(&detractors)
        .map(|(nps, d)| nps / 100.0 + d)
        .collect();
    let passives = promoters
        .iter()
        .zip(&detractors)
        .map(|(p, d)| 1.0 - p - d)
        .collect();
    let half: Vec<f64> = (0..WEEKS)
        .map(|index| {
            let (p, d) = (promoters[index], detractors[index]);
            1.96 * 100.0 * ((p + d - (p - d) * (p - d)) / n[index] as f64).sqrt()
        })
        .collect();
    vec![
        (
            "week",
            days((0..WEEKS as i32).map(|index| MONDAY - 7 * (WEEKS as i32 - 1 - index))),
        ),
        ("nps", float(nps.clone())),
        (
            "nps_low",
            float(
                nps.iter()
                    .zip(&half)
                    .map(|(nps, half)| nps - half)
                    .collect(),
            ),
        ),
        (
            "nps_high",
            float(
                nps.iter()
                    .zip(&half)
                    .map(|(nps, half)| nps + half)
                    .collect(),
            ),
        ),
        ("n", int(n)),
        ("promoters", float(promoters)),
        ("passives", float(passives)),
        ("detractors", float(detractors)),
    ]
}

pub(super) fn cohorts(random: &mut Random) -> Columns {
    let sizes = [
        9_800, 8_100, 6_900, 5_200, 5_900, 6_100, 6_400, 7_000, 6_600, 6_300, 6_800, 7_400,
    ];
    let (mut month, mut age, mut customers, mut rate) = (vec![], vec![], vec![], vec![]);
    for (cohort, size) in sizes.iter().enumerate() {
        for index in 0..12 - cohort {
            let (year, number) = if cohort < 2 {
                (2025, 11 + cohort)
            } else {
                (2026, cohort - 1)
            };
            let first = NaiveDate::from_ymd_opt(year, number as u32, 1).unwrap_or_default();
            let lift = if cohort >= 9 {
                5.4 * (-(index as f64) / 9.0).exp()
            } else {
                0.0
            };
            month.push((first - NaiveDate::default()).num_days() as i32);
            age.push(index as i64 + 1);
            customers.push(*size);
            rate.push(
                (10.2 + 18.5 * (-(index as f64) / 3.4).exp() + lift + 0.7 * random.normal())
                    / 100.0,
            );
        }
    }
    vec![
        ("cohort", days(month)),
        ("age_months", int(age)),
        ("customers", int(customers)),
        ("repurchase_rate", float(rate)),
    ]
}

pub(super) fn backlog(random: &mut Random) -> Columns {
    let rush = [1_720.0, 3_290.0, 3_610.0, 2_960.0, 2_480.0, 2_150.0];
    let done = [1_700.0, 2_050.0, 2_600.0, 2_800.0, 2_640.0, 2_390.0];
    let (mut opened, mut closed, mut open) = (vec![], vec![], vec![]);
    let mut backlog: f64 = 1_350.0;
    for index in 0..28usize {
        let weekend = if index % 7 >= 5 { 0.82 } else { 1.0 };
        let (came, went) = match index.checked_sub(22) {
            Some(day) => (rush[day], done[day]),
            None => (
                1_480.0 * weekend + 60.0 * random.normal(),
                1_475.0 * weekend + 55.0 * random.normal(),
            ),
        };
        backlog = (backlog + came - went).max(900.0);
        opened.push(came as i64);
        closed.push(went as i64);
        open.push(backlog as i64);
    }
    vec![
        ("day", days((0..28).map(|index| MONDAY + 6 - 27 + index))),
        ("closed", int(closed)),
        ("opened", int(opened)),
        ("open", int(open)),
    ]
}
