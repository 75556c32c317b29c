//! Journeys: funnels, retention, patterns, sessions, orders and tickets of one customer.
//!
//! Everything here works on [`Event`]s, a timestamp in ticks and a bit set of
//! the conditions the row met. The unit of a tick is the caller's (seconds,
//! microseconds, days): durations are given in the same unit. States are plain
//! sorted vectors, so merging them in any order gives the same answer.

mod churn_status;
mod event;
mod first_contact;
mod followed_by;
mod order_sequence;
mod pattern;
mod retention;
mod return_matches;
mod sequence;
mod sessionize;
mod window_funnel;

pub use churn_status::{ChurnStatus, churn_status};
pub use event::{Event, EventLog, MAX_CONDITIONS};
pub use first_contact::{FirstContact, Ticket, first_contact};
pub use followed_by::followed_by;
pub use order_sequence::{OrderOptions, OrderSequence, OrderSummary, OrderWalk, order_summary};
pub use pattern::{Comparison, Pattern};
pub use retention::Retention;
pub use return_matches::{LedgerLine, ReturnMatch, return_matches};
pub use sequence::{sequence_count, sequence_match, sequence_match_events};
pub use sessionize::{Session, Sessionizer, sessions};
pub use window_funnel::{FunnelModes, WindowFunnel};
