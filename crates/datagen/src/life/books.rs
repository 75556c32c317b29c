//! The shop's books: rows are entered here while lives unfold.
//!
//! One guard keeps the future out: a row the lake would learn of at or after
//! the end is not entered. A row is never recorded before the row it refers
//! to, so leaving out a parent leaves out its children.

use crate::id::{
    CustomerId, InteractionId, OrderId, RefundId, RepairId, ResponseId, ReturnId, ShipmentId,
    TicketId,
};
use crate::table::{
    ActionRow, AssignmentRow, CustomerRow, InteractionRow, OrderItemRow, OrderRow, RefundRow,
    RepairRow, ReturnRow, ShipmentRow, SurveyDriverRow, SurveyRow, Tables, TicketEventRow,
    TicketRow,
};
use crate::value::Instant;

/// Customers who do something others do not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Groups {
    /// Return most of what they buy.
    pub serial_returners: Vec<CustomerId>,
    /// Order several sizes of an article and keep one.
    pub bracketers: Vec<CustomerId>,
    /// Claim damage, get their money and keep the goods.
    pub refund_abusers: Vec<CustomerId>,
}

impl Groups {
    pub(crate) fn lists(&mut self) -> [&mut Vec<CustomerId>; 3] {
        let Self {
            serial_returners,
            bracketers,
            refund_abusers,
        } = self;
        [serial_returners, bracketers, refund_abusers]
    }
}

/// The tables so far, and the next number of each id.
pub(crate) struct Books {
    pub(crate) tables: Tables,
    /// Nothing from here on is known.
    end: Instant,
    /// False while orders older than the data are lived through: they shape
    /// the customer and leave no rows.
    pub(crate) is_recording: bool,
    /// Customers who do something others do not.
    pub(crate) groups: Groups,
    last_id: i64,
}

macro_rules! enter {
    ($($method:ident: $row:ident into $table:ident;)*) => {$(
        pub(crate) fn $method(&mut self, row: $row) {
            if self.is_recording && row.recorded_at < self.end {
                self.tables.$table.push(row);
            }
        }
    )*};
}

macro_rules! number {
    ($($method:ident -> $id:ident;)*) => {$(
        pub(crate) fn $method(&mut self) -> $id {
            self.last_id += 1;
            $id(self.last_id)
        }
    )*};
}

impl Books {
    pub(crate) fn new(end: Instant) -> Self {
        Self {
            tables: Tables::default(),
            end,
            is_recording: true,
            groups: Groups::default(),
            last_id: 0,
        }
    }

    enter! {
        customer: CustomerRow into customers;
        order: OrderRow into orders;
        order_item: OrderItemRow into order_items;
        shipment: ShipmentRow into shipments;
        return_: ReturnRow into returns;
        refund: RefundRow into refunds;
        repair: RepairRow into repairs;
        ticket: TicketRow into tickets;
        ticket_event: TicketEventRow into ticket_events;
        survey: SurveyRow into surveys;
        driver: SurveyDriverRow into survey_drivers;
        interaction: InteractionRow into interactions;
        assignment: AssignmentRow into assignments;
        action: ActionRow into actions;
    }

    // Numbers given here only tell rows apart; `number.rs` gives the final ones
    // in the order of time.
    number! {
        order_id -> OrderId;
        shipment_id -> ShipmentId;
        return_id -> ReturnId;
        refund_id -> RefundId;
        repair_id -> RepairId;
        ticket_id -> TicketId;
        response_id -> ResponseId;
        interaction_id -> InteractionId;
    }
}
