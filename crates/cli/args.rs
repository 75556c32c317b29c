//! Every flag, documented where it is defined.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};

/// SQL for what happens after the sale
///
/// Without a command: a shell on a terminal, else the SQL on standard input.
#[derive(Debug, Parser)]
#[command(name = "aftersight", version, max_term_width = 100)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) workspace: WorkspaceArgs,

    #[command(flatten)]
    pub(crate) output: OutputArgs,

    /// Run this SQL and leave; may be given several times
    #[arg(
        short = 'c',
        long = "command",
        value_name = "SQL",
        allow_hyphen_values = true
    )]
    pub(crate) commands: Vec<String>,

    /// Run the SQL of this file and leave; may be given several times
    #[arg(short = 'f', long = "file", value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,

    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// Which workspace, with which settings.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct WorkspaceArgs {
    /// Workspace file, or the folder it is in [default: aftersight.toml here, if there is one]
    #[arg(short = 'w', long, value_name = "PATH", global = true)]
    pub(crate) workspace: Option<PathBuf>,

    /// Folder or URL that relative locations of the workspace start from [default: its folder]
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) data: Option<String>,

    /// Change a setting; may be given several times
    #[arg(long = "set", value_name = "NAME=VALUE", global = true)]
    pub(crate) settings: Vec<String>,

    /// Report day: its midnight, exclusive [default: end of the last complete period]
    #[arg(long, value_name = "DATE", global = true)]
    pub(crate) as_of: Option<String>,

    /// Memory queries may take, as in 4GB [default: 60 % of the machine's]
    #[arg(short = 'm', long, value_name = "BYTES", global = true, value_parser = parse_bytes)]
    pub(crate) memory_limit: Option<u64>,

    /// Disk space that spilling may take [default: 100GB]
    #[arg(short = 'd', long, value_name = "BYTES", global = true, value_parser = parse_bytes)]
    pub(crate) disk_limit: Option<u64>,

    /// Tasks a query may run in parallel [default: cores]
    #[arg(long, value_name = "N", global = true)]
    pub(crate) threads: Option<usize>,

    /// Say nothing but results and errors
    #[arg(short = 'q', long, global = true)]
    pub(crate) quiet: bool,
}

impl Args {
    /// Whether SQL is asked for on a terminal, or comes on standard input.
    pub(crate) fn is_shell(&self) -> bool {
        self.command.is_none() && self.commands.is_empty() && self.files.is_empty()
    }
}

/// Where results go, and how they look.
#[derive(Debug, Clone, ClapArgs)]
pub(crate) struct OutputArgs {
    /// Format of results [default: by the file's extension, else table]
    #[arg(long, value_name = "FORMAT", value_parser = ["table", "csv", "tsv", "json", "ndjson", "markdown", "html", "parquet"])]
    pub(crate) format: Option<String>,

    /// Write the result to this file, whole or not at all
    #[arg(short = 'o', long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Rows a table shows [default: 40 on a terminal, else all]
    #[arg(long, value_name = "N")]
    pub(crate) maxrows: Option<usize>,
}

impl OutputArgs {
    /// What is said here, and for the rest what is said there.
    pub(crate) fn or(&self, other: &Self) -> Self {
        OutputArgs {
            format: self.format.clone().or_else(|| other.format.clone()),
            output: self.output.clone().or_else(|| other.output.clone()),
            maxrows: self.maxrows.or(other.maxrows),
        }
    }
}

