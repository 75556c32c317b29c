//! The slow loops: each planted fact measured on raw rows, with its error.

mod deliveries;
mod desk;
mod goods;
mod opinions;
mod reach;
mod returns;
mod sales;

use std::collections::{HashMap, HashSet};

use aftersight_datagen::{
    CustomerId, Instant, Mark, OrderId, OrderRow, ReturnRow, Shop, Sku, SurveyRow,
};
use chrono::NaiveDate;

use crate::estimate::{Estimate, Share, ratio};

/// The shop with what the loops look up.
pub(crate) struct Raw<'a> {
    pub(crate) shop: &'a Shop,
    pub(crate) orders: HashMap<OrderId, &'a OrderRow>,
    /// Lateness of delivered orders: their last parcel after its promise.
    late: HashMap<OrderId, bool>,
    carrier: HashMap<OrderId, &'static str>,
    /// Customers who return as others do not.
    peculiar: HashSet<CustomerId>,
    by_line: HashMap<(OrderId, i64), &'a ReturnRow>,
    returned_orders: HashSet<OrderId>,
    subcategory: HashMap<Sku, &'static str>,
}

/// One line that arrived long enough ago to have come back.
struct Line<'a> {
    order: &'a OrderRow,
    line_no: i64,
    sku: Sku,
    category: &'static str,
    quantity: i64,
    net: i64,
    cost: i64,
    is_promo: bool,
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
        let groups = &shop.summary().groups;
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
            peculiar: [
                &groups.serial_returners,
                &groups.bracketers,
                &groups.refund_abusers,
            ]
            .into_iter()
            .flatten()
            .copied()
            .collect(),
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
            subcategory: tables
                .products
                .iter()
                .map(|row| (row.sku, row.subcategory))
                .collect(),
        }
    }

    /// Measures a fact of the list; panics for one nobody measures.
    pub(crate) fn measure(&self, fact: &str) -> Estimate {
        self.measure_sales(fact)
            .or_else(|| self.measure_deliveries(fact))
            .or_else(|| self.measure_returns(fact))
            .or_else(|| self.measure_goods(fact))
            .or_else(|| self.measure_opinions(fact))
            .or_else(|| self.measure_desk(fact))
            .or_else(|| self.measure_reach(fact))
            .unwrap_or_else(|| panic!("nobody measures {fact}"))
    }

    fn midnight(&self, day: NaiveDate) -> Instant {
        let offset = i64::from(self.shop.config().utc_offset_minutes) * 60;
        let days = day.signed_duration_since(NaiveDate::default()).num_days();
        Instant::from_seconds(days * 86_400 - offset)
    }

    pub(crate) fn days_before_end(&self, days: u64) -> Instant {
        self.midnight(self.shop.config().end - chrono::Days::new(days))
    }

    /// First instant of a part of the story, and the first after it.
    fn span(&self, mark: Mark) -> std::ops::Range<Instant> {
        let span = self.shop.summary().timeline.span(mark);
        self.midnight(span.from)..self.midnight(span.until)
    }

    fn date(&self, instant: Instant) -> NaiveDate {
        let day = instant.local_day(self.shop.config().utc_offset_minutes);
        NaiveDate::default() + chrono::Days::new(day as u64)
    }

    pub(crate) fn purchases(&self) -> impl Iterator<Item = &'a OrderRow> {
        let orders = self.shop.tables().orders.iter();
        orders.filter(|row| !row.is_replacement)
    }

    fn is_peculiar(&self, order: &OrderRow) -> bool {
        order
            .customer_id
            .is_some_and(|id| self.peculiar.contains(&id))
    }

    /// Lines that arrived at least 45 days before the end: windows of 15 days
    /// and ten days of late recording are over.
    fn all_mature_lines(&self) -> impl Iterator<Item = Line<'a>> {
        let limit = self.days_before_end(45);
        let items = self.shop.tables().order_items.iter();
        items.filter_map(move |row| {
            let order = self.orders[&row.order_id];
            let is_mature = order.delivered_at.is_some_and(|at| at < limit);
            (is_mature && !order.is_replacement).then(|| Line {
                order,
                line_no: row.line_no,
                sku: row.sku,
                category: row.category.unwrap(),
                quantity: row.quantity,
                net: row.unit_price.0 * row.quantity - row.discount_amount.0,
                cost: row.unit_cost.0,
                is_promo: row.discount_amount.0 > 0,
                is_late: self.late.get(&row.order_id).copied(),
                back: self.by_line.get(&(row.order_id, row.line_no)).copied(),
            })
        })
    }

    /// Mature lines of ordinary customers.
    fn mature_lines(&self) -> impl Iterator<Item = Line<'a>> {
        self.all_mature_lines()
            .filter(|line| !self.is_peculiar(line.order))
    }

    /// Ratio of the lines returned for a reason.
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

    fn is_late(&self, row: &SurveyRow) -> Option<bool> {
        self.late.get(&row.order_id?).copied()
    }

    pub(crate) fn answers(
        &self,
        touchpoint: &str,
        kind: &str,
    ) -> impl Iterator<Item = &'a SurveyRow> {
        self.shop.tables().surveys.iter().filter(move |row| {
            row.touchpoint == touchpoint && row.kind == kind && row.score.is_some()
        })
    }

    /// Whether a customer orders again within some days of an order.
    pub(crate) fn orders_again(&self) -> impl Fn(&OrderRow, i64) -> Option<bool> {
        let mut times: HashMap<CustomerId, Vec<Instant>> = HashMap::new();
        for row in self.purchases() {
            if let Some(id) = row.customer_id {
                times.entry(id).or_default().push(row.ordered_at);
            }
        }
        move |order, days| {
            let until = Instant(order.ordered_at.0 + days * 86_400_000_000);
            let is_next = |at: &&Instant| **at > order.ordered_at && **at <= until;
            Some(times[&order.customer_id?].iter().find(is_next).is_some())
        }
    }

    /// First orders of ordinary customers who came within the data.
    pub(crate) fn first_orders(&self) -> Vec<&'a OrderRow> {
        let start = self.midnight(self.shop.config().start);
        let came: HashMap<CustomerId, Instant> = self
            .shop
            .tables()
            .customers
            .iter()
            .map(|row| (row.customer_id, row.first_seen_at))
            .collect();
        let mut seen = HashSet::new();
        self.purchases()
            .filter(|row| {
                row.customer_id.is_some_and(|id| {
                    seen.insert(id) && came[&id] >= start && !self.peculiar.contains(&id)
                })
            })
            .collect()
    }
}
