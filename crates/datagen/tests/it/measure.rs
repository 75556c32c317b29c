//! The slow loops: each planted fact measured on raw rows, with its error.

use std::collections::{BTreeMap, HashMap, HashSet};

use aftersight_datagen::{
    CampaignId, CustomerId, Instant, OrderId, OrderRow, ReturnRow, Shop, Sku, SurveyRow,
};
use chrono::{Datelike, NaiveDate};

use crate::estimate::{Estimate, Share, Sums, difference, points, ratio};

/// The shop with what the loops look up.
pub(crate) struct Raw<'a> {
    pub(crate) shop: &'a Shop,
    pub(crate) orders: HashMap<OrderId, &'a OrderRow>,
    /// Lateness of delivered orders: their last parcel after its promise.
    late: HashMap<OrderId, bool>,
    carrier: HashMap<OrderId, &'static str>,
    serial: HashSet<CustomerId>,
    by_line: HashMap<(OrderId, i64), &'a ReturnRow>,
    returned_orders: HashSet<OrderId>,
}

/// One line that arrived long enough ago to have come back.
struct Line<'a> {
    sku: Sku,
    category: &'static str,
    is_late: Option<bool>,
    back: Option<&'a ReturnRow>,
}

impl<'a> Raw<'a> {
    pub(crate) fn new(shop: &'a Shop) -> Self {
        let tables = shop.tables();
        let mut late: HashMap<OrderId, bool> = HashMap::new();
        for row in &tables.shipments {
            if let Some(delivered_at) = row.delivered_at {
                *late.entry(row.order_id).or_default() |= delivered_at > row.promised_at;
            }
        }
        Self {
            shop,
            orders: tables
                .orders
                .iter()
                .map(|row| (row.order_id, row))
                .collect(),
            late,
            carrier: tables
                .shipments
                .iter()
                .map(|row| (row.order_id, row.carrier))
                .collect(),
            serial: shop.summary().serial_returners.iter().copied().collect(),
            by_line: tables
                .returns
                .iter()
                .filter_map(|row| Some(((row.order_id?, row.line_no?), row)))
                .collect(),
            returned_orders: tables
                .returns
                .iter()
                .filter_map(|row| row.order_id)
                .collect(),
        }
    }

    /// Measures a fact of the list; panics for one nobody measures.
    pub(crate) fn measure(&self, fact: &str) -> Estimate {
        let timeline = self.shop.summary().timeline;
        match fact {
            "singles_day_peak" => self.singles_day(),
            "arrivals_grow" => self.growth(),
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
            "carrier_is_late" => self.lateness_change(|carrier| carrier == "harbor"),
            "other_carriers_are_not_later" => self.lateness_change(|carrier| carrier != "harbor"),
            "strike_delays_all" => self.strike(),
            "late_delivery_lowers_nps" => {
                self.delivery_scores("nps", |row| self.is_late(row), true, points)
            }
            "late_carrier_costs_nps" => {
                let from = self.midnight(timeline.carrier_late_from);
                let harbor = |row: &SurveyRow| {
                    let order = row.order_id?;
                    let shipped_at = self.orders.get(&order)?.shipped_at?;
                    (self.carrier.get(&order) == Some(&"harbor")).then_some(shipped_at >= from)
                };
                self.delivery_scores("nps", harbor, false, points)
            }
            "return_lowers_nps" => self.nps_after_returns(),
            "late_delivery_lowers_csat" => self.delivery_scores(
                "csat",
                |row| self.is_late(row),
                false,
                |score| f64::from(u8::from(score >= 4.0)),
            ),
            "late_delivery_brings_tickets" => self.tickets_of_late_orders(),
            "late_delivery_brings_returns" => self.returns_of_late_lines(),
            "serial_returners" => self.serial_share(),
            "instant_refunds_are_quick" => self.refund_wait(timeline.instant_refunds_from),
            "instant_refunds_bring_customers_back" => {
                self.orders_after_return(timeline.instant_refunds_from)
            }
            "coupon_works" => self.lift(CampaignId(1), timeline.coupon_sent_on),
            "newsletter_does_nothing" => self.lift(CampaignId(2), timeline.newsletter_sent_on),
            "agent_is_slow_by_case_mix" => self.warranty_minutes(),
            "assortment_does_not_drive_nps" => self.assortment(),
            _ => panic!("nobody measures {fact}"),
        }
    }

