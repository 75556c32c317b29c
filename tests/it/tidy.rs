//! The house: layers, headers, documents that name what exists, one version of each engine crate.
//!
//! Plain text search over the repository. With `AFTERSIGHT_BLESS=1` the tables
//! of views and functions in README.md are written anew; read the diff.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use aftersight_engine::view::Views;
use aftersight_functions::{documentation, functions};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// Every file of the repository with one of the extensions, relative to it.
fn files(extensions: &[&str]) -> Vec<String> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            // What git ignores: builds, and what a demo made.
            let is_ours = !name.starts_with('.') && name != "target" && !name.ends_with("-demo");
            if path.is_dir() && is_ours {
                walk(&path, found);
            } else if path.is_file() {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(root(), &mut found);
    let mut names: Vec<String> = found
        .iter()
        .filter(|path| {
            path.extension()
                .is_some_and(|end| extensions.contains(&end.to_string_lossy().as_ref()))
        })
        .map(|path| path.strip_prefix(root()).unwrap().display().to_string())
        .collect();
    names.sort();
    names
}

/// The names under `[dependencies]` of a manifest.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let manifest: toml::Table = read(manifest).parse().unwrap();
    let table = manifest.get("dependencies").and_then(|d| d.as_table());
    table
        .map(|t| t.keys().cloned().collect())
        .unwrap_or_default()
}

#[test]
fn layers_depend_downwards_only() {
    let check = |krate: &str, forbidden: &[&str]| {
        let found = dependencies(&format!("crates/{krate}/Cargo.toml"));
        for name in forbidden {
            assert!(!found.contains(*name), "{krate} depends on {name}");
        }
        // Names in code, not only in the manifest: a re-export would do as well.
        for file in files(&["rs"])
            .iter()
            .filter(|f| f.starts_with(&format!("crates/{krate}/src/")))
        {
            for (at, line) in read(file).lines().enumerate() {
                for name in forbidden {
                    let name = name.replace('-', "_");
                    let uses = [format!("use {name}::"), format!("datafusion::{name}::")];
                    assert!(
                        !uses.iter().any(|u| line
                            .trim_start()
                            .trim_start_matches("pub ")
                            .contains(u.as_str())),
                        "{file}:{}: {krate} uses {name}",
                        at + 1
                    );
                }
            }
        }
    };
    let terminal = ["clap", "rustyline", "terminal_size", "comfy-table"];
    let upper = [
        "aftersight-engine",
        "aftersight-report",
        "aftersight-datagen",
    ];
    let with = |more: &[&'static str]| [&terminal[..], more].concat();
    check(
        "stats",
        &with(&[
            "arrow",
            "datafusion",
            "object_store",
            "parquet",
            "tokio",
            "aftersight-functions",
            "aftersight-engine",
        ]),
    );
    check(
        "functions",
        &with(&[&upper[..], &["object_store", "parquet"]].concat()),
    );
    check(
        "engine",
        &with(&["aftersight-report", "aftersight-datagen"]),
    );
    check("report", &with(&["aftersight-datagen", "object_store"]));
    check(
        "datagen",
        &with(&[
            "datafusion",
            "aftersight-functions",
            "aftersight-engine",
            "aftersight-report",
            "aftersight-stats",
        ]),
    );
    // At run time only: its tests run queries.
    assert!(!dependencies("crates/functions/Cargo.toml").contains("tokio"));
}

#[test]
fn every_rust_file_says_what_it_is() {
    for file in files(&["rs"]) {
        assert!(
            read(&file).starts_with("//! "),
            "{file} does not open with `//! `"
        );
    }
}

#[test]
fn nothing_is_left_unfinished() {
    // Written apart, so that this file does not find itself.
    let marks = [
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("#[", "ignore"),
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("dbg", "!("),
    ];
    for file in files(&["rs", "sql", "toml", "md", "slt"]) {
        let text = read(&file);
        for mark in marks {
            assert!(!text.contains(mark), "{file} contains {mark}");
        }
    }
}

#[test]
fn lines_end_without_white_space() {
    for file in files(&["rs", "sql", "toml", "md", "csv", "slt"]) {
        let text = read(&file);
        for (at, line) in text.lines().enumerate() {
            assert!(
                line.trim_end() == line,
                "{file}:{}: white space at the end",
                at + 1
            );
        }
        assert!(
            text.is_empty() || text.ends_with('\n'),
            "{file}: no line break at the end"
        );
    }
}

#[test]
fn machine_paths_are_not_committed() {
    for file in files(&["rs", "sql", "toml", "md", "csv", "slt"]) {
        for mark in [
            concat!("/wo", "rk/"),
            concat!("/ro", "ot/"),
            concat!("/ho", "me/"),
        ] {
            assert!(!read(&file).contains(mark), "{file} contains {mark}");
        }
    }
}

/// Texts in backticks of a Markdown file that look like paths of the repository.
fn named_paths(text: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for (at, quoted) in text.split('`').enumerate() {
        let starts = [
            "crates/",
            "sql/",
            "tests/",
            "benches/",
            "data/",
            "examples/",
            ".ci/",
        ];
        let is_top = [
            "README.md",
            "ARCHITECTURE.md",
            "CONTRIBUTING.md",
            "CHANGELOG.md",
            "LICENSE",
            "Cargo.toml",
            "clippy.toml",
            "rust-toolchain.toml",
            "rustfmt.toml",
        ]
        .contains(&quoted);
        let is_plain = quoted
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c));
        if at % 2 == 1 && is_plain && (is_top || starts.iter().any(|s| quoted.starts_with(s))) {
            paths.push(quoted.to_owned());
        }
    }
    paths
}

