//! A made-up weekly report: a spec, and batches that look like an engine's.
//!
//! Shared by the page tests and the `mock` example. Every number is invented by
//! a small linear congruential generator, so the page is the same on each run.

use std::error::Error;
use std::sync::Arc;

use aftersight_report::spec::{SourceFile, SpecError};
use aftersight_report::{Freshness, Lang, PageContext, QueryResult, Spec, Tally, Tone};
use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch,
    StringArray, new_null_array,
};
use arrow::datatypes::{Field, Schema};
use chrono::NaiveDate;
use indexmap::IndexMap;

/// How many rows the results have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rows {
    All,
    None,
    /// The first row, with every cell NULL.
    OneNull,
}

pub(crate) fn files() -> Vec<SourceFile> {
    let queries = [
        "kpis",
        "nps_weekly",
        "events",
        "reasons",
        "segments",
        "rfm",
        "cohorts",
        "channels",
        "findings",
        "backlog",
        "lede",
    ];
    let mut files = vec![SourceFile::new("report.md", include_str!("shop/report.md"))];
    for name in queries {
        let sql =
            format!("-- {name} of the week.\nselect *\nfrom {name}_by_week\nwhere week < $as_of");
        files.push(SourceFile::new(format!("sql/{name}.sql"), sql));
    }
    files
}

pub(crate) fn spec() -> Result<Spec, SpecError> {
    Spec::parse(&files())
}

pub(crate) fn context(lang: Lang) -> PageContext {
    let day = |month, day| NaiveDate::from_ymd_opt(2026, month, day).unwrap_or_default();
    let fresh = |en: &str, zh: &str, hour, minute, rows| Freshness {
        table: if lang == Lang::En { en } else { zh }.to_owned(),
        latest: day(11, 15).and_hms_opt(hour, minute, 0),
        rows,
    };
    let tally = |tone, count, en: &str, zh: &str| Tally {
        tone,
        count,
        label: if lang == Lang::En { en } else { zh }.to_owned(),
    };
    let note = if lang == Lang::En {
        "9,811,204 order lines used; 4,118 excluded (duplicates 3,902, impossible times 216). \
         97.3% of orders have a customer."
    } else {
        "使用订单行 9,811,204 条，剔除 4,118 条（重复 3,902，时间异常 216）。97.3% 的订单有客户标识。"
    };
    PageContext {
        workspace_name: "Marlow Home & Wear".to_owned(),
        time_zone: "Asia/Shanghai".to_owned(),
        currency: "CNY".to_owned(),
        as_of: day(11, 16),
        period_start: Some(day(11, 9)),
        period_end: Some(day(11, 16)),
        lang,
        settings: vec![("min_n".to_owned(), "100".to_owned())],
        freshness: vec![
            fresh("orders", "订单", 23, 59, 9_811_204),
            fresh("returns", "退换货", 23, 57, 1_040_310),
            fresh("surveys", "问卷", 18, 2, 612_000),
            fresh("tickets", "工单", 23, 41, 2_270_511),
        ],
        tallies: vec![
            tally(Tone::Alert, 2, "alerts", "告警"),
            tally(Tone::Watch, 3, "on watch", "关注"),
            tally(Tone::Plain, 14, "checks passed", "检查通过"),
        ],
        notes: vec![note.to_owned()],
        program: "aftersight 0.1.0".to_owned(),
    }
}

