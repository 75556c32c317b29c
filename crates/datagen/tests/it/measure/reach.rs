//! What arrives in the lake and in the carts.

use aftersight_datagen::{Mark, ShopId, Sku};

use super::Raw;
use crate::estimate::{Estimate, Share, difference, rates};

impl Raw<'_> {
    pub(super) fn measure_reach(&self, fact: &str) -> Option<Estimate> {
        Some(match fact {
            "plaza_sends_no_orders" => {
                let at = self.purchases().filter(|row| row.shop_id == ShopId(2));
                self.against_weeks_around(Mark::FeedGap, at.map(|row| row.ordered_at))
            }
            "article_is_sold_out" => {
                let items = self.shop.tables().order_items.iter();
                let at = items.filter_map(|row| {
                    let order = self.orders[&row.order_id];
                    (row.sku == Sku(7) && !order.is_replacement).then_some(order.ordered_at)
                });
                self.against_weeks_around(Mark::SoldOut, at)
            }
            "sold_out_article_is_asked_for" => self.asked_for(),
            "app_checkout_breaks" => self.checkout(),
            _ => return None,
        })
    }

    /// Events per day within a span against those of four weeks on both sides.
    fn against_weeks_around(
        &self,
        mark: Mark,
        events: impl Iterator<Item = aftersight_datagen::Instant>,
    ) -> Estimate {
        const DAY: i64 = 86_400_000_000;
        let span = self.span(mark);
        let (mut within, mut around) = (0.0, 0.0);
        for at in events {
            if span.contains(&at) {
                within += 1.0;
            } else if (span.start.0 - 28 * DAY..span.end.0 + 28 * DAY).contains(&at.0) {
                around += 1.0;
            }
        }
        let days = (span.end.0 - span.start.0) as f64 / DAY as f64;
        rates((within, days), (around, 56.0))
    }

    fn asked_for(&self) -> Estimate {
        let span = self.span(Mark::SoldOut);
        let mut share = Share::default();
        for row in &self.shop.tables().interactions {
            if row.aspect == Some("availability") && span.contains(&row.occurred_at) {
                share.add(row.sku == Some(Sku(7)));
            }
        }
        share.estimate()
    }

    /// Carts of the app that are paid: while the checkout is broken, less else.
    fn checkout(&self) -> Estimate {
        let span = self.span(Mark::BrokenCheckout);
        let channels = self.channels();
        let mut counts = [[0.0; 2]; 2];
        for row in &self.shop.tables().interactions {
            let is_app = row.customer_id.is_some_and(|id| channels[&id] == "app");
            let is_within = usize::from(span.contains(&row.occurred_at));
            match row.step {
                "cart" if is_app => counts[is_within][0] += 1.0,
                "pay" if is_app => counts[is_within][1] += 1.0,
                _ => {}
            }
        }
        let [outside, within] = counts.map(|[carts, paid]| Share {
            hits: paid,
            trials: carts,
        });
        difference(within, outside)
    }
}
