//! Rows refer to rows that exist, and agree with each other.

use std::collections::{HashMap, HashSet};

use aftersight_datagen::{OrderId, ReturnId};

use crate::CLEAN;

#[test]
fn every_reference_leads_to_a_row() {
    let t = CLEAN.tables();
    let shops: HashSet<_> = t.shops.iter().map(|row| row.shop_id).collect();
    let skus: HashSet<_> = t.products.iter().map(|row| row.sku).collect();
    let customers: HashSet<_> = t.customers.iter().map(|row| row.customer_id).collect();
    let orders: HashSet<_> = t.orders.iter().map(|row| row.order_id).collect();
    let items: HashSet<_> = t
        .order_items
        .iter()
        .map(|row| (row.order_id, row.line_no))
        .collect();
    let returns: HashSet<_> = t.returns.iter().map(|row| row.return_id).collect();
    let tickets: HashSet<_> = t.tickets.iter().map(|row| row.ticket_id).collect();
    let responses: HashSet<_> = t.surveys.iter().map(|row| row.response_id).collect();
    let campaigns: HashSet<_> = t.campaigns.iter().map(|row| row.campaign_id).collect();

    for row in &t.orders {
        assert!(
            row.customer_id.is_none_or(|id| customers.contains(&id)),
            "{row:?}"
        );
        assert!(shops.contains(&row.shop_id), "{row:?}");
        assert!(
            row.campaign_id.is_none_or(|id| campaigns.contains(&id)),
            "{row:?}"
        );
    }
    for row in &t.order_items {
        assert!(
            orders.contains(&row.order_id) && skus.contains(&row.sku),
            "{row:?}"
        );
    }
    for row in &t.shipments {
        assert!(orders.contains(&row.order_id), "{row:?}");
        let is_item = |line_no| items.contains(&(row.order_id, line_no));
        assert!(row.line_no.is_none_or(is_item), "{row:?}");
    }
    for row in &t.returns {
        let line = (row.order_id.unwrap(), row.line_no.unwrap());
        assert!(items.contains(&line), "{row:?}");
        assert!(
            row.exchange_order_id.is_none_or(|id| orders.contains(&id)),
            "{row:?}"
        );
        assert!(
            row.customer_id.is_none_or(|id| customers.contains(&id)),
            "{row:?}"
        );
    }
    for row in &t.refunds {
        assert!(orders.contains(&row.order_id), "{row:?}");
        assert!(
            row.return_id.is_none_or(|id| returns.contains(&id)),
            "{row:?}"
        );
        assert!(row.amount.0 >= 0, "{row:?}");
    }
    for row in &t.repairs {
        assert!(orders.contains(&row.order_id), "{row:?}");
        assert!(
            row.return_id.is_none_or(|id| returns.contains(&id)),
            "{row:?}"
        );
    }
    for row in &t.tickets {
        assert!(orders.contains(&row.order_id), "{row:?}");
        assert!(
            row.return_id.is_none_or(|id| returns.contains(&id)),
            "{row:?}"
        );
        assert!(
            row.customer_id.is_none_or(|id| customers.contains(&id)),
            "{row:?}"
        );
    }
    assert!(
        t.ticket_events
            .iter()
            .all(|row| tickets.contains(&row.ticket_id))
    );
    for row in &t.surveys {
        assert!(customers.contains(&row.customer_id), "{row:?}");
        assert!(
            row.order_id.is_none_or(|id| orders.contains(&id)),
            "{row:?}"
        );
        assert!(
            row.return_id.is_none_or(|id| returns.contains(&id)),
            "{row:?}"
        );
        assert!(
            row.ticket_id.is_none_or(|id| tickets.contains(&id)),
            "{row:?}"
        );
    }
    assert!(
        t.survey_drivers
            .iter()
            .all(|row| responses.contains(&row.response_id))
    );
    assert!(
        t.interactions
            .iter()
            .all(|row| row.order_id.is_none_or(|id| orders.contains(&id)))
    );
    assert!(
        t.id_map
            .iter()
            .all(|row| customers.contains(&row.customer_id))
    );
    for row in &t.assignments {
        assert!(customers.contains(&row.customer_id), "{row:?}");
        assert!(campaigns.contains(&row.campaign_id), "{row:?}");
    }
    for row in &t.actions {
        assert!(customers.contains(&row.customer_id), "{row:?}");
        assert!(responses.contains(&row.feedback_id.0), "{row:?}");
    }
}

