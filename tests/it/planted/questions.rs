//! What is asked of which mart, about every planted fact.
//!
//! One file for each of the generator's files of facts.

mod deliveries;
mod desk;
mod goods;
mod opinions;
mod returns;
mod sales;

/// A mart with a query of it: rows of fact, estimate, lower and upper end of the
/// interval, NULL where the mart has none.
type Question = (&'static str, &'static str);

pub(super) fn questions() -> impl Iterator<Item = &'static Question> {
    let all = [
        sales::QUESTIONS,
        deliveries::QUESTIONS,
        goods::QUESTIONS,
        returns::QUESTIONS,
        opinions::QUESTIONS,
        desk::QUESTIONS,
    ];
    all.into_iter().flatten()
}
