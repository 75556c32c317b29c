//! Who returns what, why, and how long the money takes.

use std::collections::{BTreeMap, HashMap, HashSet};

use aftersight_datagen::{CustomerId, Mark, OrderId, ReturnRow, ShopId, Sku};

use super::{Line, Raw};
use crate::estimate::{Clusters, Estimate, Share, Sums, ratio};

impl Raw<'_> {
    pub(super) fn measure_returns(&self, fact: &str) -> Option<Estimate> {
        let groups = &self.shop.summary().groups;
        Some(match fact {
            "article_runs_small" => self.reason_ratio(
                "size_fit",
                |line| line.sku == Sku(1),
                |line| line.category == "apparel" && line.sku != Sku(1),
            ),
            "fragile_category" => self.reason_ratio(
                "damaged_in_transit",
                |line| line.category == "kitchen",
                |line| line.category == "home",
            ),
            "app_buyers_change_their_minds" => self.reason_ratio(
                "changed_mind",
                |line| line.order.channel == "app",
                |line| line.order.channel == "web",
            ),
            "promo_lines_come_back" => {
                self.reason_ratio("changed_mind", |line| line.is_promo, |line| !line.is_promo)
            }
            "serial_returners" => self.share_of(&groups.serial_returners, |_| true),
            "refund_only_abuse" => self.repeated_refunds_only(),
            "bracketing" => self.bracketing(),
            "social_returns_more" => self.social(false),
            "social_returns_more_by_mix" => self.social(true),
            "return_rate_rises_by_mix" => self.rate_change().0,
            "return_rate_rises_within" => self.rate_change().1,
            "articles_come_back_together" => self.come_back_together(),
            "instant_refunds_are_quick" => self.refund_wait(),
            "junction_refunds_take_longer" => self.junction_refunds(),
            "returns_are_recorded_late" => {
                let mut share = Share::default();
                for row in &self.shop.tables().returns {
                    share.add(row.recorded_at.0 - row.requested_at.0 >= 86_400_000_000);
                }
                share.estimate()
            }
            _ => return None,
        })
    }

    /// Share of returned units that a group of customers returns.
    fn share_of(&self, group: &[CustomerId], counts: impl Fn(&ReturnRow) -> bool) -> Estimate {
        let group: HashSet<&CustomerId> = group.iter().collect();
        let mut clusters = Clusters::default();
        for row in self.shop.tables().returns.iter().filter(|row| counts(row)) {
            let is_of_group = row
                .customer_id
                .as_ref()
                .is_some_and(|id| group.contains(id));
            let hits = if is_of_group {
                row.quantity as f64
            } else {
                0.0
            };
            clusters.add(row.customer_id, hits, row.quantity as f64);
        }
        clusters.estimate()
    }

    /// Share of the requests for money alone that come of customers with two or
    /// more of them, who ask for little else.
    fn repeated_refunds_only(&self) -> Estimate {
        let mut requests: HashMap<CustomerId, [u32; 2]> = HashMap::new();
        for row in &self.shop.tables().returns {
            if let Some(id) = row.customer_id {
                let counts = requests.entry(id).or_default();
                counts[usize::from(row.kind == "refund_only")] += 1;
            }
        }
        let mut clusters = Clusters::default();
        for (customer, [others, refunds]) in requests {
            if refunds > 0 {
                let is_pattern = refunds >= 2 && refunds >= others;
                let hits = if is_pattern { refunds } else { 0 };
                clusters.add(Some(customer), f64::from(hits), f64::from(refunds));
            }
        }
        clusters.estimate()
    }

    /// Share of the orders of clothes or shoes that have an article twice.
    fn bracketing(&self) -> Estimate {
        let mut lines: BTreeMap<OrderId, Vec<Sku>> = BTreeMap::new();
        for row in &self.shop.tables().order_items {
            if matches!(row.category, Some("apparel" | "shoes")) {
                lines.entry(row.order_id).or_default().push(row.sku);
            }
        }
        let mut clusters = Clusters::default();
        for (order, skus) in &lines {
            let different: HashSet<&Sku> = skus.iter().collect();
            let has_sizes = different.len() < skus.len();
            let hits = f64::from(u8::from(has_sizes));
            clusters.add(self.orders[order].customer_id, hits, 1.0);
        }
        clusters.estimate()
    }

    /// Returned lines per line: social media against the web, in all or against
    /// what the web's rates by category would give.
    fn social(&self, is_adjusted: bool) -> Estimate {
        let mut web: HashMap<&str, Share> = HashMap::new();
        let mut social: HashMap<&str, Share> = HashMap::new();
        for line in self.mature_lines() {
            let shares = match line.order.channel {
                "web" => &mut web,
                "social" => &mut social,
                _ => continue,
            };
            let key = if is_adjusted { line.category } else { "all" };
            shares.entry(key).or_default().add(line.back.is_some());
        }
        if !is_adjusted {
            return ratio(social["all"], web["all"]);
        }
        let found: f64 = social.values().map(|share| share.hits).sum();
        let expected: f64 = social
            .iter()
            .map(|(category, share)| share.trials * web[category].value())
            .sum();
        let variance: f64 = social
            .iter()
            .map(|(category, share)| share.trials.powi(2) * web[category].variance())
            .sum();
        let value = found / expected;
        Estimate {
            value,
            error: value * (1.0 / found + variance / expected.powi(2)).sqrt(),
        }
    }

    /// How much of the change of the return rate since the new range comes of
    /// the mix of categories, and how much happens within them: lines in time
    /// and without discount, half a year before against the time until the
    /// carrier is late.
    fn rate_change(&self) -> (Estimate, Estimate) {
        let from = self.span(Mark::NewRange).start;
        let until = self.span(Mark::LateCarrier).start;
        let before = self.days_before_end(68 * 7);
        let mut lines: BTreeMap<&str, [Share; 2]> = BTreeMap::new();
        let is_usual = |line: &Line<'_>| line.is_late != Some(true) && !line.is_promo;
        for line in self.mature_lines().filter(is_usual) {
            let at = line.order.ordered_at;
            if at >= before && at < until {
                let shares = lines.entry(line.category).or_default();
                shares[usize::from(at >= from)].add(line.back.is_some());
            }
        }
        let n = [0, 1].map(|idx| lines.values().map(|pair| pair[idx].trials).sum::<f64>());
        let (mut mix, mut within) = (0.0, 0.0);
        let (mut variance_within, mut mean, mut squares) = (0.0, 0.0, 0.0);
        for pair in lines.values() {
            let [old, new] = [0, 1].map(|idx| pair[idx].trials / n[idx]);
            let rate = (pair[0].value() + pair[1].value()) / 2.0;
            let share = (old + new) / 2.0;
            mix += (new - old) * rate;
            within += (pair[1].value() - pair[0].value()) * share;
            variance_within += share.powi(2) * (pair[0].variance() + pair[1].variance());
            mean += share * rate;
            squares += share * rate * rate;
        }
        let variance_mix = (squares - mean * mean) * (1.0 / n[0] + 1.0 / n[1]);
        let estimate = |value: f64, variance: f64| Estimate {
            value,
            error: variance.sqrt(),
        };
        (
            estimate(mix, variance_mix),
            estimate(within, variance_within),
        )
    }

    fn come_back_together(&self) -> Estimate {
        let mut jackets = HashSet::new();
        let mut boots = HashSet::new();
        for line in self.mature_lines().filter(|line| line.back.is_some()) {
            if line.sku == Sku(9) {
                jackets.insert(line.order.order_id);
            } else if line.sku == Sku(19) {
                boots.insert(line.order.order_id);
            }
        }
        let mut share = Share::default();
        jackets
            .iter()
            .for_each(|order| share.add(boots.contains(order)));
        share.estimate()
    }

    /// Days from request to money of returns that are old enough to have it.
    fn waits(&self) -> impl Iterator<Item = (&ReturnRow, f64)> {
        let limit = self.days_before_end(45);
        let returns = self.shop.tables().returns.iter();
        returns.filter_map(move |row| {
            let days = (row.refunded_at?.seconds() - row.requested_at.seconds()) as f64 / 86_400.0;
            (row.kind == "return" && row.requested_at < limit).then_some((row, days))
        })
    }

    fn refund_wait(&self) -> Estimate {
        let from = self.span(Mark::InstantRefunds).start;
        let mut sums = [Sums::default(); 2];
        let mut waits: [Vec<f64>; 2] = Default::default();
        for (row, days) in self.waits().filter(|(row, _)| row.shop_id != ShopId(3)) {
            let is_after = usize::from(row.requested_at >= from);
            sums[is_after].add(days);
            waits[is_after].push(days);
        }
        let median = |idx: usize| {
            let mut waits = waits[idx].clone();
            waits.sort_by(f64::total_cmp);
            waits[waits.len() / 2]
        };
        // The error of a median is a quarter above that of a mean at worst
        // here, where waits are skewed to the right.
        let error = 1.25 * sums[1].less(sums[0]).error;
        Estimate {
            value: median(1) - median(0),
            error,
        }
    }

    /// What one shop's wait changed beyond the others', since instant refunds.
    fn junction_refunds(&self) -> Estimate {
        let instant = self.span(Mark::InstantRefunds).start;
        let slow = self.span(Mark::SlowRefunds).start;
        let mut sums = [[Sums::default(); 2]; 2];
        for (row, days) in self.waits().filter(|(row, _)| row.requested_at >= instant) {
            let is_junction = usize::from(row.shop_id == ShopId(3));
            sums[is_junction][usize::from(row.requested_at >= slow)].add(days);
        }
        let [others, junction] = sums.map(|[before, after]| after.less(before));
        junction.less(others)
    }
}
