//! Time to an event: survival curves, competing causes, and development triangles.
//!
//! [`SurvivalTimes`] is the one state: how much weight left observation when,
//! and why. The curves and tests are functions of it. The chain ladder works on
//! triangles of amounts by origin and age instead.

mod chain_ladder;
mod cumulative_incidence;
mod km;
mod km_quantile;
mod logrank;
#[cfg(test)]
mod published;
mod times;
mod triangle;

pub use chain_ladder::{
    ChainLadder, ChainLadderOptions, Development, OriginForecast, SigmaRule, Tail, chain_ladder,
};
pub use cumulative_incidence::{CumulativeIncidencePoint, cumulative_incidence};
pub use km::{IntervalKind, KmCurve, KmPoint, Rmst, km_survival, rmst};
pub use km_quantile::{KmQuantile, km_quantile};
pub use logrank::{Logrank, LogrankGroup, logrank, logrank_stratified};
pub use times::{Exit, SurvivalTimes};
pub use triangle::{Triangle, TriangleCells};