#[test]
fn an_order_is_worth_its_lines() {
    let t = CLEAN.tables();
    let mut sums: HashMap<OrderId, (i64, i64)> = HashMap::new();
    for row in &t.order_items {
        let sum = sums.entry(row.order_id).or_default();
        sum.0 += row.unit_price.0 * row.quantity;
        sum.1 += row.discount_amount.0;
    }
    for row in &t.orders {
        let found = (row.gross_amount.0, row.discount_amount.0);
        assert_eq!(found, sums[&row.order_id], "{row:?}");
        assert!(!row.is_replacement || found == (0, 0), "{row:?}");
    }
}

#[test]
fn an_order_has_arrived_when_its_last_parcel_has() {
    let t = CLEAN.tables();
    let mut parcels: HashMap<OrderId, Vec<_>> = HashMap::new();
    for row in &t.shipments {
        parcels
            .entry(row.order_id)
            .or_default()
            .push(row.delivered_at);
    }
    for row in t.orders.iter().filter(|row| row.store_type == "online") {
        let Some(arrivals) = parcels.get(&row.order_id) else {
            assert_eq!(row.delivered_at, None, "{row:?}");
            continue;
        };
        let all: Option<Vec<_>> = arrivals.iter().copied().collect();
        let last = all.and_then(|all| all.into_iter().max());
        // The order's own column hears of a parcel when the parcel's row is
        // there, which may be days later; until then it knows more.
        assert!(
            last.is_none() || last == row.delivered_at,
            "{row:?} {last:?}"
        );
    }
}

#[test]
fn parcels_carry_what_was_ordered() {
    let t = CLEAN.tables();
    let mut sent: HashMap<OrderId, i64> = HashMap::new();
    for row in &t.shipments {
        *sent.entry(row.order_id).or_default() += row.quantity;
    }
    let mut ordered: HashMap<OrderId, i64> = HashMap::new();
    for row in &t.order_items {
        *ordered.entry(row.order_id).or_default() += row.quantity;
    }
    let end = CLEAN.config().end;
    let offset = CLEAN.config().utc_offset_minutes;
    let last_days = end
        .signed_duration_since(chrono::NaiveDate::default())
        .num_days()
        - 3;
    for row in &t.orders {
        // Parcels of one order may be recorded hours apart.
        let is_settled = row.ordered_at.local_day(offset) < last_days;
        if let Some(sent) = sent.get(&row.order_id).filter(|_| is_settled) {
            assert_eq!(*sent, ordered[&row.order_id], "{row:?}");
        }
    }
}

#[test]
fn stages_follow_each_other() {
    let t = CLEAN.tables();
    for row in &t.orders {
        let stages = [
            Some(row.ordered_at),
            row.paid_at,
            row.shipped_at,
            row.delivered_at,
        ];
        let known: Vec<_> = stages.into_iter().flatten().collect();
        assert!(known.is_sorted(), "{row:?}");
        assert!(row.recorded_at >= row.ordered_at, "{row:?}");
    }
    for row in &t.returns {
        let stages = [
            Some(row.requested_at),
            row.approved_at,
            row.received_at,
            row.inspected_at,
            row.closed_at,
        ];
        let known: Vec<_> = stages.into_iter().flatten().collect();
        assert!(known.is_sorted(), "{row:?}");
        assert!(
            row.refunded_at.is_none_or(|at| at > row.requested_at),
            "{row:?}"
        );
        assert!(row.recorded_at >= row.requested_at, "{row:?}");
    }
    let opened: HashMap<ReturnId, _> = t
        .returns
        .iter()
        .map(|row| (row.return_id, (row.requested_at, row.recorded_at)))
        .collect();
    for row in &t.refunds {
        if let Some((requested_at, recorded_at)) = row.return_id.map(|id| opened[&id]) {
            assert!(row.refunded_at > requested_at, "{row:?}");
            assert!(row.recorded_at >= recorded_at, "{row:?}");
        }
    }
}

