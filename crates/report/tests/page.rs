//! Whole pages: the promises of the page that a reader or a gateway relies on.

use std::sync::Arc;

use aftersight_report::spec::SourceFile;
use aftersight_report::{Lang, PageContext, QueryResult, RenderError, Spec, render_page};
use arrow::array::{Array, ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::DataType;
use indexmap::IndexMap;

#[path = "support/shop/mod.rs"]
mod shop;
#[path = "support/well_formed.rs"]
mod well_formed;

type Results = IndexMap<String, QueryResult>;

fn page(results: &Results, lang: Lang) -> String {
    let spec = shop::spec().expect("the made-up spec parses");
    render_page(&spec, results, &shop::context(lang)).expect("the made-up page is drawn")
}

/// The results with every array of the types changed by `change`.
fn changed(results: Results, change: impl Fn(&str, &ArrayRef) -> Option<ArrayRef>) -> Results {
    let changed = |mut result: QueryResult| {
        result.batches = result
            .batches
            .iter()
            .map(|batch| {
                let schema = batch.schema();
                let columns = schema.fields().iter().zip(batch.columns());
                let columns = columns
                    .map(|(field, array)| change(field.name(), array).unwrap_or(Arc::clone(array)))
                    .collect();
                RecordBatch::try_new(schema, columns).expect("the same types")
            })
            .collect();
        result
    };
    results
        .into_iter()
        .map(|(name, result)| (name, changed(result)))
        .collect()
}

const HOSTILE: [&str; 6] = [
    "</svg><script>alert(1)</script>",
    "\" onload=\"alert(1)",
    "]]>--><style>*{}</style>",
    "\u{202E}txt.exe\u{2066}\u{0}\u{1b}[31m",
    "{{ kpis.value }} **x** <b> & &amp; \u{E000}0\u{E001}",
    "很长很长的名字很长很长的名字很长很长的名字很长很长的名字 👩‍👩‍👧 e\u{301}",
];

#[test]
fn both_languages_are_well_formed_and_small() {
    let results = shop::results(shop::Rows::All).unwrap();
    for lang in Lang::ALL {
        let page = page(&results, lang);
        well_formed::check(&page).unwrap();
        assert!(page.len() < 250_000, "{} bytes", page.len());
    }
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    let one = page(&shop::results(shop::Rows::All).unwrap(), Lang::Zh);
    // The same rows in other batches, as a plan with other partitions returns them.
    let mut cut = shop::results(shop::Rows::All).unwrap();
    for result in cut.values_mut() {
        let batch = result.batches.remove(0);
        let middle = batch.num_rows() / 2;
        result.batches = vec![
            batch.slice(0, middle),
            batch.slice(middle, batch.num_rows() - middle),
        ];
    }
    assert!(one == page(&cut, Lang::Zh));
}

#[test]
fn nothing_is_fetched_and_only_the_named_script_may_run() {
    let page = page(&shop::results(shop::Rows::All).unwrap(), Lang::En);
    for (name, value) in well_formed::all_attributes(&page) {
        assert!(
            !value.contains("http") || name == "http-equiv",
            "{name}={value}"
        );
        assert!(
            !["src", "href", "style", "action"].contains(&name.as_str()),
            "{name}={value}"
        );
        assert!(!name.starts_with("on"), "{name}={value}");
    }
    assert!(!page.contains("url(") && !page.contains("@import"));
    assert!(page.contains("default-src &#39;none&#39;; style-src &#39;sha256-"));
    assert_eq!(page.matches("<script>").count(), 1);
}

#[test]
fn marks_have_no_colours_of_their_own() {
    let page = page(&shop::results(shop::Rows::All).unwrap(), Lang::En);
    for (name, value) in well_formed::all_attributes(&page) {
        assert!(
            !["fill", "stroke", "color", "bgcolor"].contains(&name.as_str()),
            "{name}={value}"
        );
    }
}

#[test]
fn every_drawing_has_a_label_or_is_hidden_from_screen_readers() {
    let page = page(&shop::results(shop::Rows::All).unwrap(), Lang::En);
    for drawing in page.split("<svg ").skip(1) {
        let element = drawing.split('>').next().unwrap();
        let named = element.contains("role=\"img\"") && !element.contains("aria-label=\"\"");
        assert!(
            named || element.contains("aria-hidden=\"true\""),
            "{element}"
        );
    }
    assert_eq!(page.matches("<h1>").count(), 1);
}

#[test]
fn hostile_data_stays_text_in_every_figure() {
    for hostile in HOSTILE {
        let results = changed(shop::results(shop::Rows::All).unwrap(), |name, array| {
            // These hold names with a meaning, and refuse all others.
            let has_meaning = ["format", "better", "state"].contains(&name);
            let is_text = array.data_type() == &DataType::Utf8 && !has_meaning;
            let texts = std::iter::repeat_n(hostile, array.len());
            // Different rows must stay different categories.
            let texts = texts.enumerate().map(|(row, text)| format!("{text}{row}"));
            is_text.then(|| Arc::new(StringArray::from_iter_values(texts)) as ArrayRef)
        });
        for lang in Lang::ALL {
            let page = page(&results, lang);
            well_formed::check(&page).unwrap();
            assert_eq!(page.matches("<script>").count(), 1);
            assert_eq!(page.matches("<style>").count(), 1);
            for (name, value) in well_formed::all_attributes(&page) {
                assert!(!name.starts_with("on"), "{name}={value}");
            }
            assert!(!page.contains(['\u{202E}', '\u{2066}', '\u{0}', '\u{1b}']));
        }
    }
}

#[test]
fn hostile_specs_sql_and_context_stay_text() {
    for hostile in HOSTILE {
        let mut files = shop::files();
        // Double braces would be a substitution, which is checked elsewhere.
        let title = toml_string(&hostile.replace("{{", "{ {"));
        files[0].text = files[0]
            .text
            .replace("\"Weekly after-sales review\"", &title);
        for file in &mut files[1..] {
            file.text = format!("-- {hostile}\nselect 1");
        }
        let mut results = shop::results(shop::Rows::All).unwrap();
        for result in results.values_mut() {
            result.sql = hostile.to_owned();
        }
        let mut context = shop::context(Lang::En);
        context.workspace_name = hostile.to_owned();
        context.notes = vec![hostile.to_owned()];
        context.settings = vec![(hostile.to_owned(), hostile.to_owned())];
        context.freshness[0].table = hostile.to_owned();
        context.tallies[0].label = hostile.to_owned();
        context.time_zone = hostile.to_owned();
        context.currency = hostile.to_owned();
        let spec = Spec::parse(&files).unwrap();
        let page = render_page(&spec, &results, &context).unwrap();
        well_formed::check(&page).unwrap();
        assert_eq!(page.matches("<script>").count(), 1);
    }
}

/// A TOML basic string.
fn toml_string(text: &str) -> String {
    let mut out = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[test]
fn no_rows_draw_every_frame_and_say_so() {
    let results = shop::results(shop::Rows::None).unwrap();
    for (lang, text) in [
        (Lang::En, "no data for this period"),
        (Lang::Zh, "本期无数据"),
    ] {
        let page = page(&results, lang);
        well_formed::check(&page).unwrap();
        for section in page.split("<section ").skip(1) {
            assert!(
                section.contains(text),
                "{}",
                section.chars().take(200).collect::<String>()
            );
        }
    }
}

#[test]
fn one_row_of_null_is_drawn() {
    let results = shop::results(shop::Rows::OneNull).unwrap();
    for lang in Lang::ALL {
        let page = page(&results, lang);
        well_formed::check(&page).unwrap();
        let drawn = page.split("<body>").nth(1).unwrap();
        let drawn = drawn.split("<script>").next().unwrap();
        for impossible in ["NaN", ">inf", "inf "] {
            let found = drawn
                .find(impossible)
                .map(|at| &drawn[at.saturating_sub(40)..at + 3]);
            assert_eq!(found, None);
        }
    }
}

#[test]
fn one_extreme_value_breaks_no_drawing() {
    for extreme in [f64::MAX, f64::MIN, 1e-300, f64::INFINITY, f64::NAN] {
        let results = changed(shop::results(shop::Rows::All).unwrap(), |_, array| {
            let numbers = array.as_any().downcast_ref::<Float64Array>()?;
            let mut values: Vec<Option<f64>> = numbers.iter().collect();
            *values.last_mut()? = Some(extreme);
            Some(Arc::new(Float64Array::from(values)) as ArrayRef)
        });
        let page = page(&results, Lang::En);
        well_formed::check(&page).unwrap();
        let drawings: String = page
            .split("<svg ")
            .skip(1)
            .filter_map(|s| s.split("</svg>").next())
            .collect();
        for (name, value) in well_formed::all_attributes(&drawings) {
            let is_number =
                ["x", "y", "width", "height", "cx", "cy", "r", "d"].contains(&name.as_str());
            assert!(
                !is_number || !value.contains(['N', 'i', 'e']),
                "{name}={value}"
            );
        }
    }
}

#[test]
fn extreme_counts_break_no_drawing() {
    let results = changed(shop::results(shop::Rows::All).unwrap(), |_, array| {
        let numbers = array.as_any().downcast_ref::<Int64Array>()?;
        let mut values: Vec<Option<i64>> = numbers.iter().collect();
        *values.first_mut()? = Some(i64::MAX);
        *values.last_mut()? = Some(i64::MIN);
        Some(Arc::new(Int64Array::from(values)) as ArrayRef)
    });
    well_formed::check(&page(&results, Lang::En)).unwrap();
}

#[test]
fn an_unknown_column_names_its_place_and_the_nearest_column() {
    let mut files = shop::files();
    files[0].text = files[0]
        .text
        .replace("ref    = \"mean_4w\"", "ref    = \"mean4w\"");
    let spec = Spec::parse(&files).unwrap();
    let results = shop::results(shop::Rows::All).unwrap();
    let error = render_page(&spec, &results, &shop::context(Lang::En)).unwrap_err();
    let line = 1 + files[0]
        .text
        .lines()
        .position(|line| line.contains("mean4w"))
        .unwrap();
    assert_eq!(
        error.to_string(),
        format!(
            "report.md:{line}:10: the query `reasons` has no column `mean4w`; did you mean `mean_4w`?"
        )
    );
}

#[test]
fn a_misspelt_label_is_an_error_and_not_silence() {
    let mut files = shop::files();
    files[0].text = files[0]
        .text
        .replace("labels = { returns =", "labels = { retruns =");
    let spec = Spec::parse(&files).unwrap();
    let results = shop::results(shop::Rows::All).unwrap();
    let error = render_page(&spec, &results, &shop::context(Lang::En)).unwrap_err();
    assert!(
        error.to_string().ends_with("did you mean `returns`?"),
        "{error}"
    );
}

#[test]
fn words_take_queries_of_one_row_only() {
    let report = "+++\nversion = 1\nname = \"x\"\ntitle = \"x\"\n+++\n{{ reasons.returns }}\n";
    let files = [
        SourceFile::new("report.md", report),
        SourceFile::new("sql/reasons.sql", "select 1"),
    ];
    let spec = Spec::parse(&files).unwrap();
    let context: PageContext = shop::context(Lang::En);
    let mut results = shop::results(shop::Rows::All).unwrap();
    let error = render_page(&spec, &results, &context).unwrap_err();
    assert!(
        matches!(error, RenderError::NotOneRow { rows: 9, .. }),
        "{error}"
    );
    results.shift_remove("reasons");
    let error = render_page(&spec, &results, &context).unwrap_err();
    assert!(matches!(error, RenderError::NoResult { .. }), "{error}");
}