type Columns = Vec<(&'static str, ArrayRef)>;

pub(crate) fn results(rows: Rows) -> Result<IndexMap<String, QueryResult>, Box<dyn Error>> {
    let mut random = Random(20_261_115);
    let all: Vec<(&str, Columns)> = vec![
        ("kpis", kpis(&mut random)),
        ("nps_weekly", nps_weekly(&mut random)),
        ("events", events()),
        ("reasons", reasons()),
        ("segments", segments()),
        ("rfm", rfm()),
        ("cohorts", cohorts(&mut random)),
        ("channels", channels()),
        ("findings", findings()),
        ("backlog", backlog(&mut random)),
        ("lede", lede()),
    ];
    let mut results = IndexMap::new();
    for (name, columns) in all {
        // Words need their one row whatever the figures have.
        let rows = if name == "lede" { Rows::All } else { rows };
        results.insert(name.to_owned(), result(name, columns, rows)?);
    }
    Ok(results)
}

pub(crate) fn result(
    name: &str,
    columns: Columns,
    rows: Rows,
) -> Result<QueryResult, Box<dyn Error>> {
    let fields: Vec<Field> = columns
        .iter()
        .map(|(name, array)| Field::new(*name, array.data_type().clone(), true))
        .collect();
    let schema = Arc::new(Schema::new(fields));
    let arrays: Vec<ArrayRef> = columns
        .into_iter()
        .map(|(_, array)| match rows {
            Rows::OneNull => new_null_array(array.data_type(), 1),
            _ => array,
        })
        .collect();
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays)?;
    let batches = if rows == Rows::None {
        Vec::new()
    } else {
        vec![batch]
    };
    let sql = format!("-- {name} of the week.\nselect *\nfrom {name}_by_week\nwhere week < $as_of");
    Ok(QueryResult {
        name: name.to_owned(),
        sql,
        schema,
        batches,
    })
}

struct Random(u64);

impl Random {
    /// A number that is about normal with mean 0 and deviation 1.
    fn normal(&mut self) -> f64 {
        let mut uniform = || {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) as f64 / (1u64 << 31) as f64
        };
        (0..12).map(|_| uniform()).sum::<f64>() - 6.0
    }
}

pub(crate) fn text(values: Vec<&str>) -> ArrayRef {
    Arc::new(StringArray::from(values))
}

pub(crate) fn float(values: Vec<f64>) -> ArrayRef {
    Arc::new(Float64Array::from(values))
}

pub(crate) fn int(values: Vec<i64>) -> ArrayRef {
    Arc::new(Int64Array::from(values))
}

fn money(values: Vec<i128>) -> ArrayRef {
    let array = Decimal128Array::from(values);
    Arc::new(
        array
            .clone()
            .with_precision_and_scale(18, 2)
            .unwrap_or(array),
    )
}

/// Days since 1970; 20,766 is Monday, 9 November 2026.
fn days(values: impl IntoIterator<Item = i32>) -> ArrayRef {
    Arc::new(Date32Array::from_iter_values(values))
}