/// Commands beside the shell.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a sample workspace, run its weekly report, say where to look
    Demo {
        /// Folder to make
        #[arg(default_value = "aftersight-demo")]
        dir: PathBuf,
        /// Orders of the make-believe shop
        #[arg(long, default_value_t = 50_000)]
        orders: u32,
        /// Another number makes another shop; the same makes the same rows
        #[arg(long)]
        seed: Option<u64>,
    },
    /// Check the data: freshness, completeness and what is promised of its rows
    Check {
        #[command(flatten)]
        output: OutputArgs,
        /// Verdict from which the program fails: error, or warn as well
        #[arg(long, value_name = "LEVEL", default_value = "error", value_parser = ["warn", "error"])]
        fail_on: String,
        /// Show the checks that passed, too
        #[arg(long)]
        all: bool,
    },
    /// Hold the reported totals against the sources, and against finance
    Reconcile {
        #[command(flatten)]
        output: OutputArgs,
        /// CSV of finance: shop_id, month, measure, amount, currency
        #[arg(long, value_name = "FILE")]
        finance: Option<PathBuf>,
    },
    /// Propose a workspace file for files that are there
    ///
    /// Looks at names, types and a sample of rows. What was found goes to standard error, the
    /// proposal to standard output or into a file.
    Init(InitArgs),
    /// Run a report or list them
    Report {
        #[command(subcommand)]
        command: ReportCommand,
    },
    /// List the views, or show one with its columns and SQL
    Views {
        /// View to show
        name: Option<String>,
        /// Test the workspace's own views: header, grain, and the examples in the .slt beside each
        #[arg(long)]
        test: bool,
        /// With --test: rewrite the rows of the examples with what the views return
        #[arg(long, requires = "test")]
        update: bool,
    },
    /// Show the rows behind a cell of a view or a finding of a report: orders, returns, answers, ...
    ///
    /// `aftersight rows return_rates_by_product sku=shirt` shows what that row of the view is
    /// made of. `aftersight rows weekly-after-sales segments segment=Champions` does so for a
    /// finding of a report: its query, then which of the query's rows, by the code or by the
    /// word the page shows.
    Rows {
        /// View, such as return_rates_by_product, or report, such as weekly-after-sales
        #[arg(value_name = "VIEW|REPORT")]
        name: String,
        /// Of a report first the query; then which rows, as in sku=shirt; all of them without any
        #[arg(value_name = "QUERY|COLUMN=VALUE")]
        cells: Vec<String>,
        #[command(flatten)]
        output: OutputArgs,
    },
    /// List the functions, or show one with an example
    Functions {
        /// Function to show
        name: Option<String>,
    },
    /// List the settings, or show one
    Settings {
        /// Setting to show
        name: Option<String>,
    },
}

/// What to look at, and where the proposal goes.
#[derive(Debug, ClapArgs)]
pub(crate) struct InitArgs {
    /// File, folder, glob or URL of Parquet, CSV or JSON files
    pub(crate) location: String,
    /// Write the proposal to this file
    #[arg(short = 'o', long, value_name = "FILE", conflicts_with = "write")]
    pub(crate) output: Option<PathBuf>,
    /// Write the proposal as aftersight.toml into the folder of the files
    #[arg(long)]
    pub(crate) write: bool,
    /// Replace a file that is there
    #[arg(long)]
    pub(crate) force: bool,
    /// Time zone of the shop, as in Asia/Shanghai [default: guessed]
    #[arg(long, value_name = "ZONE")]
    pub(crate) time_zone: Option<String>,
    /// Currency of the amounts, as in EUR [default: guessed]
    #[arg(long, value_name = "CODE")]
    pub(crate) currency: Option<String>,
}

/// What to do with reports.
#[derive(Debug, Subcommand)]
pub(crate) enum ReportCommand {
    /// List the reports
    List,
    /// Run a report and publish its files, all or none
    Run {
        /// Report to run
        name: String,
        /// Folder to publish into [default: dist, beside the workspace file]
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Languages of the page, the first one is index.html [default: the report's]
        #[arg(long, value_name = "LANG", value_delimiter = ',')]
        lang: Vec<String>,
        /// Value of a parameter of the report; may be given several times
        #[arg(long = "param", value_name = "NAME=VALUE")]
        parameters: Vec<String>,
    },
}

/// Reads `4GB`, `512MiB` or plain bytes; units are powers of 1024, as in datafusion-cli.
fn parse_bytes(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text[digits.len()..].to_lowercase();
    let shift = match unit.trim_end_matches('b').trim_end_matches('i') {
        "" => 0,
        "k" => 10,
        "m" => 20,
        "g" => 30,
        "t" => 40,
        _ => return Err(format!("'{unit}' is no unit; use KB, MB, GB or TB")),
    };
    let number: u64 = digits
        .trim()
        .parse()
        .map_err(|_| format!("'{digits}' is no whole number"))?;
    number
        .checked_shl(shift)
        .filter(|bytes| *bytes > 0 && bytes >> shift == number)
        .ok_or_else(|| format!("'{text}' is no size"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_and_without_units() {
        assert_eq!(parse_bytes("512"), Ok(512));
        assert_eq!(parse_bytes("4GB"), Ok(4 << 30));
        assert_eq!(parse_bytes("64MiB"), Ok(64 << 20));
        assert!(parse_bytes("0").is_err());
        assert!(parse_bytes("4 parsecs").is_err());
        assert!(parse_bytes("99999999999TB").is_err());
    }

    #[test]
    fn the_flags_are_consistent() {
        use clap::CommandFactory;
        Args::command().debug_assert();
    }
}