#[test]
fn documents_name_files_that_exist() {
    let mut n_checked = 0;
    for file in files(&["md"]) {
        let folder = Path::new(&file).parent().unwrap_or(Path::new(""));
        for path in named_paths(&read(&file)) {
            // From the top, or from where the document is.
            let is_there = [root().join(&path), root().join(folder).join(&path)]
                .iter()
                .any(|path| path.exists());
            assert!(is_there, "{file} names `{path}`, which does not exist");
            n_checked += 1;
        }
    }
    assert!(n_checked > 20, "{n_checked} paths in documents");
}

#[test]
fn every_function_is_documented() {
    let documented: BTreeMap<String, _> = documentation()
        .into_iter()
        .map(|d| (d.name.clone(), d))
        .collect();
    for function in functions() {
        let entry = documented.get(function.name());
        let entry = entry.unwrap_or_else(|| panic!("{} is not documented", function.name()));
        assert!(
            !entry.description.is_empty() && !entry.syntax.is_empty(),
            "{entry:?}"
        );
        assert!(entry.example.contains("```sql"), "{entry:?}");
    }
}

#[test]
fn every_sql_file_is_a_view_and_every_view_a_file() {
    let views = Views::built_in().unwrap();
    let mut built_in: Vec<String> = views
        .iter()
        .map(|view| format!("sql/{}/{}.sql", view.schema, view.name))
        .collect();
    built_in.sort();
    let folders = ["sql/staging/", "sql/intermediate/", "sql/marts/"];
    let mut on_disk = files(&["sql"]);
    on_disk.retain(|file| folders.iter().any(|folder| file.starts_with(folder)));
    assert_eq!(built_in, on_disk);
    for view in views.iter() {
        assert!(
            view.header.question.ends_with('?') || view.schema != "marts",
            "{}: the header asks no question",
            view.qualified()
        );
        assert!(
            !view.header.columns.is_empty(),
            "{}: no columns",
            view.qualified()
        );
    }
}

