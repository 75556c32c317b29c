//! Shares of the shop as a whole, to hold them to what is usual in the trade.

use crate::estimate::{Share, Sums, points};
use crate::measure::Raw;

impl Raw<'_> {
    /// Returns a share of the shop as a whole, to hold it to what is usual.
    pub(crate) fn usual(&self, what: &str) -> f64 {
        let tables = self.shop.tables();
        let limit = self.days_before_end(45);
        match what {
            "returned units per unit" => {
                let sold: i64 = tables
                    .order_items
                    .iter()
                    .filter(|row| {
                        let order = self.orders[&row.order_id];
                        order.delivered_at.is_some_and(|at| at < limit) && !order.is_replacement
                    })
                    .map(|row| row.quantity)
                    .sum();
                let back: i64 = tables
                    .returns
                    .iter()
                    .filter(|row| {
                        let order = self.orders[&row.order_id.unwrap()];
                        order.delivered_at.is_some_and(|at| at < limit)
                    })
                    .map(|row| row.quantity)
                    .sum();
                back as f64 / sold as f64
            }
            "relationship nps" => {
                let mut sums = Sums::default();
                self.answers("relationship", "nps")
                    .for_each(|row| sums.add(points(row.score.unwrap())));
                sums.mean()
            }
            "delivery nps" => {
                let mut sums = Sums::default();
                self.answers("delivery", "nps")
                    .for_each(|row| sums.add(points(row.score.unwrap())));
                sums.mean()
            }
            "csat" => {
                let mut share = Share::default();
                self.answers("delivery", "csat")
                    .for_each(|row| share.add(row.score.unwrap() >= 4.0));
                share.estimate().value
            }
            "response rate" => {
                let mut share = Share::default();
                let sent = tables.surveys.iter();
                sent.filter(|row| row.sent_at < limit)
                    .for_each(|row| share.add(row.score.is_some()));
                share.estimate().value
            }
            "tickets per order" => tables.tickets.len() as f64 / self.purchases().count() as f64,
            "purchases" => self.purchases().count() as f64,
            "guest orders" => {
                let mut share = Share::default();
                self.purchases()
                    .for_each(|row| share.add(row.customer_id.is_none()));
                share.estimate().value
            }
            _ => panic!("nobody measures {what}"),
        }
    }
}
