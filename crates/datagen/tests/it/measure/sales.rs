//! What is sold, when, to whom, and who comes back.

use std::collections::{BTreeMap, HashMap, HashSet};

use aftersight_datagen::{CampaignId, CustomerId, Mark, OrderId, Sku};
use chrono::{Datelike, Days, NaiveDate};

use super::Raw;
use crate::estimate::{Estimate, Share, correlation, difference, rates};

impl Raw<'_> {
    pub(super) fn measure_sales(&self, fact: &str) -> Option<Estimate> {
        Some(match fact {
            "singles_day_peak" => self.singles_day(),
            "arrivals_grow" => self.growth(),
            "coupon_works" => self.lift(CampaignId(1), Mark::Coupon),
            "newsletter_does_nothing" => self.lift(CampaignId(2), Mark::Newsletter),
            "instant_refunds_bring_customers_back" => self.orders_after_return(),
            "first_return_costs_repurchase" => self.orders_after_first_return(),
            "october_cohort_stays" => self.cohort(),
            "buyers_have_their_own_pace" => self.pace(),
            "articles_are_bought_together" => self.bought_together(),
            _ => return None,
        })
    }

    fn singles_day(&self) -> Estimate {
        let mut days: BTreeMap<NaiveDate, f64> = BTreeMap::new();
        for row in self.purchases() {
            *days.entry(self.date(row.ordered_at)).or_default() += 1.0;
        }
        let november = |day: &NaiveDate| day.month() == 11;
        let peaks: Vec<f64> = days
            .iter()
            .filter(|(day, _)| november(day) && day.day() == 11)
            .map(|(_, n)| *n)
            .collect();
        // Days without a word about the sale: not the week around it.
        let ordinary: Vec<f64> = days
            .iter()
            .filter(|(day, _)| november(day) && !(5..=12).contains(&day.day()))
            .map(|(_, n)| *n)
            .collect();
        rates(
            (peaks.iter().sum(), peaks.len() as f64),
            (ordinary.iter().sum(), ordinary.len() as f64),
        )
    }

    fn growth(&self) -> Estimate {
        let [last, middle, first] = [0, 365, 730].map(|days| self.days_before_end(days));
        let count = |from, until| {
            self.purchases()
                .filter(|row| row.ordered_at >= from && row.ordered_at < until)
                .count() as f64
        };
        rates((count(middle, last), 1.0), (count(first, middle), 1.0))
    }

    fn lift(&self, campaign: CampaignId, mark: Mark) -> Estimate {
        let span = self.span(mark);
        let buyers: HashSet<CustomerId> = self
            .purchases()
            .filter(|row| span.contains(&row.ordered_at))
            .filter_map(|row| row.customer_id)
            .collect();
        let mut shares = [Share::default(); 2];
        for row in &self.shop.tables().assignments {
            if row.campaign_id == campaign {
                shares[usize::from(row.arm == "treatment")].add(buyers.contains(&row.customer_id));
            }
        }
        difference(shares[1], shares[0])
    }

    fn orders_after_return(&self) -> Estimate {
        let from = self.span(Mark::InstantRefunds).start;
        let limit = self.days_before_end(91);
        let again = self.orders_again();
        let mut shares = [Share::default(); 2];
        for order in &self.returned_orders {
            let order = self.orders[order];
            if self.is_peculiar(order) || order.ordered_at >= limit {
                continue;
            }
            let Some(again) = again(order, 90) else {
                continue;
            };
            // Orders up to three weeks before the change came back on both
            // sides of it.
            if order.ordered_at >= from {
                shares[1].add(again);
            } else if order.ordered_at.0 < from.0 - 21 * 86_400_000_000 {
                shares[0].add(again);
            }
        }
        difference(shares[1], shares[0])
    }

    /// First orders nobody came back from within thirty days: with a return by
    /// then, less without anything untoward, followed in the 180 days after.
    fn orders_after_first_return(&self) -> Estimate {
        let mark = self.date(self.span(Mark::InstantRefunds).start);
        let tables = self.shop.tables();
        let mut days: HashMap<CustomerId, Vec<NaiveDate>> = HashMap::new();
        let mut firsts: HashMap<CustomerId, Vec<OrderId>> = HashMap::new();
        for row in self.purchases() {
            let Some(id) = row.customer_id else { continue };
            let day = self.date(row.ordered_at);
            let days = days.entry(id).or_default();
            if days.first().is_none_or(|first| *first == day) {
                firsts.entry(id).or_default().push(row.order_id);
            }
            days.push(day);
        }
        // Who had something happen to an order, and when it first did.
        let mut returned: HashMap<OrderId, NaiveDate> = HashMap::new();
        let mut other: HashMap<OrderId, NaiveDate> = HashMap::new();
        let mut note = |is_return: bool, order: OrderId, day: NaiveDate| {
            let map = if is_return { &mut returned } else { &mut other };
            let first = map.entry(order).or_insert(day);
            *first = day.min(*first);
        };
        for row in &tables.returns {
            if let Some(order) = row.order_id.filter(|_| row.kind != "refund_only") {
                note(row.kind == "return", order, self.date(row.requested_at));
            }
        }
        for row in &tables.tickets {
            note(false, row.order_id, self.date(row.created_at));
        }
        for row in self
            .purchases()
            .filter(|row| self.late.get(&row.order_id) == Some(&true))
        {
            if let Some(at) = row.delivered_at {
                note(false, row.order_id, self.date(at));
            }
        }
        let mut shares = [Share::default(); 2];
        for (customer, orders) in &firsts {
            let mut next = days[customer]
                .iter()
                .skip_while(|day| **day == days[customer][0]);
            let next = next.next();
            let landmark = days[customer][0] + Days::new(30);
            let until = landmark + Days::new(180);
            if until >= mark || next.is_some_and(|day| *day < landmark) {
                continue;
            }
            let again = next.is_some_and(|day| *day <= until);
            for order in orders {
                let by_then = |map: &HashMap<OrderId, NaiveDate>| {
                    map.get(order).is_some_and(|day| *day < landmark)
                };
                if by_then(&returned) {
                    shares[1].add(again);
                } else if !by_then(&other) {
                    shares[0].add(again);
                }
            }
        }
        difference(shares[1], shares[0])
    }

    fn cohort(&self) -> Estimate {
        let span = self.shop.summary().timeline.span(Mark::LoyalCohort);
        let before = self.midnight(span.from - chrono::Months::new(1));
        let after = self.midnight(span.until + chrono::Months::new(1));
        let again = self.orders_again();
        let mut shares = [Share::default(); 2];
        for order in self.first_orders() {
            let is_near = order.ordered_at >= before && order.ordered_at < after;
            if let Some(again) = again(order, 180).filter(|_| is_near) {
                let is_of_cohort = span.contains(self.date(order.ordered_at));
                shares[usize::from(is_of_cohort)].add(again);
            }
        }
        difference(shares[1], shares[0])
    }

    /// Correlation of the logarithms of a customer's first two gaps.
    fn pace(&self) -> Estimate {
        let mut times: HashMap<CustomerId, Vec<f64>> = HashMap::new();
        for row in self.purchases() {
            if let Some(id) = row.customer_id.filter(|id| !self.peculiar.contains(id)) {
                let seconds = row.ordered_at.seconds() as f64;
                times.entry(id).or_default().push(seconds);
            }
        }
        let gaps = times.values().filter_map(|times| {
            let [first, second, third, ..] = times[..] else {
                return None;
            };
            let (one, other) = (second - first, third - second);
            // Second orders of the same day belong to the first.
            (one.min(other) > 43_200.0).then(|| (one.ln(), other.ln()))
        });
        correlation(gaps)
    }

    fn bought_together(&self) -> Estimate {
        let mut baskets: HashMap<_, HashSet<Sku>> = HashMap::new();
        for row in &self.shop.tables().order_items {
            if !self.orders[&row.order_id].is_replacement {
                baskets.entry(row.order_id).or_default().insert(row.sku);
            }
        }
        let mut shares = [Share::default(); 2];
        for skus in baskets.values() {
            shares[usize::from(skus.contains(&Sku(9)))].add(skus.contains(&Sku(19)));
        }
        difference(shares[1], shares[0])
    }
}
