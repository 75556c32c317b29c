//! Reports of aftersight: a spec, figures, a page and files.
//!
//! A report is a folder with one Markdown file and one SQL file per query. This
//! crate parses it, draws its figures from record batches, and writes the page
//! and the data files. It knows batches and not SQL planning: who runs the
//! queries passes the results in. It reads no clock and no environment, so the
//! same inputs give the same bytes.
//!
//! The way through: [`Spec::parse`], run the queries, [`render_page`] and the
//! functions of [`output`], then [`output::Publication`].

mod draw;
mod error;
mod escape;
mod figure;
mod lang;
mod number;
pub mod output;
mod page;
mod result;
pub mod spec;
mod voice;

pub use error::{OutputError, RenderError};
pub use figure::{Figure, FigureKind};
pub use lang::Lang;
pub use number::{Format, Numbers};
pub use page::{Freshness, PageContext, Tally, Tone, render_page};
pub use result::QueryResult;
pub use spec::{Spec, SpecError};
