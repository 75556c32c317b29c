//! Reports of aftersight: a spec, figures, a page and files.
//!
//! A report is a folder with one Markdown file and one SQL file per query. This
//! crate parses it, asks its queries of an open workspace, draws its figures from
//! record batches, and makes the page and the data files. It knows batches and
//! not SQL planning, and reads no clock and no environment, so the same inputs
//! give the same bytes.
//!
//! The way through: [`Spec::parse`], [`run`], then [`output::Publication::publish`].

pub mod builtin;
mod draw;
mod drill;
mod error;
mod escape;
mod figure;
mod labels;
mod lang;
mod number;
pub mod output;
mod page;
mod result;
mod run;
pub mod spec;
mod voice;

pub use drill::{Drill, findings};
pub use error::{OutputError, RenderError};
pub use figure::{Figure, FigureKind};
pub use lang::Lang;
pub use number::{Format, Numbers};
pub use page::{Freshness, PageContext, Tally, Tone, render_page};
pub use result::QueryResult;
pub use run::{Run, RunError, RunOptions, period_name, run, take_period};
pub use spec::{Spec, SpecError};
