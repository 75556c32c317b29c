//! Running SQL and writing what it gives.

use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aftersight_engine::output::{OutputFormat, stream_to, write_file};
use aftersight_engine::{Engine, Error, Outcome, Rows};
use datafusion::error::DataFusionError;
use futures::StreamExt;

use crate::args::OutputArgs;
use crate::failure::Failure;
use crate::open::ReportDay;
use crate::render::{Layout, Shown};

/// What every statement of this run needs to know.
pub(crate) struct Runner<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) output: OutputArgs,
    /// Whether the report day is still to be told to the user.
    pub(crate) report_day: ReportDay,
    pub(crate) is_quiet: bool,
}

/// A text of SQL and where it came from.
pub(crate) struct Script<'a> {
    pub(crate) sql: &'a str,
    pub(crate) file: Option<&'a str>,
}

impl Runner<'_> {
    /// Runs every statement of a script; the first error ends it.
    pub(crate) async fn run(&mut self, script: &Script<'_>) -> Result<(), Failure> {
        let failed = |e: Error| {
            let e = match script.file {
                Some(file) => e.in_file(file),
                None => e,
            };
            Failure::of(Some(self.engine), e)
        };
        let statements = self.engine.parse(script.sql).map_err(failed)?;
        let n_statements = statements.len();
        for (i, statement) in statements.into_iter().enumerate() {
            let outcome = self.engine.run(statement).await;
            let outcome = outcome.map_err(|e| self.explain(script, e))?;
            self.tell_report_day();
            match outcome {
                Outcome::Rows(rows) => self.write(rows, script, i + 1 == n_statements).await?,
                Outcome::Done(text) => self.note(&text),
            }
        }
        Ok(())
    }

    pub(crate) fn explain(&self, script: &Script<'_>, error: DataFusionError) -> Failure {
        Failure::of_statement(self.engine, script.sql, script.file, error)
    }

    /// Says once which day the program took, when a query depends on it.
    pub(crate) fn tell_report_day(&mut self) {
        if self.report_day == ReportDay::Assumed && self.engine.used_report_day() {
            self.report_day = ReportDay::Given;
            if let Some(day) = self.engine.settings().as_of() {
                self.note(&format!(
                    "as_of = {day}, the end of the last complete period"
                ));
            }
        }
    }

    #[expect(clippy::print_stderr, reason = "notes go to standard error")]
    pub(crate) fn note(&self, text: &str) {
        if !self.is_quiet {
            eprintln!("{text}");
        }
    }

    async fn write(&self, rows: Rows, script: &Script<'_>, is_last: bool) -> Result<(), Failure> {
        let failed = |e: Error| {
            Failure::of(
                Some(self.engine),
                match script.file {
                    Some(file) => e.in_file(file),
                    None => e,
                },
            )
        };
        let named = self.output.format.as_deref();
        if let Some(path) = self.output.output.as_ref().filter(|_| is_last) {
            let format = match named {
                Some("table") | None => OutputFormat::by_path(path),
                Some(name) => OutputFormat::by_name(name),
            };
            let Some(format) = format else {
                let text = format!("{} does not tell a format", path.display());
                let hint = "name one with --format, or end the file in .csv, .parquet, ...";
                return Err(Failure::usage(text, Some(hint.into())));
            };
            let n_rows = write_file(rows, format, path, script.sql)
                .await
                .map_err(failed)?;
            self.note(&format!("{n_rows} rows written to {}", path.display()));
            return Ok(());
        }
        match named.and_then(OutputFormat::by_name) {
            Some(OutputFormat::Parquet) if std::io::stdout().is_terminal() => {
                let text = "Parquet is not for a terminal".to_owned();
                Err(Failure::usage(text, Some("name a file with -o".into())))
            }
            Some(format) => {
                let is_closed = Arc::new(AtomicBool::new(false));
                let stdout = std::io::BufWriter::new(Stdout(Arc::clone(&is_closed)));
                let written = stream_to(rows, format, stdout, script.sql).await;
                let written = written
                    .map_err(failed)
                    .and_then(|(mut stdout, _)| pipe(stdout.flush()));
                // A reader that has seen enough, as in `| head`, is no failure.
                if is_closed.load(Ordering::Relaxed) {
                    return Ok(());
                }
                written
            }
            None => self.draw(rows, script).await,
        }
    }

    async fn draw(&self, mut rows: Rows, script: &Script<'_>) -> Result<(), Failure> {
        let is_terminal = std::io::stdout().is_terminal();
        let width = terminal_size::terminal_size().map(|(width, _)| width.0);
        let layout = Layout {
            max_rows: self
                .output
                .maxrows
                .unwrap_or(if is_terminal { 40 } else { usize::MAX }),
            width: width.filter(|_| is_terminal),
        };
        let mut shown = Shown::new(Arc::clone(&rows.schema), layout);
        loop {
            // Dropping the stream cancels the query.
            let next = tokio::select! {
                next = rows.stream.next() => next,
                _ = tokio::signal::ctrl_c() => {
                    return Err(Failure::failed(format!("cancelled after {} rows", shown.n_rows)));
                }
            };
            match next {
                Some(batch) => {
                    let pushed = batch.and_then(|batch| shown.push(&batch));
                    pushed.map_err(|e| self.explain(script, e))?;
                }
                None => break,
            }
        }
        let mut stdout = std::io::stdout().lock();
        pipe(
            stdout
                .write_all(shown.draw().as_bytes())
                .and_then(|()| stdout.flush()),
        )
    }
}

/// Standard output that remembers that nobody reads it any more: formats wrap
/// the error until its kind is lost.
struct Stdout(Arc<AtomicBool>);

impl Stdout {
    fn note<T>(&self, done: std::io::Result<T>) -> std::io::Result<T> {
        if let Err(e) = &done
            && e.kind() == std::io::ErrorKind::BrokenPipe
        {
            self.0.store(true, Ordering::Relaxed);
        }
        done
    }
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = std::io::stdout().write(bytes);
        self.note(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let flushed = std::io::stdout().flush();
        self.note(flushed)
    }
}

/// A reader that has seen enough, as in `| head`, is no failure.
fn pipe(written: std::io::Result<()>) -> Result<(), Failure> {
    match written {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::failed(format!("cannot write: {e}")))
        }
        _ => Ok(()),
    }
}
