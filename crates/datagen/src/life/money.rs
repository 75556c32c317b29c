//! Amounts in the currency of the shop they are paid in.

use crate::Config;
use crate::catalogue::{Article, OUTLETS};

use super::World;
use super::person::Person;

/// Units of the workspace's currency for one of the second currency, by which
/// the shop abroad set its prices when it opened.
const LIST_RATE: f64 = 7.10;

/// How far the rate of a day strays from that.
const SWING: f64 = 0.15;

/// Returns the rate of a day: a slow wave, so that converting by the wrong day
/// shows.
pub(crate) fn foreign_rate(day: i64) -> f64 {
    // A triangle of 180 days: no library's sine decides the digits.
    let phase = day.rem_euclid(180) as f64 / 180.0;
    let wave = 1.0 - 4.0 * (phase - 0.5).abs();
    ((LIST_RATE + SWING * wave) * 10_000.0).round() / 10_000.0
}

/// Returns the second currency, where a shop has it.
pub(crate) fn second_currency(config: &Config, shop: usize) -> Option<&'static str> {
    config.second_currency.filter(|_| shop == OUTLETS.len() - 1)
}

impl World<'_> {
    /// Returns the currency of the shop a customer buys in.
    pub(crate) fn currency(&self, person: &Person) -> &'static str {
        second_currency(self.config, person.shop).unwrap_or(self.config.currency)
    }

    /// Returns an amount of the workspace's currency at the shop's price level.
    pub(crate) fn amount(&self, person: &Person, hundredths: i64) -> i64 {
        match second_currency(self.config, person.shop) {
            Some(_) => (hundredths as f64 / LIST_RATE).round() as i64,
            None => hundredths,
        }
    }

    /// Returns an article at the shop's prices.
    pub(crate) fn priced(&self, person: &Person, article: Article) -> Article {
        Article {
            price: self.amount(person, article.price),
            cost: self.amount(person, article.cost),
            ..article
        }
    }
}