/// The part of README.md between two markers, as it should be.
fn generated() -> Vec<(&'static str, String)> {
    let mut views = String::from("| view | one row per | question |\n| --- | --- | --- |\n");
    for view in Views::built_in()
        .unwrap()
        .iter()
        .filter(|v| v.schema == "marts")
    {
        let grain = view.header.grain.join(", ");
        let grain = if grain.is_empty() {
            "(one row)"
        } else {
            &grain
        };
        let question = view.header.question.replace('|', "\\|");
        let _ = writeln!(views, "| `{}` | {grain} | {question} |", view.name);
    }
    let mut table = String::from("| function | kind | what it gives |\n| --- | --- | --- |\n");
    for function in documentation() {
        let summary = function.summary().replace('|', "\\|");
        let _ = writeln!(
            table,
            "| `{}` | {} | {summary} |",
            function.syntax.replace('|', "\\|"),
            function.kind
        );
    }
    vec![("views", views), ("functions", table)]
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the switch that rewrites expectations is an environment variable"
)]
fn the_readmes_tables_are_those_of_the_code() {
    let old = read("README.md");
    let mut new = old.clone();
    for (name, text) in generated() {
        let (start, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
        let (before, rest) = new
            .split_once(&start)
            .unwrap_or_else(|| panic!("README.md lacks {start}"));
        let (_, after) = rest
            .split_once(&end)
            .unwrap_or_else(|| panic!("README.md lacks {end}"));
        new = format!("{before}{start}\n{text}\n{end}{after}");
    }
    if old != new && std::env::var_os("AFTERSIGHT_BLESS").is_some() {
        std::fs::write(root().join("README.md"), &new).unwrap();
        return;
    }
    assert!(
        old == new,
        "the tables of README.md are old: run the test with AFTERSIGHT_BLESS=1 and read the diff"
    );
}

#[test]
fn the_readme_and_ci_run_the_same_tests() {
    let command = "cargo test --workspace";
    assert!(read("README.md").contains(&format!("    {command}\n")));
    let ci = read(".ci/run");
    assert!(
        ci.contains(&format!("RUST_TEST_NOCAPTURE=1 {command} 2>&1 |")),
        "{ci}"
    );
}

#[test]
fn there_is_one_version_of_each_engine_crate() {
    let lock: toml::Table = read("Cargo.lock").parse().unwrap();
    let packages = lock["package"].as_array().unwrap();
    for name in ["datafusion", "arrow", "parquet", "object_store"] {
        let versions: Vec<&str> = packages
            .iter()
            .filter(|p| p["name"].as_str() == Some(name))
            .filter_map(|p| p["version"].as_str())
            .collect();
        assert_eq!(versions.len(), 1, "{name}: {versions:?}");
    }
}

/// `package vX [features]` of every crate that cargo would build.
fn tree(args: &[&str]) -> Option<BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .current_dir(root())
        .args([
            "tree",
            "--offline",
            "--format",
            "{p} [{f}]",
            "--prefix",
            "none",
        ])
        .args(args)
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    // A crate seen before is marked, which makes no difference.
    let lines = text
        .lines()
        .map(|line| line.trim_end_matches(" (*)").to_owned());
    let lines: BTreeSet<String> = lines.filter(|line| line.contains(" v")).collect();
    (output.status.success() && !lines.is_empty()).then_some(lines)
}

#[test]
fn running_and_testing_build_the_same_features() {
    let run = tree(&["-p", "aftersight", "-e", "normal"]);
    let test = tree(&["--workspace", "-e", "normal,build,dev"]);
    let (Some(run), Some(test)) = (run, test) else {
        println!("SKIPPED: cargo tree does not run here, features are not compared");
        return;
    };
    let only: Vec<&String> = run
        .iter()
        .filter(|line| !line.starts_with("aftersight"))
        .filter(|line| !test.contains(*line))
        .collect();
    assert!(
        only.is_empty(),
        "`cargo run` and `cargo test` build these crates with different features, so the engine is built twice: {only:#?}"
    );
}
