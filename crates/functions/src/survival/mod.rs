//! Time to an event and development: what is known of those who are still waiting.
//!
//! The arithmetic is `aftersight_stats::survival`. Results that are curves are
//! lists of structs, one for each time, ready for `unnest`.

mod chain_ladder;
mod cumulative_incidence;
mod estimate;
mod exits;
mod km_quantile;
mod km_survival;
mod logrank;
mod mack;
mod rmst;
mod table;
mod triangle;

pub(crate) use chain_ladder::ChainLadder;
pub(crate) use cumulative_incidence::CumulativeIncidence;
pub(crate) use km_quantile::KmQuantile;
pub(crate) use km_survival::KmSurvival;
pub(crate) use logrank::Logrank;
pub(crate) use mack::Mack;
pub(crate) use rmst::Rmst;
