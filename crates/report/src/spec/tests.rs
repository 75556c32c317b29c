//! Parsing of specs: what is accepted, and what each mistake says.

use super::*;
use crate::figure::FigureKind;

const FRONT: &str = "+++\nversion = 1\nname = \"weekly\"\ntitle = \"Weekly\"\n+++\n";

fn parse(report: &str) -> Result<Spec, SpecError> {
    Spec::parse(&[
        SourceFile::new("report.md", report),
        SourceFile::new("sql/kpi_week.sql", "select 1 as value"),
        SourceFile::new("sql/nps_weekly.sql", "select 1 as nps"),
    ])
}

/// Front matter with more keys, and a body.
fn with(front: &str, body: &str) -> Result<Spec, SpecError> {
    parse(&format!(
        "{}{front}\n+++\n{body}",
        &FRONT[..FRONT.len() - 4]
    ))
}

#[track_caller]
fn fails(result: Result<Spec, SpecError>, expected: &str) {
    match result {
        Ok(_) => panic!("accepted, expected: {expected}"),
        Err(error) => assert_eq!(error.to_string(), expected),
    }
}

#[test]
fn a_report_has_front_matter_words_and_figures() {
    let spec = with(
        "lang = \"zh\"\nperiod = \"week\"\ncalendar = true\nneeds = [\"orders\"]\nowner = \"me\"",
        "The rate is {{ kpi_week.value | pct1 }}.\n\n```figure trend\nquery = \"nps_weekly\"\n\
         cols = 7\ntitle = { en = \"NPS\", zh = \"净推荐值\" }\n```\nMore.\n",
    )
    .unwrap();
    assert_eq!(spec.name, "weekly");
    assert_eq!(spec.lang, [Lang::Zh]);
    assert_eq!(spec.period, Some(Period::Week));
    assert!(spec.is_of_calendar);
    assert_eq!(spec.blocks.len(), 3);
    let Block::Figure(figure) = &spec.blocks[1] else {
        panic!("a figure")
    };
    assert_eq!((figure.kind, figure.cols), (FigureKind::Trend, 7));
    assert_eq!(spec.queries_on_page(), ["kpi_week", "nps_weekly"]);
    assert_eq!(
        spec.outputs.html,
        Some(HtmlOutput {
            lang: vec![Lang::Zh]
        })
    );
}

#[test]
fn a_single_file_may_hold_its_queries() {
    let body = format!("{FRONT}```sql lede\nselect 'x' as text\n```\n{{{{ lede.text }}}}\n");
    let spec = Spec::parse(&[SourceFile::new("report.md", body)]).unwrap();
    assert_eq!(spec.queries["lede"].sql, "select 'x' as text\n");
    assert_eq!(spec.queries["lede"].place.to_string(), "report.md:6:8");
}

#[test]
fn a_fence_of_another_kind_stays_part_of_the_words() {
    let spec = parse(&format!(
        "{FRONT}Try\n```sh\naftersight demo\n```\nand read.\n"
    ))
    .unwrap();
    assert_eq!(spec.blocks.len(), 1);
}

#[test]
fn words_may_be_for_one_language() {
    let spec = parse(&format!("{FRONT}```words zh\n退货上升。\n```\n")).unwrap();
    assert!(matches!(
        spec.blocks[0],
        Block::Prose {
            lang: Some(Lang::Zh),
            ..
        }
    ));
}

#[test]
fn params_are_typed_and_outputs_choose_queries() {
    let spec = with(
        "[params.min_n]\ntype = \"int\"\ndefault = 1_00\nhelp = \"smallest group\"\n\
         [params.since]\ntype = \"date\"\ndefault = 2026-11-01\n\
         [params.basis]\ntype = \"enum\"\ndefault = \"unit\"\nvalues = [\"unit\", \"order\"]\n\
         [outputs]\nhtml = true\njson = false\nparquet = { queries = \"*\" }\n\
         csv = { queries = [\"kpi_week\"], bom = true, guard = true }",
        "",
    )
    .unwrap();
    assert_eq!(spec.params["min_n"].default, ParamValue::Int(100));
    assert_eq!(spec.params["since"].default.to_string(), "2026-11-01");
    assert_eq!(spec.params["basis"].kind.name(), "enum");
    assert_eq!(spec.outputs.json, None);
    assert_eq!(spec.outputs.parquet, Some(Selection::All));
    let csv = spec.outputs.csv.unwrap();
    assert!(csv.bom && csv.guard && csv.queries.contains("kpi_week"));
    assert!(!csv.queries.contains("nps_weekly"));
}

