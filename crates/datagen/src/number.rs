//! Final numbers and order of rows: ids grow with time, rows are sorted by it.
//!
//! Lives unfold customer by customer, a real shop's ids are given in the order
//! of events. The numbers from the books are replaced here, everywhere.

use std::collections::HashMap;

use crate::id::{
    CustomerId, InteractionId, OrderId, RefundId, RepairId, ResponseId, ReturnId, ShipmentId,
    TicketId,
};
use crate::life::Groups;
use crate::table::Tables;

/// Renumbers and sorts every table; the groups of customers beside them too.
pub(crate) fn renumber(tables: &mut Tables, groups: &mut Groups) {
    sort_by_time(tables);
    let customers = ranks(tables.customers.iter().map(|row| row.customer_id.0));
    let orders = ranks(tables.orders.iter().map(|row| row.order_id.0));
    let returns = ranks(tables.returns.iter().map(|row| row.return_id.0));
    let tickets = ranks(tables.tickets.iter().map(|row| row.ticket_id.0));
    let responses = ranks(tables.surveys.iter().map(|row| row.response_id.0));

    let customer = |id: &mut CustomerId| id.0 = rank(&customers, id.0);
    let order = |id: &mut OrderId| id.0 = rank(&orders, id.0);
    let return_ = |id: &mut ReturnId| id.0 = rank(&returns, id.0);
    let ticket = |id: &mut TicketId| id.0 = rank(&tickets, id.0);
    let response = |id: &mut ResponseId| id.0 = rank(&responses, id.0);

    for listed in groups.lists() {
        listed.retain(|id| customers.contains_key(&id.0));
        listed.iter_mut().for_each(customer);
        listed.sort();
    }
    for row in &mut tables.customers {
        customer(&mut row.customer_id);
    }
    for row in &mut tables.id_map {
        customer(&mut row.customer_id);
    }
    for row in &mut tables.orders {
        order(&mut row.order_id);
        row.customer_id.iter_mut().for_each(customer);
    }
    for row in &mut tables.order_items {
        order(&mut row.order_id);
    }
    for (no, row) in (1..).zip(&mut tables.shipments) {
        row.shipment_id = ShipmentId(no);
        order(&mut row.order_id);
    }
    for row in &mut tables.returns {
        return_(&mut row.return_id);
        row.order_id.iter_mut().for_each(order);
        row.exchange_order_id.iter_mut().for_each(order);
        row.customer_id.iter_mut().for_each(customer);
    }
    for (no, row) in (1..).zip(&mut tables.refunds) {
        row.refund_id = RefundId(no);
        order(&mut row.order_id);
        row.return_id.iter_mut().for_each(return_);
        row.customer_id.iter_mut().for_each(customer);
    }
    for (no, row) in (1..).zip(&mut tables.repairs) {
        row.repair_id = RepairId(no);
        order(&mut row.order_id);
        row.return_id.iter_mut().for_each(return_);
    }
    for row in &mut tables.tickets {
        ticket(&mut row.ticket_id);
        order(&mut row.order_id);
        row.return_id.iter_mut().for_each(return_);
        row.customer_id.iter_mut().for_each(customer);
    }
    for row in &mut tables.ticket_events {
        ticket(&mut row.ticket_id);
    }
    for row in &mut tables.surveys {
        response(&mut row.response_id);
        customer(&mut row.customer_id);
        row.order_id.iter_mut().for_each(order);
        row.return_id.iter_mut().for_each(return_);
        row.ticket_id.iter_mut().for_each(ticket);
    }
    for row in &mut tables.survey_drivers {
        response(&mut row.response_id);
    }
    for (no, row) in (1..).zip(&mut tables.interactions) {
        row.interaction_id = InteractionId(no);
        row.order_id.iter_mut().for_each(order);
        row.customer_id.iter_mut().for_each(customer);
    }
    for row in &mut tables.assignments {
        customer(&mut row.customer_id);
    }
    for row in &mut tables.actions {
        response(&mut row.feedback_id.0);
        customer(&mut row.customer_id);
    }
    sort_by_parent(tables);
}

/// Sorts the tables that have a time of their own; the numbers from the books,
/// which are unique, break ties.
fn sort_by_time(tables: &mut Tables) {
    tables
        .customers
        .sort_by_key(|row| (row.first_seen_at, row.customer_id));
    tables
        .orders
        .sort_by_key(|row| (row.ordered_at, row.order_id));
    tables
        .shipments
        .sort_by_key(|row| (row.shipped_at, row.shipment_id));
    tables
        .returns
        .sort_by_key(|row| (row.requested_at, row.return_id));
    tables
        .refunds
        .sort_by_key(|row| (row.refunded_at, row.refund_id));
    tables
        .repairs
        .sort_by_key(|row| (row.opened_at, row.repair_id));
    tables
        .tickets
        .sort_by_key(|row| (row.created_at, row.ticket_id));
    // Stable: the answers to one questionnaire stay in the order asked.
    tables
        .surveys
        .sort_by_key(|row| (row.sent_at, row.response_id));
    tables
        .interactions
        .sort_by_key(|row| (row.occurred_at, row.interaction_id));
}

/// Sorts the tables that follow another's numbers.
fn sort_by_parent(tables: &mut Tables) {
    tables.id_map.sort_by_key(|row| row.customer_id);
    tables
        .order_items
        .sort_by_key(|row| (row.order_id, row.line_no));
    tables
        .ticket_events
        .sort_by_key(|row| (row.ticket_id, row.event_no));
    tables
        .survey_drivers
        .sort_by_key(|row| (row.response_id, row.driver));
    tables
        .assignments
        .sort_by_key(|row| (row.campaign_id, row.customer_id));
    tables
        .actions
        .sort_by_key(|row| (row.received_at, row.feedback_id));
}

/// Numbers the ids from 1 in the order they come in; repeated ones once.
fn ranks(ids: impl Iterator<Item = i64>) -> HashMap<i64, i64> {
    let mut ranks = HashMap::new();
    for id in ids {
        let next = ranks.len() as i64 + 1;
        ranks.entry(id).or_insert(next);
    }
    ranks
}

/// Returns the final number; 0, which no row has, for a row that is not there.
/// The integrity test would find it.
fn rank(ranks: &HashMap<i64, i64>, id: i64) -> i64 {
    ranks.get(&id).copied().unwrap_or(0)
}
