//! What several modules share: scratch folders, the real program, small Parquet files.
//!
//! Every scratch folder is new, and the program runs in it without the
//! environment of whoever runs the tests.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use aftersight_engine::{Engine, Options};
use arrow::array::{ArrayRef, RecordBatch};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;

use crate::slt::root;

/// A folder that goes away with the test.
pub(crate) struct Scratch {
    dir: tempfile::TempDir,
}

/// What a run of the program gave.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Compares exit code, results and words at once, so that a failure shows all three.
    #[track_caller]
    pub(crate) fn check(&self, code: i32, stdout: &str, stderr: &str) {
        let found = (self.code, self.stdout.as_str(), self.stderr.as_str());
        assert_eq!(found, (Some(code), stdout, stderr));
    }

    /// Checks that the program failed with these words and gave nothing.
    #[track_caller]
    pub(crate) fn check_error(&self, code: i32, stderr: &str) {
        self.check(code, "", stderr);
    }

    /// Checks the exit code and that standard error says something.
    #[track_caller]
    pub(crate) fn check_says(&self, code: i32, words: &str) {
        assert!(
            self.code == Some(code) && self.stderr.contains(words),
            "{self:?}"
        );
    }
}

impl Scratch {
    pub(crate) fn new() -> Self {
        Scratch {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    /// Copies the hand-written shop of `data/tiny`.
    pub(crate) fn with_tiny() -> Self {
        let scratch = Scratch::new();
        for entry in std::fs::read_dir(root("data/tiny")).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            scratch.write(&name, std::fs::read(&path).unwrap());
        }
        scratch
    }

    /// Makes a scratch folder with a workspace file in it.
    pub(crate) fn with_workspace(toml: &str) -> Self {
        let scratch = Scratch::new();
        scratch.write("aftersight.toml", toml);
        scratch
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Names of a folder's entries, sorted.
    pub(crate) fn names(&self, folder: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.path(folder)).unwrap();
        let mut names: Vec<String> = entries
            .map(|e| e.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aftersight"));
        command
            .current_dir(self.dir.path())
            .env_clear()
            .stdin(Stdio::null());
        command
    }

    /// Runs the program here.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        let output = self.command().args(args).output().unwrap();
        self.ran(&output)
    }

    /// Checks that what is written here is refused with these words, whatever is asked.
    #[track_caller]
    pub(crate) fn check_refused(&self, stderr: &str) {
        self.run(&["-c", "select 1"]).check_error(2, stderr);
    }

    /// Runs the program here with a text on standard input.
    pub(crate) fn run_with_input(&self, args: &[&str], input: &str) -> Ran {
        let mut command = self.command();
        command.args(args).stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input.as_bytes()).unwrap();
        drop(stdin);
        self.ran(&child.wait_with_output().unwrap())
    }

    fn ran(&self, output: &std::process::Output) -> Ran {
        // The folder's name is new every time; `DIR` stands for it in expectations.
        let text = |bytes: &[u8]| {
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            text.replace(self.dir.path().to_str().unwrap(), "DIR")
        };
        Ran {
            code: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    /// Opens the workspace of this folder in the test's own process.
    pub(crate) async fn open(&self) -> Engine {
        self.open_with(Options::default()).await
    }

    pub(crate) async fn open_with(&self, options: Options) -> Engine {
        let file = self.path("aftersight.toml");
        if !file.exists() {
            self.write("aftersight.toml", "");
        }
        Engine::open_file(&file, options).await.unwrap()
    }

    /// Says why the workspace of this folder cannot be opened, with its hint.
    pub(crate) async fn open_error(&self) -> String {
        let file = self.path("aftersight.toml");
        let error = Engine::open_file(&file, Options::default())
            .await
            .unwrap_err();
        let hint = error.hint().map(|hint| format!(" ({hint})"));
        let text = format!("{error}{}", hint.unwrap_or_default());
        text.replace(self.dir.path().to_str().unwrap(), "DIR")
    }
}

/// Finds what lies in the folder of data and published cases beside the repository, or says
/// that a test was skipped.
#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "tests find the published cases through the environment and say when they do not"
)]
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let beside = || concat!(env!("CARGO_MANIFEST_DIR"), "/../shared").into();
    let found = std::env::var_os("AFTERSIGHT_SHARED").map_or_else(beside, PathBuf::from);
    let found = found.join(path);
    if !found.exists() {
        println!("SKIPPED: {path} is not in the shared folder");
        return None;
    }
    Some(found)
}

/// Writes a Parquet file in row groups of a size.
pub(crate) fn write_parquet(path: &Path, columns: Vec<(&str, ArrayRef)>, rows_per_group: usize) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(rows_per_group))
        .build();
    let file = std::fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

/// Runs a query and returns its rows: cells with blanks between, NULL as `-`.
pub(crate) async fn rows(engine: &Engine, sql: &str) -> Vec<String> {
    let cells = cells(engine, sql).await;
    cells.into_iter().map(|row| row.join(" ")).collect()
}

/// How a cell without a value is written.
pub(crate) const NULL: &str = "-";

/// Runs a query and returns its cells in text, row by row.
pub(crate) async fn cells(engine: &Engine, sql: &str) -> Vec<Vec<String>> {
    let batches = match engine.query(sql).await {
        Ok(batches) => batches,
        Err(error) => panic!("{sql}: {error}"),
    };
    let mut rows = Vec::new();
    let options = FormatOptions::default().with_null(NULL);
    for batch in &batches {
        let columns: Vec<ArrayFormatter<'_>> = batch
            .columns()
            .iter()
            .map(|column| ArrayFormatter::try_new(column, &options).unwrap())
            .collect();
        for row in 0..batch.num_rows() {
            rows.push(columns.iter().map(|c| c.value(row).to_string()).collect());
        }
    }
    rows
}

/// Runs every statement of a script in one session; the last one's rows are returned.
pub(crate) async fn script(engine: &Engine, sql: &str) -> Vec<String> {
    let mut statements: Vec<&str> = sql.split(';').filter(|s| !s.trim().is_empty()).collect();
    let last = statements.pop().unwrap();
    for statement in statements {
        rows(engine, statement).await;
    }
    rows(engine, last).await
}

/// Returns why a query fails.
pub(crate) async fn error(engine: &Engine, sql: &str) -> String {
    match engine.query(sql).await {
        Ok(batches) => panic!("{sql} gave {batches:?}"),
        Err(error) => error.to_string(),
    }
}

/// Makes an array of any values that Arrow arrays are collected from.
pub(crate) fn column<A: arrow::array::Array + 'static>(array: A) -> ArrayRef {
    Arc::new(array)
}
