//! Every `.slt` beside a view, run on the hand-written shop of `data/tiny`.
//!
//! `AFTERSIGHT_BLESS=1` rewrites the rows; the diff is then read like code.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use aftersight_engine::{Engine, Options, examples};

pub(crate) fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Returns the files of the view folders with an ending, sorted.
pub(crate) fn files(ending: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for schema in aftersight_engine::view::VIEW_SCHEMAS {
        let folder = root("sql").join(schema);
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|e| e == ending) {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// Opens the hand-written shop.
pub(crate) async fn tiny() -> Engine {
    let file = root("data/tiny/aftersight.toml");
    Engine::open_file(&file, Options::default()).await.unwrap()
}

#[test]
fn the_examples_beside_the_views_are_right() {
    #[expect(
        clippy::disallowed_methods,
        reason = "a person asks for new rows this way"
    )]
    let bless = std::env::var_os("AFTERSIGHT_BLESS").is_some();
    let (workspace, options) = (root("data/tiny/aftersight.toml"), Options::default());
    let files = files("slt");
    let next = AtomicUsize::new(0);
    // Every file is on its own, so each core takes the next one.
    let work = || {
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_all().build().unwrap();
        let mut failures = Vec::new();
        while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let ran = runtime.block_on(async {
                if bless {
                    examples::update(&workspace, &options, file).await
                } else {
                    examples::run(&workspace, &options, file).await
                }
            });
            failures.extend(ran.err());
        }
        failures
    };
    let n_threads = std::thread::available_parallelism().map_or(1, usize::from);
    let failures: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..n_threads).map(|_| scope.spawn(work)).collect();
        let failures = threads.into_iter().map(|thread| thread.join().unwrap());
        failures.flatten().collect()
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_mart_has_an_example_beside_it() {
    let examples = files("slt");
    let missing: Vec<PathBuf> = files("sql")
        .into_iter()
        .filter(|sql| sql.parent().is_some_and(|folder| folder.ends_with("marts")))
        .filter(|sql| !examples.contains(&sql.with_extension("slt")))
        .collect();
    assert_eq!(missing, Vec::<PathBuf>::new());
}

#[test]
fn no_example_is_an_error() {
    for file in files("slt") {
        let text = std::fs::read_to_string(&file).unwrap();
        let line = text.lines().find(|line| line.starts_with("query error"));
        assert_eq!(line, None, "{}", file.display());
    }
}