const MONDAY: i32 = 20_766;

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
fn kpis(random: &mut Random) -> Columns {
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

fn nps_weekly(random: &mut Random) -> Columns {
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

fn events() -> Columns {
    vec![
        ("day", days([MONDAY - 7 * 24, MONDAY - 7 * 15, MONDAY + 2])),
        (
            "label",
            text(vec!["courier strike", "instant refunds", "11.11"]),
        ),
        ("label_zh", text(vec!["快递停运", "极速退款上线", "双十一"])),
    ]
}

fn reasons() -> Columns {
    let returns = vec![1_982, 861, 583, 541, 437, 364, 208, 146, 82];
    let mean = vec![
        1_324.0, 512.0, 561.0, 548.0, 470.0, 371.0, 167.0, 139.0, 88.0,
    ];
    let hot: Vec<bool> = returns
        .iter()
        .zip(&mean)
        .map(|(now, mean)| *now as f64 > 1.25 * mean && *now > 200)
        .collect();
    vec![
        (
            "reason",
            text(vec![
                "Wrong size or fit",
                "Arrived late",
                "Damaged in transit",
                "Not as described",
                "Changed mind",
                "Faulty",
                "Wrong item sent",
                "Cheaper elsewhere",
                "Other",
            ]),
        ),
        (
            "reason_zh",
            text(vec![
                "尺码不合",
                "配送延误",
                "运输破损",
                "与描述不符",
                "不想要了",
                "质量问题",
                "发错货",
                "价格原因",
                "其他",
            ]),
        ),
        ("returns", int(returns)),
        ("mean_4w", float(mean)),
        ("is_hot", Arc::new(BooleanArray::from(hot))),
    ]
}

fn segments() -> Columns {
    let rate = vec![0.079, 0.091, 0.248, 0.310, 0.104, 0.152, 0.583, 0.098];
    let before = vec![0.076, 0.088, 0.219, 0.284, 0.102, 0.126, 0.571, 0.099];
    let rising: Vec<bool> = rate
        .iter()
        .zip(&before)
        .map(|(now, before)| now - before > 0.02)
        .collect();
    let margin = vec![0.315, 0.279, 0.142, 0.031, 0.240, 0.176, -0.194, 0.190];
    let loses: Vec<bool> = margin.iter().map(|margin| *margin < 0.0).collect();
    vec![
        (
            "segment",
            text(vec![
                "Champions",
                "Loyal",
                "Loyal, returns often",
                "New, first return",
                "Promising",
                "At risk, high value",
                "Serial returners",
                "Dormant",
            ]),
        ),
        (
            "segment_zh",
            text(vec![
                "重要价值客户",
                "忠诚客户",
                "忠诚但常退",
                "首次退货新客",
                "潜力客户",
                "重要挽留客户",
                "高频退货客户",
                "沉睡客户",
            ]),
        ),
        (
            "customers",
            int(vec![
                38_400, 71_900, 22_600, 19_800, 113_800, 22_700, 6_200, 116_600,
            ]),
        ),
        (
            "revenue_share",
            float(vec![0.312, 0.278, 0.124, 0.041, 0.139, 0.06, 0.027, 0.019]),
        ),
        ("return_rate", float(rate)),
        ("return_rate_q3", float(before)),
        ("is_rising", Arc::new(BooleanArray::from(rising))),
        (
            "nps",
            float(vec![52.0, 43.0, 34.0, 12.0, 36.0, 8.0, 29.0, 21.0]),
        ),
        (
            "nps_se",
            float(vec![1.5, 1.5, 2.5, 3.0, 1.5, 3.5, 4.0, 4.5]),
        ),
        (
            "cost_amount",
            money(vec![1_100, 1_400, 6_100, 4_400, 1_200, 3_800, 14_800, 600]),
        ),
        ("margin_share", float(margin)),
        ("loses_money", Arc::new(BooleanArray::from(loses))),
        (
            "play",
            text(vec![
                "Named adviser, early access",
                "Keep instant refunds",
                "Fit profile; steer to exchange",
                "Call in 48 h; free second try",
                "Second-order voucher",
                "Recovery call, one owner",
                "Return fee after the third",
                "No spend",
            ]),
        ),
        (
            "play_zh",
            text(vec![
                "专属客服，新品优先",
                "保留极速退款",
                "尺码档案，引导换货",
                "48 小时回访，免费重寄",
                "二单优惠券",
                "专人服务补救",
                "第三次起收运费",
                "不投入",
            ]),
        ),
    ]
}

fn rfm() -> Columns {
    const RATES: [[f64; 5]; 5] = [
        [12.9, 10.8, 9.6, 8.4, 7.4],
        [13.8, 11.2, 10.1, 9.0, 8.1],
        [14.4, 12.3, 11.4, 13.2, 14.6],
        [13.1, 12.0, 13.9, 17.1, 19.8],
        [9.6, 10.4, 12.2, 16.0, 21.7],
    ];
    const CUSTOMERS: [[i64; 5]; 5] = [
        [31_200, 22_400, 18_900, 20_100, 18_300],
        [28_400, 19_200, 15_300, 13_600, 9_900],
        [33_000, 17_700, 11_200, 7_900, 4_100],
        [38_600, 14_900, 8_100, 4_600, 2_200],
        [50_300, 12_800, 5_400, 2_700, 1_200],
    ];
    let recency = [
        "0\u{2013}14 d",
        "\u{2013}30",
        "\u{2013}60",
        "\u{2013}120",
        "> 120 d",
    ];
    let frequency = ["1", "2", "3\u{2013}4", "5\u{2013}9", "10+"];
    let segment = |r: usize, f: usize| match (r, f) {
        (0, 3..) => Some(("Champions", "重要价值")),
        (0 | 1, 0) => Some(("New", "新客")),
        (2.., 3..) => Some(("At risk", "挽留")),
        (3.., 0 | 1) => Some(("Dormant", "沉睡")),
        _ => None,
    };
    let cells: Vec<(usize, usize)> = (0..5).flat_map(|r| (0..5).map(move |f| (r, f))).collect();
    vec![
        (
            "r_band",
            text(cells.iter().map(|(r, _)| recency[*r]).collect()),
        ),
        (
            "f_band",
            text(cells.iter().map(|(_, f)| frequency[*f]).collect()),
        ),
        (
            "customers",
            int(cells.iter().map(|(r, f)| CUSTOMERS[*r][*f]).collect()),
        ),
        (
            "return_rate",
            float(cells.iter().map(|(r, f)| RATES[*r][*f] / 100.0).collect()),
        ),
        (
            "segment",
            Arc::new(
                cells
                    .iter()
                    .map(|(r, f)| segment(*r, *f).map(|name| name.0))
                    .collect::<StringArray>(),
            ),
        ),
        (
            "segment_zh",
            Arc::new(
                cells
                    .iter()
                    .map(|(r, f)| segment(*r, *f).map(|name| name.1))
                    .collect::<StringArray>(),
            ),
        ),
    ]
}

fn cohorts(random: &mut Random) -> Columns {
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

fn channels() -> Columns {
    vec![
        (
            "channel",
            text(vec![
                "Phone",
                "In-app chat",
                "WeChat",
                "E-mail",
                "Marketplace",
            ]),
        ),
        (
            "channel_zh",
            text(vec!["电话", "站内客服", "微信", "邮件", "平台消息"]),
        ),
        ("answered_rate", float(vec![0.93, 0.88, 0.74, 0.41, 0.33])),
        (
            "answered_rate_low",
            float(vec![0.919, 0.872, 0.726, 0.385, 0.316]),
        ),
        (
            "answered_rate_high",
            float(vec![0.94, 0.888, 0.754, 0.436, 0.345]),
        ),
        ("n", int(vec![2_304, 6_051, 3_890, 1_410, 4_006])),
        ("baseline", float(vec![0.95, 0.93, 0.86, 0.62, 0.58])),
        (
            "is_hot",
            Arc::new(BooleanArray::from(vec![false, false, false, true, true])),
        ),
    ]
}

fn findings() -> Columns {
    vec![
        (
            "state",
            text(vec!["alert", "alert", "watch", "watch", "watch", "ok"]),
        ),
        (
            "text",
            text(vec![
                "Return rate above 10.5%",
                "Answered within 2 h below 85%",
                "Refunds 7% over budget",
                "NPS below 33",
                "First-contact resolution below 72%",
                "Data quality: 14 of 14",
            ]),
        ),
        (
            "text_zh",
            text(vec![
                "退货率高于 10.5%",
                "2 小时内响应率低于 85%",
                "退款超预算 7%",
                "NPS 低于 33",
                "首次解决率低于 72%",
                "数据质量：14/14",
            ]),
        ),
        (
            "value",
            text(vec!["11.8%", "72.0%", "¥3.42 m", "31", "71.2%", "\u{2713}"]),
        ),
        (
            "detail",
            text(vec![
                "Third breach in 26 weeks, 573 returns above target. Owner: merchandising.",
                "Since Wed 11 Nov 20:40. One marketplace message in ten waits 14 h. Owner: service desk.",
                "Volume, not basket: refund per return is flat.",
                "Within noise (p = 0.09, n = 2,914).",
                "Parcel-status questions doubled after 11.11.",
                "Fresh, unique keys, no orphan returns, surveys 6 h old.",
            ]),
        ),
        (
            "detail_zh",
            text(vec![
                "26 周内第三次越线，超目标 573 件。负责人：商品部",
                "自 11 月 11 日 20:40 起；十分之一平台消息等待 14 小时。负责人：客服部",
                "由件量驱动，单件退款额持平。",
                "统计上不显著（p = 0.09，n = 2,914）。",
                "双十一后物流查询翻倍。",
                "新鲜度、主键唯一、无孤立退货单；问卷延迟 6 小时。",
            ]),
        ),
    ]
}

fn backlog(random: &mut Random) -> Columns {
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

fn lede() -> Columns {
    vec![
        (
            "text",
            text(vec![
                "**Returns outran the 11.11 peak.** The 14-day return rate reached **11.8%**, the \
                 highest since February. Sizing and lateness make two thirds of the rise. From \
                 Wednesday night only 72% of tickets got a reply within two hours. NPS stands at 31, \
                 inside its margin of error.",
            ]),
        ),
        (
            "text_zh",
            text(vec![
                "**退货涨幅超过双十一大盘。**14 天退货率升至 **11.8%**，为 2 月以来最高；其中三分之二来自尺码与延误。\
                 周三晚起仅 72% 的工单在两小时内得到响应。NPS 为 31，仍在误差范围内。",
            ]),
        ),
        ("return_rate", float(vec![0.118])),
    ]
}
