//! The published cases of `../shared/reference`, read where they lie.
//!
//! They are not part of the repository: `AFTERSIGHT_SHARED` names the folder,
//! else `shared` beside the workspace is looked for. A case that cannot be read
//! prints a line that starts with `SKIPPED:` and is counted by the build. Every
//! function also has its own published numbers in its unit tests.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "this whole binary is a test, which clippy only sees on the test functions"
)]

use std::path::PathBuf;

use serde_json::Value;

mod drivers;
mod experiments;
mod loyalty;
mod monitoring;
mod texts;

/// The folder of the reference cases.
fn folder() -> PathBuf {
    #[expect(
        clippy::disallowed_methods,
        reason = "only tests ask the environment where the cases lie"
    )]
    let shared = std::env::var_os("AFTERSIGHT_SHARED").map(PathBuf::from);
    shared
        .unwrap_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")))
        .join("reference")
}

/// The text of a reference file, or a line that says it is missing.
fn read(name: &str) -> Option<String> {
    let path = folder().join(name);
    let text = std::fs::read_to_string(&path).ok();
    if text.is_none() {
        println!("SKIPPED: no reference file {name}");
    }
    text
}

/// The cases of a reference file.
struct Cases(Value);

impl Cases {
    fn read(id: &str) -> Option<Self> {
        Some(Self(
            serde_json::from_str(&read(&format!("{id}.json"))?).unwrap(),
        ))
    }

    /// The case whose name starts with `prefix`.
    #[track_caller]
    fn case(&self, prefix: &str) -> &Value {
        self.0["cases"]
            .as_array()
            .unwrap()
            .iter()
            .find(|case| case["name"].as_str().unwrap().starts_with(prefix))
            .unwrap_or_else(|| panic!("no case {prefix}"))
    }
}

/// A CSV file as rows of fields; none of ours quotes.
fn csv(name: &str) -> Option<Vec<Vec<String>>> {
    let text = read(name)?;
    Some(
        text.lines()
            .skip(1)
            .map(|line| line.split(',').map(str::to_owned).collect())
            .collect(),
    )
}

#[track_caller]
fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is not a number"))
}

#[track_caller]
fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}

#[track_caller]
fn close(actual: f64, expected: f64, tolerance: f64) {
    assert!(
        (actual - expected).abs() <= tolerance,
        "{actual} is not {expected} to {tolerance}"
    );
}

#[track_caller]
fn all_close(actual: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(actual.len(), expected.len());
    for (index, (a, e)) in actual.iter().zip(expected).enumerate() {
        assert!(
            (a - e).abs() <= tolerance,
            "{index}: {a} is not {e} to {tolerance}"
        );
    }
}