#[test]
fn a_return_is_not_refunded_more_than_was_paid() {
    let t = CLEAN.tables();
    let paid: HashMap<_, _> = t
        .order_items
        .iter()
        .map(|row| {
            let net = row.unit_price.0 * row.quantity - row.discount_amount.0;
            ((row.order_id, row.line_no), (net, row.quantity))
        })
        .collect();
    let mut refunded: HashMap<ReturnId, i64> = HashMap::new();
    for row in t.refunds.iter().filter(|row| row.kind == "goods") {
        *refunded.entry(row.return_id.unwrap()).or_default() += row.amount.0;
    }
    let mut several: HashMap<ReturnId, usize> = HashMap::new();
    for row in t.refunds.iter().filter(|row| row.kind == "goods") {
        *several.entry(row.return_id.unwrap()).or_default() += 1;
    }
    assert!(several.values().any(|n| *n == 2));
    for row in &t.returns {
        let (net, quantity) = paid[&(row.order_id.unwrap(), row.line_no.unwrap())];
        assert!(row.quantity <= quantity, "{row:?}");
        if let Some(sum) = refunded.get(&row.return_id) {
            assert!(
                *sum <= net * row.quantity / quantity,
                "{row:?}: {sum} of {net}"
            );
            assert!(matches!(row.kind, "return" | "refund_only"), "{row:?}");
        }
    }
}

#[test]
fn a_ticket_says_what_its_events_say() {
    let t = CLEAN.tables();
    let mut events: HashMap<_, Vec<_>> = HashMap::new();
    for row in &t.ticket_events {
        events.entry(row.ticket_id).or_default().push(row);
    }
    for row in &t.tickets {
        let events = &events[&row.ticket_id];
        assert_eq!(events[0].occurred_at, row.created_at, "{row:?}");
        assert!(
            events.is_sorted_by_key(|event| event.occurred_at),
            "{row:?}"
        );
        let mut status = None;
        let mut reopens = 0;
        let mut solved_at = None;
        for event in events {
            assert_eq!(event.status_from, event.status_to.and(status), "{event:?}");
            if event.status_to == Some("open") && status == Some("solved") {
                reopens += 1;
            }
            if event.status_to == Some("solved") {
                solved_at = Some(event.occurred_at);
            }
            status = event.status_to.or(status);
        }
        assert_eq!(status, Some(row.status), "{row:?}");
        assert_eq!(reopens, row.reopens, "{row:?}");
        assert_eq!(solved_at, row.solved_at, "{row:?}");
    }
}

#[test]
fn answers_are_on_their_scale() {
    for row in &CLEAN.tables().surveys {
        assert_eq!(row.score.is_some(), row.responded_at.is_some(), "{row:?}");
        let (low, high) = match row.kind {
            "nps" => (0.0, 10.0),
            "csat" => (1.0, 5.0),
            "ces" => (1.0, 7.0),
            _ => panic!("{row:?}"),
        };
        let is_valid = |score: f64| score.fract() == 0.0 && (low..=high).contains(&score);
        assert!(row.score.is_none_or(is_valid), "{row:?}");
    }
}

#[test]
fn some_rows_are_recorded_days_late() {
    let t = CLEAN.tables();
    let days = |from: i64, until: i64| (until - from) / 86_400_000_000;
    let late_returns = t
        .returns
        .iter()
        .filter(|row| days(row.requested_at.0, row.recorded_at.0) >= 1)
        .count();
    let late_refunds = t
        .refunds
        .iter()
        .filter(|row| days(row.refunded_at.0, row.recorded_at.0) >= 1)
        .count();
    assert!(late_returns * 100 > t.returns.len(), "{late_returns}");
    assert!(late_refunds * 100 > t.refunds.len(), "{late_refunds}");
}
