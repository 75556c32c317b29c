//! Numbers written out: what the made-up week breaks down by reason, segment and channel, and its words.

use std::sync::Arc;

use arrow::array::{BooleanArray, StringArray};

use super::columns::{Columns, MONDAY, days, float, int, money, text};

pub(super) fn events() -> Columns {
    vec![
        ("day", days([MONDAY - 7 * 24, MONDAY - 7 * 15, MONDAY + 2])),
        (
            "label",
            text(vec!["courier strike", "instant refunds", "11.11"]),
        ),
        ("label_zh", text(vec!["快递停运", "极速退款上线", "双十一"])),
    ]
}

pub(super) fn reasons() -> Columns {
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

pub(super) fn segments() -> Columns {
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

pub(super) fn rfm() -> Columns {
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

pub(super) fn channels() -> Columns {
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

pub(super) fn findings() -> Columns {
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

pub(super) fn lede() -> Columns {
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