#[test]
fn an_unknown_key_names_the_nearest_one_and_its_place() {
    let text = "report.md:9:1: unknown key `colss` in figure trend; known keys are query, cols, \
                title, sub, labels, format, formats, target, x, y, band, under, parts, complete, \
                events, zero; did you mean `cols`?";
    let body = "x\n\n```figure trend\nquery = \"nps_weekly\"\ncolss = 7\n```\n";
    fails(
        parse(&format!("{}{body}", FRONT.replace("+++\n+++", "+++"))),
        &text.replace(":9:", ":10:"),
    );
    fails(
        with("tittle = \"x\"", ""),
        "report.md:5:1: unknown key `tittle` in front matter; known keys are version, name, title, \
         owner, lang, period, calendar, needs, params, outputs, definition; did you mean `title`?",
    );
}

#[test]
fn keys_of_later_stages_are_unknown() {
    for key in [
        "schedule = {}",
        "freshness = {}",
        "alert = []",
        "deliver = []",
    ] {
        let error = with(key, "").unwrap_err();
        assert!(matches!(*error.fault, Fault::UnknownKey { .. }), "{error}");
    }
}

#[test]
fn a_figure_must_be_of_a_known_kind_and_of_a_known_query() {
    fails(
        parse(&format!(
            "{FRONT}```figure trent\nquery = \"nps_weekly\"\n```\n"
        )),
        "report.md:6:11: unknown figure kind `trent`; known are kpis, trend, bars, pareto, heatmap, \
         cohort, table, text; did you mean `trend`?",
    );
    fails(
        parse(&format!(
            "{FRONT}```figure bars\nquery = \"nps_wekly\"\n```\n"
        )),
        "report.md:7:9: unknown query `nps_wekly`; known are kpi_week, nps_weekly; did you mean \
         `nps_weekly`?",
    );
    fails(
        parse(&format!("{FRONT}```figure bars\ncols = 5\n```\n")),
        "report.md:7:1: figure bars needs the key `query`",
    );
}

#[test]
fn a_value_of_the_wrong_type_says_what_it_should_be() {
    fails(
        parse(&format!(
            "{FRONT}```figure bars\nquery = \"kpi_week\"\ncols = \"five\"\n```\n"
        )),
        "report.md:8:8: `cols` must be a whole number from 3 to 12, found the string \"five\"",
    );
    fails(
        parse(&format!(
            "{FRONT}```figure bars\nquery = \"kpi_week\"\ncols = 13\n```\n"
        )),
        "report.md:8:8: `cols` must be a whole number from 3 to 12, found the number 13",
    );
    fails(
        parse(&format!(
            "{FRONT}```figure trend\nquery = \"kpi_week\"\nband = [\"low\"]\n```\n"
        )),
        "report.md:8:8: `band` must be two columns, the low and the high end, found a list",
    );
    fails(
        with("[params.n]\ntype = \"int\"\ndefault = \"many\"", ""),
        "report.md:7:11: `default` must be of type int, found the string \"many\"",
    );
}

#[test]
fn a_trend_has_one_to_four_lines() {
    for columns in ["[]", "[\"a\", \"b\", \"c\", \"d\", \"e\"]"] {
        let text = format!("{FRONT}```figure trend\nquery = \"kpi_week\"\ny = {columns}\n```\n");
        fails(
            parse(&text),
            "report.md:8:5: `y` must be one to four columns, found a list",
        );
    }
}

