//! Rows that are wrong on purpose, in known numbers.
//!
//! Real lakes have them; staging must exclude and count them. No row is dirty
//! in two ways, so each count can be checked alone.

use std::collections::HashSet;

use crate::id::{OrderId, ReturnId};
use crate::stream::{Stream, Topic};
use crate::table::{OrderItemRow, ReturnRow, Tables};
use crate::value::Instant;

/// How many rows are wrong, by what is wrong with them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dirt {
    /// `surveys`: NPS of 11, CSAT of 0 or CES of 8.
    pub out_of_range_scores: usize,
    /// `surveys`: NPS with half points, which belong to no class.
    pub fractional_nps_scores: usize,
    /// `returns`: the order does not exist.
    pub orphan_returns: usize,
    /// `returns`: more units than were sold.
    pub returns_over_quantity: usize,
    /// `returns`: a reason code no taxonomy knows.
    pub unknown_reasons: usize,
    /// `order_items`: an added line with a negative quantity, as some systems
    /// book a correction.
    pub negative_quantities: usize,
    /// `shipments`: delivered before it was shipped.
    pub deliveries_before_shipment: usize,
    /// `orders`: a second copy of a row, at the end of the table.
    pub duplicate_orders: usize,
    /// `order_items`: a second copy of a row, at the end of the table.
    pub duplicate_order_items: usize,
    /// `returns`: a second copy of a row, at the end of the table.
    pub duplicate_returns: usize,
    /// `surveys`: a second copy of a row, at the end of the table.
    pub duplicate_surveys: usize,
    /// `orders`: no customer. Not wrong, but outside every customer measure;
    /// counted whether or not dirt was asked for.
    pub guest_orders: usize,
}

impl Dirt {
    /// Returns the number of rows that are copies of another.
    #[must_use]
    pub fn duplicate_rows(&self) -> usize {
        self.duplicate_orders
            + self.duplicate_order_items
            + self.duplicate_returns
            + self.duplicate_surveys
    }
}

/// The code of a reason that was abolished long ago.
const UNKNOWN_REASON: &str = "legacy_17";

/// Counts the guests, and nothing else.
pub(crate) fn count_guests(tables: &Tables) -> usize {
    let orders = tables.orders.iter();
    orders.filter(|row| row.customer_id.is_none()).count()
}

/// Adds the dirt to clean tables and counts it.
pub(crate) fn soil(tables: &mut Tables, seed: u64) -> Dirt {
    let stream = &mut Stream::new(seed, Topic::Dirt, 0);
    let mut dirt = Dirt {
        guest_orders: count_guests(tables),
        ..Dirt::default()
    };
    soil_surveys(tables, stream, &mut dirt);
    soil_returns(tables, stream, &mut dirt);
    soil_order_items(tables, stream, &mut dirt);

    let shipments = &mut tables.shipments;
    let arrived = |idx: usize| shipments[idx].delivered_at.is_some();
    for idx in Draw::over(shipments.len()).some(stream, 0.5, arrived) {
        let row = &mut shipments[idx];
        row.delivered_at = Some(Instant::from_seconds(row.shipped_at.seconds() - 86_400));
        dirt.deliveries_before_shipment += 1;
    }

    let orders = &mut tables.orders;
    // Copies of orders with a customer only, so that the guests stay counted.
    let has_customer = |idx: usize| orders[idx].customer_id.is_some();
    for idx in Draw::over(orders.len()).some(stream, 0.5, has_customer) {
        orders.push(orders[idx].clone());
        dirt.duplicate_orders += 1;
    }
    dirt
}

fn soil_surveys(tables: &mut Tables, stream: &mut Stream, dirt: &mut Dirt) {
    let rows = &mut tables.surveys;
    let mut draw = Draw::over(rows.len());
    let is_answered = |idx: usize| rows[idx].score.is_some();
    for idx in draw.some(stream, 0.5, is_answered) {
        let row = &mut rows[idx];
        row.score = Some(match row.kind {
            "nps" => 11.0,
            "csat" => 0.0,
            _ => 8.0,
        });
        dirt.out_of_range_scores += 1;
    }
    let is_nps = |idx: usize| rows[idx].score.is_some() && rows[idx].kind == "nps";
    for idx in draw.some(stream, 0.25, is_nps) {
        rows[idx].score = Some(6.5);
        dirt.fractional_nps_scores += 1;
    }
    for idx in draw.some(stream, 0.25, |_| true) {
        rows.push(rows[idx].clone());
        dirt.duplicate_surveys += 1;
    }
}

fn soil_returns(tables: &mut Tables, stream: &mut Stream, dirt: &mut Dirt) {
    let rows = &mut tables.returns;
    let mut draw = Draw::over(rows.len());
    for idx in draw.some(stream, 8.0, |_| true) {
        rows[idx].reason_code = UNKNOWN_REASON;
        dirt.unknown_reasons += 1;
    }
    for idx in draw.some(stream, 2.0, |_| true) {
        rows[idx].quantity += 10;
        dirt.returns_over_quantity += 1;
    }
    for idx in draw.some(stream, 3.0, |_| true) {
        rows.push(rows[idx].clone());
        dirt.duplicate_returns += 1;
    }
    let last_order = tables.orders.iter().map(|row| row.order_id.0).max();
    let last_return = rows.iter().map(|row| row.return_id.0).max().unwrap_or(0);
    for idx in draw.some(stream, 3.0, |_| true) {
        dirt.orphan_returns += 1;
        let no = dirt.orphan_returns as i64;
        rows.push(ReturnRow {
            return_id: ReturnId(last_return + no),
            // Far from the last order, so that a shop that goes on does not
            // reach it by chance.
            order_id: Some(OrderId(last_order.unwrap_or(0) + 1_000_000 + no)),
            customer_id: None,
            exchange_order_id: None,
            ..rows[idx].clone()
        });
    }
}

fn soil_order_items(tables: &mut Tables, stream: &mut Stream, dirt: &mut Dirt) {
    let rows = &mut tables.order_items;
    let mut draw = Draw::over(rows.len());
    for idx in draw.some(stream, 0.5, |_| true) {
        rows.push(rows[idx].clone());
        dirt.duplicate_order_items += 1;
    }
    for idx in draw.some(stream, 0.5, |_| true) {
        rows.push(OrderItemRow {
            // No order has so many lines: the key stays unique.
            line_no: rows[idx].line_no + 90,
            quantity: -rows[idx].quantity,
            ..rows[idx].clone()
        });
        dirt.negative_quantities += 1;
    }
}

/// Draws rows of a table, none twice.
struct Draw {
    len: usize,
    taken: HashSet<usize>,
}

impl Draw {
    fn over(len: usize) -> Self {
        Self {
            len,
            taken: HashSet::new(),
        }
    }

    /// Returns so many in a thousand of the table's rows, at least one if there
    /// is a row that fits.
    fn some(
        &mut self,
        stream: &mut Stream,
        per_mille: f64,
        fits: impl Fn(usize) -> bool,
    ) -> Vec<usize> {
        let mut left: Vec<usize> = (0..self.len)
            .filter(|idx| !self.taken.contains(idx) && fits(*idx))
            .collect();
        let wanted = (self.len as f64 * per_mille / 1000.0).ceil() as usize;
        let mut drawn = Vec::with_capacity(wanted);
        while drawn.len() < wanted && !left.is_empty() {
            let at = stream.whole(0, left.len() as i64 - 1) as usize;
            drawn.push(left.swap_remove(at));
        }
        self.taken.extend(&drawn);
        drawn.sort_unstable();
        drawn
    }
}
