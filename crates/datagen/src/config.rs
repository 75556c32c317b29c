//! What a make-believe shop is made from: seed, size, period, kind of ids.

use chrono::{Months, NaiveDate};

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
    /// Customers who could buy; about 1.1 orders come of each within 26 months.
    pub customers: u32,
    /// First local day of which orders are known. The shop is two years older, so
    /// the first weeks already have returning customers.
    pub start: NaiveDate,
    /// First local day that is not known any more: nothing happens from its
    /// midnight on.
    pub end: NaiveDate,
    /// Type of the ids.
    pub ids: Ids,
    /// Whether [`FACTS`](crate::FACTS) are planted. Without them nothing in the
    /// shop differs from anything else beyond chance and category; there is no
    /// season either.
    pub story: bool,
    /// Whether rows that are wrong on purpose are added.
    pub dirty: bool,
    /// Local time minus UTC, in minutes. 480 is all of China, all year.
    pub utc_offset_minutes: i32,
    /// ISO 4217 code of every amount, but those of a shop abroad.
    pub currency: &'static str,
    /// ISO 4217 code of the last shop's amounts, where it sells in another
    /// country: then `fx_rates` has rates of it for every day. `None` keeps one
    /// currency.
    pub second_currency: Option<&'static str>,
}

/// Orders within 26 months for each customer, with a story and without; the test
/// `a_sized_shop_has_about_the_orders_asked_for` holds them to the simulation.
const ORDERS_PER_CUSTOMER: f64 = 1.097;
const ORDERS_PER_QUIET_CUSTOMER: f64 = 0.954;

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
            second_currency: None,
        }
    }

    /// Returns a shop of the same kind in which nothing is planted and nothing
    /// is dirty, with a seed of its own: shops, carriers, agents, channels,
    /// weeks and the arms of a campaign differ by chance only. Categories and
    /// kinds of tickets keep what is usual in them.
    ///
    /// False alarms are counted on many of these.
    #[must_use]
    pub fn quiet(as_of: NaiveDate, orders: u32, seed: u64) -> Self {
        Self {
            seed,
            customers: (f64::from(orders) / ORDERS_PER_QUIET_CUSTOMER).round() as u32,
            story: false,
            dirty: false,
            ..Self::sized(as_of, orders)
        }
    }
}
