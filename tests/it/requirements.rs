//! `sql/requirements.csv`: every question the field asks, and what answers it.
//!
//! The list is a promise to users, so each line must name something that exists
//! and something that shows it answering.

use std::collections::BTreeSet;

use aftersight_datagen::FACTS;
use aftersight_engine::view::Views;
use aftersight_functions::functions;

use crate::slt::root;

/// Requirements of each of the five sources.
const COUNTS: [(&str, usize); 5] = [("S0", 63), ("S1", 52), ("S2", 45), ("S3", 38), ("S4", 47)];

struct Line {
    id: String,
    gloss: String,
    object: String,
    shown_by: String,
}

/// Reads the list with the CSV reader everything else is read with.
fn lines() -> Vec<Line> {
    use arrow::array::AsArray;
    use arrow::datatypes::{DataType, Field, Schema};
    let columns = ["id", "gloss", "object", "shown_by"];
    let fields = columns.map(|name| Field::new(name, DataType::Utf8, true));
    let schema = std::sync::Arc::new(Schema::new(fields.to_vec()));
    let file = std::fs::File::open(root("sql/requirements.csv")).unwrap();
    let reader = arrow::csv::ReaderBuilder::new(schema).with_header(true);
    let mut lines = Vec::new();
    for batch in reader.build(file).unwrap() {
        let batch = batch.unwrap();
        let cell = |column: usize, row: usize| {
            let column = batch.column(column).as_string::<i32>();
            column.value(row).trim().to_owned()
        };
        lines.extend((0..batch.num_rows()).map(|row| Line {
            id: cell(0, row),
            gloss: cell(1, row),
            object: cell(2, row),
            shown_by: cell(3, row),
        }));
    }
    lines
}

/// Says what is wrong with a line, if anything.
fn fault(line: &Line, known: &BTreeSet<String>) -> Option<String> {
    if line.gloss.len() < 8 {
        return Some("says too little".into());
    }
    if let Some(why) = line.object.strip_prefix("missing: ") {
        return (why.len() < 8).then(|| "does not say why it is missing".into());
    }
    for object in line.object.split(';').map(str::trim) {
        if !known.contains(object) {
            return Some(format!("names `{object}`, which does not exist"));
        }
    }
    for shown_by in line.shown_by.split(';').map(str::trim) {
        let is_fact = FACTS.iter().any(|fact| fact.id == shown_by);
        let is_file = !shown_by.is_empty() && root(shown_by).is_file();
        if !is_fact && !is_file {
            return Some(format!(
                "is shown by `{shown_by}`, which is neither a file nor a planted fact"
            ));
        }
    }
    None
}

#[test]
fn every_requirement_is_answered_by_something_that_exists() {
    let mut known: BTreeSet<String> = BTreeSet::new();
    let views = Views::built_in().unwrap();
    known.extend(views.iter().map(|view| view.qualified()));
    known.extend(functions().iter().map(|f| format!("{}()", f.name())));
    let reports = std::fs::read_dir(root("sql/reports")).unwrap();
    known.extend(reports.map(|r| format!("report {}", r.unwrap().file_name().display())));
    let commands = [
        "-c",
        "-f",
        "--as-of",
        "--set",
        "demo",
        "report",
        "views",
        "functions",
        "settings",
    ];
    known.extend(commands.map(|c| format!("aftersight {c}")));
    known.extend(["aftersight.toml", "sql/", "benches/"].map(str::to_owned));

    let lines = lines();
    let mut wrong: Vec<String> = Vec::new();
    for line in &lines {
        wrong.extend(fault(line, &known).map(|fault| format!("{} {fault}", line.id)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    let found: Vec<&str> = lines.iter().map(|line| line.id.as_str()).collect();
    let expected: Vec<String> = COUNTS
        .iter()
        .flat_map(|(source, n)| (1..=*n).map(move |i| format!("{source}-{i:02}")))
        .collect();
    assert_eq!(found, expected);
}