    fn midnight(&self, day: NaiveDate) -> Instant {
        let offset = i64::from(self.shop.config().utc_offset_minutes) * 60;
        let days = day.signed_duration_since(NaiveDate::default()).num_days();
        Instant::from_seconds(days * 86_400 - offset)
    }

    pub(crate) fn days_before_end(&self, days: u64) -> Instant {
        self.midnight(self.shop.config().end - chrono::Days::new(days))
    }

    fn date(&self, instant: Instant) -> NaiveDate {
        let day = instant.local_day(self.shop.config().utc_offset_minutes);
        NaiveDate::default() + chrono::Days::new(day as u64)
    }

    pub(crate) fn purchases(&self) -> impl Iterator<Item = &OrderRow> {
        let orders = self.shop.tables().orders.iter();
        orders.filter(|row| !row.is_replacement)
    }

    fn is_serial(&self, order: OrderId) -> bool {
        self.orders[&order]
            .customer_id
            .is_some_and(|id| self.serial.contains(&id))
    }

    /// Lines of ordinary customers that arrived at least 45 days before the
    /// end: windows of 15 days and ten days of late recording are over.
    fn mature_lines(&self) -> impl Iterator<Item = Line<'_>> {
        let limit = self.days_before_end(45);
        self.shop
            .tables()
            .order_items
            .iter()
            .filter_map(move |row| {
                let order = self.orders[&row.order_id];
                let is_mature = order.delivered_at.is_some_and(|at| at < limit);
                (is_mature && !order.is_replacement && !self.is_serial(row.order_id)).then(|| {
                    Line {
                        sku: row.sku,
                        category: row.category.unwrap(),
                        is_late: self.late.get(&row.order_id).copied(),
                        back: self.by_line.get(&(row.order_id, row.line_no)).copied(),
                    }
                })
            })
    }

    fn singles_day(&self) -> Estimate {
        let mut days: BTreeMap<NaiveDate, f64> = BTreeMap::new();
        for row in self.purchases() {
            *days.entry(self.date(row.ordered_at)).or_default() += 1.0;
        }
        let november = |day: &NaiveDate| day.month() == 11;
        let peak: f64 = days
            .iter()
            .filter(|(day, _)| november(day) && day.day() == 11)
            .map(|(_, n)| n)
            .sum();
        let n_peaks = days
            .keys()
            .filter(|day| november(day) && day.day() == 11)
            .count() as f64;
        // Days without a word about the sale: not the week around it.
        let ordinary: Vec<f64> = days
            .iter()
            .filter(|(day, _)| november(day) && !(5..=12).contains(&day.day()))
            .map(|(_, n)| *n)
            .collect();
        let total: f64 = ordinary.iter().sum();
        let value = (peak / n_peaks) / (total / ordinary.len() as f64);
        Estimate {
            value,
            error: value * (1.0 / peak + 1.0 / total).sqrt(),
        }
    }

    fn growth(&self) -> Estimate {
        let [last, middle, first] = [0, 365, 730].map(|days| self.days_before_end(days));
        let count = |from: Instant, until: Instant| {
            self.purchases()
                .filter(|row| row.ordered_at >= from && row.ordered_at < until)
                .count() as f64
        };
        let (after, before) = (count(middle, last), count(first, middle));
        let value = after / before;
        Estimate {
            value,
            error: value * (1.0 / after + 1.0 / before).sqrt(),
        }
    }

    fn reason_ratio(
        &self,
        reason: &str,
        of: impl Fn(&Line<'_>) -> bool,
        to: impl Fn(&Line<'_>) -> bool,
    ) -> Estimate {
        let mut shares = [Share::default(); 2];
        for line in self.mature_lines() {
            let is_hit = line.back.is_some_and(|row| row.reason_code == reason);
            if of(&line) {
                shares[0].add(is_hit);
            } else if to(&line) {
                shares[1].add(is_hit);
            }
        }
        ratio(shares[0], shares[1])
    }

    fn lateness_change(&self, carrier: impl Fn(&str) -> bool) -> Estimate {
        let timeline = self.shop.summary().timeline;
        let from = self.midnight(timeline.carrier_late_from);
        let strike = self.midnight(timeline.strike_from)..self.midnight(timeline.strike_until);
        let mut shares = [Share::default(); 2];
        for (order, row) in self.sent_early_enough() {
            if carrier(self.carrier[&order]) && !strike.contains(&row) {
                shares[usize::from(row >= from)].add(self.late[&order]);
            }
        }
        difference(shares[1], shares[0])
    }

    /// Delivered orders shipped two weeks before the end or earlier: of later
    /// ones only the punctual have arrived.
    fn sent_early_enough(&self) -> impl Iterator<Item = (OrderId, Instant)> {
        let limit = self.days_before_end(14);
        self.late.keys().filter_map(move |order| {
            let shipped_at = self.orders[order].shipped_at?;
            (shipped_at < limit).then_some((*order, shipped_at))
        })
    }

    fn strike(&self) -> Estimate {
        let timeline = self.shop.summary().timeline;
        let strike = self.midnight(timeline.strike_from)..self.midnight(timeline.strike_until);
        let before_trouble = self.midnight(timeline.carrier_late_from);
        let mut shares = [Share::default(); 2];
        for (order, shipped_at) in self.sent_early_enough() {
            if shipped_at < before_trouble {
                shares[usize::from(strike.contains(&shipped_at))].add(self.late[&order]);
            }
        }
        difference(shares[1], shares[0])
    }

    fn is_late(&self, row: &SurveyRow) -> Option<bool> {
        self.late.get(&row.order_id?).copied()
    }

    /// Scores after deliveries where `group` is true, less where it is false.
    fn delivery_scores(
        &self,
        kind: &str,
        group: impl Fn(&SurveyRow) -> Option<bool>,
        without_returns: bool,
        value: impl Fn(f64) -> f64,
    ) -> Estimate {
        let mut sums = [Sums::default(); 2];
        for row in self.answers("delivery", kind) {
            let has_return = self.returned_orders.contains(&row.order_id.unwrap());
            if let Some(group) = group(row).filter(|_| !(without_returns && has_return)) {
                sums[usize::from(group)].add(value(row.score.unwrap()));
            }
        }
        sums[1].less(sums[0])
    }

    pub(crate) fn answers(&self, touchpoint: &str, kind: &str) -> impl Iterator<Item = &SurveyRow> {
        self.shop.tables().surveys.iter().filter(move |row| {
            row.touchpoint == touchpoint && row.kind == kind && row.score.is_some()
        })
    }

    fn nps_after_returns(&self) -> Estimate {
        let mut sums = [Sums::default(); 2];
        for (idx, touchpoint) in ["delivery", "return"].into_iter().enumerate() {
            for row in self.answers(touchpoint, "nps") {
                let is_kept = idx == 1 || !self.returned_orders.contains(&row.order_id.unwrap());
                if is_kept && self.is_late(row) == Some(false) {
                    sums[idx].add(points(row.score.unwrap()));
                }
            }
        }
        sums[1].less(sums[0])
    }

    fn tickets_of_late_orders(&self) -> Estimate {
        let about_delivery: HashSet<OrderId> = self
            .shop
            .tables()
            .tickets
            .iter()
            .filter(|row| row.issue_type == "delivery")
            .map(|row| row.order_id)
            .collect();
        let mut shares = [Share::default(); 2];
        for (order, _) in self.sent_early_enough() {
            if !self.orders[&order].is_replacement {
                shares[usize::from(self.late[&order])].add(about_delivery.contains(&order));
            }
        }
        difference(shares[1], shares[0])
    }

    fn returns_of_late_lines(&self) -> Estimate {
        let mut shares = [Share::default(); 2];
        for line in self.mature_lines() {
            if let Some(is_late) = line.is_late {
                let is_hit = line
                    .back
                    .is_some_and(|row| row.reason_code == "late_delivery");
                shares[usize::from(is_late)].add(is_hit);
            }
        }
        difference(shares[1], shares[0])
    }

    fn serial_share(&self) -> Estimate {
        let mut per_customer: HashMap<CustomerId, f64> = HashMap::new();
        let mut total = 0.0;
        for row in &self.shop.tables().returns {
            total += row.quantity as f64;
            if let Some(id) = row.customer_id.filter(|id| self.serial.contains(id)) {
                *per_customer.entry(id).or_default() += row.quantity as f64;
            }
        }
        let sum: f64 = per_customer.values().sum();
        // Returns of one person come together, so the person is the unit.
        let squares: f64 = per_customer.values().map(|n| n * n).sum();
        Estimate {
            value: sum / total,
            error: squares.sqrt() / total,
        }
    }

    fn refund_wait(&self, from: NaiveDate) -> Estimate {
        let from = self.midnight(from);
        let mut sums = [Sums::default(); 2];
        let mut waits: [Vec<f64>; 2] = Default::default();
        let limit = self.days_before_end(45);
        for row in &self.shop.tables().returns {
            if let (Some(refunded_at), "return", true) =
                (row.refunded_at, row.kind, row.requested_at < limit)
            {
                let days = (refunded_at.seconds() - row.requested_at.seconds()) as f64 / 86_400.0;
                sums[usize::from(row.requested_at >= from)].add(days);
                waits[usize::from(row.requested_at >= from)].push(days);
            }
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

    fn orders_after_return(&self, from: NaiveDate) -> Estimate {
        let from = self.midnight(from);
        let limit = self.days_before_end(91);
        let mut times: HashMap<CustomerId, Vec<Instant>> = HashMap::new();
        for row in self.purchases() {
            if let Some(id) = row.customer_id {
                times.entry(id).or_default().push(row.ordered_at);
            }
        }
        let mut shares = [Share::default(); 2];
        for order in &self.returned_orders {
            let order = self.orders[order];
            let Some(id) = order.customer_id.filter(|id| !self.serial.contains(id)) else {
                continue;
            };
            if order.ordered_at >= limit {
                continue;
            }
            let until = Instant(order.ordered_at.0 + 90 * 86_400_000_000);
            let again = times[&id]
                .iter()
                .any(|at| *at > order.ordered_at && *at <= until);
            // Orders up to three weeks before the change came back on both
            // sides of it.
            let unclear = Instant(from.0 - 21 * 86_400_000_000);
            if order.ordered_at >= from {
                shares[1].add(again);
            } else if order.ordered_at < unclear {
                shares[0].add(again);
            }
        }
        difference(shares[1], shares[0])
    }

    fn lift(&self, campaign: CampaignId, sent_on: NaiveDate) -> Estimate {
        let from = self.midnight(sent_on);
        let until = self.midnight(sent_on + chrono::Days::new(14));
        let buyers: HashSet<CustomerId> = self
            .purchases()
            .filter(|row| row.ordered_at >= from && row.ordered_at < until)
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

    fn warranty_minutes(&self) -> Estimate {
        let mut sums = [Sums::default(); 2];
        for row in &self.shop.tables().tickets {
            if let ("warranty", Some(minutes)) = (row.issue_type, row.handle_minutes) {
                sums[usize::from(row.assignee == Some("agent_07"))].add(minutes);
            }
        }
        let value = sums[1].mean() / sums[0].mean();
        Estimate {
            value,
            error: sums[1].less(sums[0]).error / sums[0].mean(),
        }
    }

    fn assortment(&self) -> Estimate {
        let class: HashMap<_, _> = self
            .shop
            .tables()
            .surveys
            .iter()
            .filter(|row| row.kind == "nps")
            .filter_map(|row| Some((row.response_id, points(row.score?))))
            .collect();
        let mut sums = [Sums::default(); 2];
        for row in &self.shop.tables().survey_drivers {
            if row.driver == "assortment" && class[&row.response_id] != 0.0 {
                sums[usize::from(class[&row.response_id] > 0.0)].add(row.rating);
            }
        }
        sums[1].less(sums[0])
    }
}