#[test]
fn a_mark_in_a_table_cell_is_checked() {
    let cells = |mark: &str| {
        parse(&format!(
            "{FRONT}```figure table\nquery = \"kpi_week\"\ncells = {{ n = \"{mark}\" }}\n```\n"
        ))
    };
    for good in [
        "bar",
        "slope(before)",
        "interval(se)",
        "interval(se, 35)",
        "interval(a, b, c)",
    ] {
        cells(good).unwrap();
    }
    fails(
        cells("sloop(before)"),
        "report.md:8:15: unknown mark `sloop`; known are bar, slope, interval; did you mean `slope`?",
    );
    assert!(cells("slope(before").is_err());
    assert!(cells("bar(x)").is_err());
}

#[test]
fn places_are_right_after_chinese_text() {
    fails(
        parse(&format!("{FRONT}退货率 {{{{ kpi_weak.value }}}}\n")),
        "report.md:6:5: unknown query `kpi_weak`; known are kpi_week, nps_weekly; did you mean \
         `kpi_week`?",
    );
    fails(
        parse(&format!(
            "{FRONT}```figure bars\nquery = \"kpi_week\"\ntitle = \"退货 {{{{ kpi_week.value | pct9 }}}}\"\n```\n"
        )),
        "report.md:8:13: unknown format `pct9`; known are int, number, number1, number2, pct, pct1, \
         percent, pp, money, points, compact, duration, minutes, hours, days, date and 2 more; did \
         you mean `pct`?",
    );
}

#[test]
fn an_open_fence_and_broken_front_matter_are_told() {
    fails(
        parse(&format!("{FRONT}\n```figure bars\nquery = \"kpi_week\"\n")),
        "report.md:7:1: the fence ```figure bars is not closed",
    );
    fails(
        parse("# Weekly\n"),
        "report.md:1:1: the report must begin with front matter between two lines `+++`; the first \
         line is something else",
    );
    assert!(parse("+++\nversion = 1\n").is_err());
    let error = parse("+++\nversion = = 1\n+++\n").unwrap_err();
    assert_eq!((error.place.line, error.place.column), (2, 11));
    fails(
        parse("+++\nversion = 1\nname = \"x\"\n+++\n"),
        "report.md:2:1: front matter needs the key `title`",
    );
    fails(
        parse("+++\nversion = 2\nname = \"x\"\ntitle = \"x\"\n+++\n"),
        "report.md:2:11: `version` must be a whole number from 1 to 1, found the number 2",
    );
}

#[test]
fn names_that_would_leave_the_folder_are_refused() {
    for name in ["../up", "", "Weekly", "a/b", "-x"] {
        let text = format!("+++\nversion = 1\nname = \"{name}\"\ntitle = \"x\"\n+++\n");
        assert!(
            matches!(*parse(&text).unwrap_err().fault, Fault::WrongValue { .. }),
            "{name}"
        );
    }
}

#[test]
fn two_queries_of_one_name_and_strange_files_are_refused() {
    let report = SourceFile::new("report.md", format!("{FRONT}```sql q\nselect 1\n```\n"));
    let twice = Spec::parse(&[report.clone(), SourceFile::new("sql/q.sql", "select 2")]);
    assert!(matches!(*twice.unwrap_err().fault, Fault::TwiceDefined(_)));
    let strange = Spec::parse(&[report.clone(), SourceFile::new("notes.txt", "x")]);
    assert!(matches!(*strange.unwrap_err().fault, Fault::StrangeFile(_)));
    let empty = Spec::parse(&[report, SourceFile::new("sql/e.sql", " \n")]);
    assert!(matches!(*empty.unwrap_err().fault, Fault::EmptyQuery(_)));
    assert!(matches!(
        *Spec::parse(&[]).unwrap_err().fault,
        Fault::NoReport
    ));
}

#[test]
fn the_hash_follows_the_text_and_not_the_order_of_files() {
    let (a, b) = (
        SourceFile::new("report.md", FRONT),
        SourceFile::new("sql/q.sql", "select 1"),
    );
    let hash = |files: &[SourceFile]| Spec::parse(files).unwrap().hash;
    let first = hash(&[a.clone(), b.clone()]);
    assert_eq!(first, hash(&[b.clone(), a.clone()]));
    assert_eq!(first.len(), 64);
    assert_ne!(first, hash(&[a, SourceFile::new("sql/q.sql", "select 2")]));
}
