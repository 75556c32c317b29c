//! What a make-believe shop is made from: seed, size, period, kind of ids.

use chrono::{Days, Months, NaiveDate};

/// Whether ids are integers or text, in every table alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ids {
    /// `17`
    Integer,
    /// `ORD-00000017`
    Text,
}

/// Everything the rows of a shop depend on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Two shops with the same configuration have the same rows.
    pub seed: u64,
    /// Customers who could buy; about 1.25 orders come of each within 26 months.
    pub customers: u32,
    /// First local day of which orders are known. The shop is a year older, so
    /// the first weeks already have returning customers.
    pub start: NaiveDate,
    /// First local day that is not known any more: nothing happens from its
    /// midnight on.
    pub end: NaiveDate,
    /// Type of the ids.
    pub ids: Ids,
    /// Whether [`FACTS`](crate::FACTS) are planted. Without them nothing in the
    /// shop differs from anything else beyond chance, season and category.
    pub story: bool,
    /// Whether rows that are wrong on purpose are added.
    pub dirty: bool,
    /// Local time minus UTC, in minutes. 480 is all of China, all year.
    pub utc_offset_minutes: i32,
    /// ISO 4217 code of every amount.
    pub currency: &'static str,
}

/// Orders within 26 months for each customer; the test
/// `a_sized_shop_has_about_the_orders_asked_for` holds it to the simulation.
const ORDERS_PER_CUSTOMER: f64 = 1.25;

impl Config {
    /// Returns the demo's shop: about 20,000 orders over the 26 months before
    /// `as_of`.
    #[must_use]
    pub fn demo(as_of: NaiveDate) -> Self {
        Self::sized(as_of, 20_000)
    }

    /// Returns a shop with about so many orders over the 26 months before
    /// `as_of`.
    #[must_use]
    pub fn sized(as_of: NaiveDate, orders: u32) -> Self {
        Self {
            seed: 46,
            customers: (f64::from(orders) / ORDERS_PER_CUSTOMER).round() as u32,
            start: as_of
                .checked_sub_months(Months::new(26))
                .unwrap_or(NaiveDate::MIN),
            end: as_of,
            ids: Ids::Integer,
            story: true,
            dirty: true,
            utc_offset_minutes: 480,
            currency: "CNY",
        }
    }

    /// Returns the local day `weeks` before the end.
    pub(crate) fn weeks_before_end(&self, weeks: u64) -> NaiveDate {
        self.end
            .checked_sub_days(Days::new(7 * weeks))
            .unwrap_or(NaiveDate::MIN)
    }
}
