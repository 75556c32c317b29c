//! The engine of aftersight: workspace, sources, tables, views, settings, queries.
//!
//! Data flows one way: sources -> tables -> views -> results -> outputs; the
//! modules below stand in that order. The engine never talks to a terminal,
//! reads the environment or asks the clock: the program hands those in.

pub mod error;
pub mod settings;
mod suggest;
pub mod workspace;

mod bind;
mod blame;
mod physical;
mod present;
mod source;
pub mod table;

mod builtin;
mod call;
mod catalog;
mod durations;
mod keys;
mod memory;
mod optimizer;
mod planning;
pub mod rules;
mod session;
mod shared;
pub mod view;

pub mod audit;
mod copy;
mod diagnosis;
mod engine;
pub mod examples;
pub mod guess;
pub mod output;

pub use bind::{Parameters, parameter_text};
pub use datafusion::scalar::ScalarValue;
pub use diagnosis::Diagnosis;
pub use engine::{Engine, Options, Outcome, Rows};
pub use error::{Error, ErrorKind, Location, Result};
pub use session::Limits;
pub use settings::Settings;
pub use source::location::{absolute_location, register_store};
pub use source::{OpenSource, StoreOptions, open_source};
pub use suggest::{did_you_mean, nearest};
pub use workspace::Workspace;
