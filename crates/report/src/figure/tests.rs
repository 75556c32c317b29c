//! One small picture of each kind in both languages, kept as snapshots, and the
//! judgements a figure makes by itself.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, StringArray};
use chrono::NaiveDate;
use indexmap::IndexMap;

use super::*;
use crate::lang::Lang;
use crate::number::Numbers;
use crate::page::PageContext;
use crate::result::tests::frame;
use crate::spec::{Block, SourceFile, Spec};
use crate::voice::Voice;

type Columns = Vec<(&'static str, ArrayRef)>;

fn text(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn float(values: &[f64]) -> ArrayRef {
    Arc::new(Float64Array::from(values.to_vec()))
}

fn int(values: &[i64]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

/// Weeks from Monday, 2 November 2026.
fn weeks(count: i32) -> ArrayRef {
    Arc::new(Date32Array::from_iter_values(
        (0..count).map(|week| 20_759 + 7 * week),
    ))
}

fn context(lang: Lang) -> PageContext {
    PageContext {
        workspace_name: "Shop".to_owned(),
        time_zone: "UTC".to_owned(),
        currency: "CNY".to_owned(),
        as_of: NaiveDate::from_ymd_opt(2026, 11, 16).unwrap(),
        period_start: None,
        period_end: None,
        lang,
        settings: Vec::new(),
        freshness: Vec::new(),
        tallies: Vec::new(),
        notes: Vec::new(),
        program: String::new(),
    }
}

/// Draws one figure of one query named `q`.
fn drawing(
    kind: &str,
    options: &str,
    columns: &Columns,
    lang: Lang,
) -> Result<Drawing, RenderError> {
    let report = format!(
        "+++\nversion = 1\nname = \"x\"\ntitle = \"x\"\n+++\n```figure {kind}\nquery = \"q\"\n{options}\n```\n"
    );
    let spec = Spec::parse(&[
        SourceFile::new("report.md", report),
        SourceFile::new("sql/q.sql", "select 1"),
    ])
    .unwrap();
    let frames = IndexMap::from([("q".to_owned(), frame(columns.clone()))]);
    let context = context(lang);
    let voice = Voice {
        frames: &frames,
        style: Numbers::new(lang, "CNY"),
        context: &context,
        title: String::new(),
    };
    let Block::Figure(figure) = &spec.blocks[0] else {
        panic!("a figure")
    };
    let scene = Scene {
        figure,
        frame: &frames["q"],
        frames: &frames,
        voice: &voice,
        width: 600.0,
        label: "label",
    };
    figure.draw(&scene)
}

fn drawn(kind: &str, options: &str, columns: &Columns, lang: Lang) -> String {
    // One element a line, so that a changed snapshot can be read.
    drawing(kind, options, columns, lang)
        .unwrap()
        .body
        .into_string()
        .replace("><", ">\n<")
}

#[track_caller]
fn snapshots(kind: &str, options: &str, columns: &Columns) {
    for lang in Lang::ALL {
        insta::assert_snapshot!(
            format!("{kind}_{}", lang.code()),
            drawn(kind, options, columns, lang)
        );
    }
}

fn measures() -> Columns {
    vec![
        ("label", text(&["Return rate", "Return rate", "NPS", "NPS"])),
        (
            "label_zh",
            text(&["退货率", "退货率", "净推荐值", "净推荐值"]),
        ),
        (
            "week",
            Arc::new(Date32Array::from(vec![20_759, 20_766, 20_759, 20_766])),
        ),
        ("value", float(&[0.105, 0.118, 35.0, 31.0])),
        ("format", text(&["pct1", "pct1", "points", "points"])),
        ("better", text(&["lower", "lower", "higher", "higher"])),
        ("low", float(&[0.102, 0.115, 32.0, 28.0])),
        ("high", float(&[0.108, 0.121, 38.0, 34.0])),
        ("n", int(&[44_000, 96_412, 1_300, 2_914])),
        ("target", float(&[0.105, 0.105, 33.0, 33.0])),
        ("previous", float(&[0.104, 0.105, 34.0, 35.0])),
    ]
}

#[test]
fn kpis() {
    snapshots("kpis", "", &measures());
}

#[test]
fn a_target_missed_by_less_than_the_interval_is_on_watch() {
    let html = drawn("kpis", "", &measures(), Lang::En);
    let rows: Vec<&str> = html.split("<tr>").skip(2).collect();
    assert!(
        rows[0].contains("Return rate") && rows[0].contains("ic bad"),
        "{html}"
    );
    assert!(
        rows[1].contains("NPS") && rows[1].contains("ic wat"),
        "{html}"
    );
}

#[test]
fn a_misspelt_state_is_an_error_and_not_calm() {
    let columns = vec![("state", text(&["alret"])), ("text", text(&["x"]))];
    let error = drawing("text", "", &columns, Lang::En).unwrap_err();
    assert_eq!(
        error.to_string(),
        "report.md:6:11: `state` of the query `q` must be one of ok, watch, alert, none, found `alret`"
    );
}

#[test]
fn trend() {
    let columns = vec![
        ("week", weeks(3)),
        ("nps", float(&[35.0, 36.0, 31.0])),
        ("nps_low", float(&[32.0, 33.0, 28.0])),
        ("nps_high", float(&[38.0, 39.0, 34.0])),
        ("n", int(&[1_300, 1_250, 2_914])),
    ];
    snapshots("trend", "target = 35", &columns);
}

#[test]
fn weeks_that_are_not_complete_are_dashed() {
    let columns = |flags: Vec<bool>| -> Columns {
        vec![
            ("week", weeks(3)),
            ("return_rate", float(&[0.1, 0.11, 0.04])),
            ("is_complete", Arc::new(BooleanArray::from(flags))),
        ]
    };
    let dashed = drawn("trend", "", &columns(vec![true, true, false]), Lang::En);
    assert!(dashed.contains("class=\"ln imm\"") && dashed.contains("not complete yet"));
    let solid = drawn("trend", "", &columns(vec![true; 3]), Lang::En);
    assert!(!solid.contains("imm") && !solid.contains("not complete yet"));
}

#[test]
fn bars() {
    let columns = vec![
        ("channel", text(&["Phone", "E-mail"])),
        ("channel_zh", text(&["电话", "邮件"])),
        ("answered_rate", float(&[0.93, 0.41])),
        ("answered_rate_low", float(&[0.919, 0.385])),
        ("answered_rate_high", float(&[0.94, 0.436])),
        ("n", int(&[2_304, 14])),
    ];
    snapshots("bars", "min_n = 30", &columns);
}

fn reasons() -> Columns {
    vec![
        ("reason", text(&["Wrong size", "Arrived late", "Other"])),
        ("reason_zh", text(&["尺码不合", "配送延误", "其他"])),
        ("returns", int(&[70, 20, 10])),
        ("mean_4w", float(&[40.0, 25.0, 10.0])),
        (
            "is_hot",
            Arc::new(BooleanArray::from(vec![true, false, false])),
        ),
    ]
}

#[test]
fn pareto() {
    snapshots("pareto", "", &reasons());
}

#[test]
fn the_running_total_of_a_pareto_is_of_all_rows_and_not_of_those_shown() {
    let html = drawn("pareto", "top = 1", &reasons(), Lang::En);
    assert!(html.contains("\u{2211} 1 = 70%"), "{html}");
    let note = drawing("pareto", "top = 1", &reasons(), Lang::Zh)
        .unwrap()
        .note;
    assert_eq!(note.as_deref(), Some("前 1 行，共 3 行"));
}

#[test]
fn heatmap() {
    let columns = vec![
        ("r_band", text(&["0–14 d", "0–14 d", "> 120 d", "> 120 d"])),
        ("f_band", text(&["1", "10+", "1", "10+"])),
        ("customers", int(&[31_200, 18_300, 50_300, 1_200])),
        ("return_rate", float(&[0.129, 0.074, 0.096, 0.217])),
        ("segment", text(&["New", "Champions", "Dormant", "At risk"])),
        ("segment_zh", text(&["新客", "重要价值", "沉睡", "挽留"])),
    ];
    let options = "x = \"f_band\"\ny = \"r_band\"\nvalue = \"return_rate\"\nnote = \"customers\"\n\
                   outline = \"segment\"\nscale = \"warm\"";
    snapshots("heatmap", options, &columns);
}

#[test]
fn cells_that_are_missing_are_not_zero() {
    let columns = vec![
        ("day", text(&["Mon", "Mon", "Tue"])),
        ("hour", int(&[9, 10, 10])),
        ("tickets", int(&[5, 0, 9])),
    ];
    let html = drawn("heatmap", "", &columns, Lang::En);
    assert_eq!(html.matches("class=\"nd\"").count(), 1, "{html}");
    assert!(html.contains("Mon · 10 · 0"), "{html}");
}

#[test]
fn cohort() {
    let columns = vec![
        (
            "cohort",
            Arc::new(Date32Array::from(vec![20_636, 20_636, 20_667])) as ArrayRef,
        ),
        ("age_months", int(&[1, 2, 1])),
        ("customers", int(&[6_600, 6_600, 6_300])),
        ("repurchase_rate", float(&[0.29, 0.24, 0.34])),
    ];
    snapshots(
        "cohort",
        "mark = { at = \"2026-08\", text = { en = \"from August\", zh = \"8 月起\" } }",
        &columns,
    );
}

fn segments() -> Columns {
    vec![
        ("segment", text(&["Loyal", "Serial returners"])),
        ("segment_zh", text(&["忠诚客户", "高频退货客户"])),
        ("customers", int(&[71_900, 6_200])),
        ("return_rate", float(&[0.091, 0.583])),
        ("before", float(&[0.088, 0.571])),
        ("nps", float(&[43.0, 29.0])),
        ("nps_se", float(&[1.5, 4.0])),
        ("is_hot", Arc::new(BooleanArray::from(vec![false, true]))),
    ]
}

const SEGMENT_CELLS: &str = "sort = true\ncells = { customers = \"bar\", return_rate = \
                             \"slope(before)\", nps = \"interval(nps_se, 35)\" }\n\
                             hot = { return_rate = \"is_hot\" }";

#[test]
fn table() {
    snapshots("table", SEGMENT_CELLS, &segments());
}

#[test]
fn columns_that_serve_a_mark_or_translate_are_not_shown_by_themselves() {
    let html = drawn("table", SEGMENT_CELLS, &segments(), Lang::En);
    assert_eq!(html.matches("<th scope=\"col\"").count(), 4, "{html}");
    assert!(!html.contains("忠诚客户") && !html.contains("Nps se"));
}

#[test]
fn text_lines() {
    let columns = vec![
        ("state", text(&["alert", "ok"])),
        (
            "text",
            text(&["Return rate above 10.5%", "Data quality: 14 of 14"]),
        ),
        ("text_zh", text(&["退货率高于 10.5%", "数据质量：14/14"])),
        ("value", float(&[0.118, 1.0])),
    ];
    for lang in Lang::ALL {
        let html = drawn("text", "format = \"pct1\"", &columns, lang);
        insta::assert_snapshot!(format!("text_{}", lang.code()), html);
    }
}

#[test]
fn a_figure_without_its_column_says_which_key_would_name_one() {
    let columns = vec![("reason", text(&["x"]))];
    let error = drawing("bars", "", &columns, Lang::En).unwrap_err();
    assert_eq!(
        error.to_string(),
        "report.md:6:11: the query `q` has no column of numbers; name one with `value = \"…\"`"
    );
}

#[test]
fn a_column_of_the_wrong_type_says_what_it_is() {
    let columns = vec![("reason", text(&["x"])), ("n", int(&[1]))];
    let error = drawing("bars", "value = \"reason\"", &columns, Lang::En).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("`reason` of the query `q` must be numbers, found Utf8")
    );
}
