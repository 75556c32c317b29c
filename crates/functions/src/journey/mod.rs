//! Journeys: funnels, retention, patterns, sessions and sequences of orders.
//!
//! Semantics are ClickHouse's where it has the function; the arithmetic is
//! `aftersight_stats::journey`. ClickHouse's two pairs of parentheses,
//! `windowFunnel(10)(ts, a, b)`, are no SQL here: options come first, then the
//! timestamp, then the conditions.

mod conditions;
mod funnel;
mod order_sequence;
mod retention;
mod sequence;
mod sequence_count;
mod sequence_match;
mod sequence_match_events;
mod sessionize;
mod window_funnel;
mod window_funnel_times;

pub(crate) use order_sequence::OrderSequence;
pub(crate) use retention::Retention;
pub(crate) use sequence_count::SequenceCount;
pub(crate) use sequence_match::SequenceMatch;
pub(crate) use sequence_match_events::SequenceMatchEvents;
pub(crate) use sessionize::Sessionize;
pub(crate) use window_funnel::WindowFunnel;
pub(crate) use window_funnel_times::WindowFunnelTimes;
