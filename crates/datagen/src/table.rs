//! The rows of every canonical table, and how they become record batches.
//!
//! Names, order and types of the columns are those of the engine's canonical
//! table file; a test reads that file and compares. A field that is never
//! absent in this shop is not an `Option`, whatever the contract allows.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema, SchemaRef};
use chrono::NaiveDate;

use crate::Ids;
use crate::id::{
    CampaignId, CustomerId, FeedbackId, InteractionId, OrderId, RefundId, RepairId, ResponseId,
    ReturnId, ShipmentId, ShopId, Sku, TicketId,
};
use crate::value::{Cell, Instant, Money};

macro_rules! tables {
    ($($(#[$doc:meta])* $row:ident in $table:ident { $($column:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, PartialEq)]
            pub struct $row {
                $(
                    #[doc = concat!("Canonical column `", stringify!($column), "`.")]
                    pub $column: $type,
                )*
            }

            impl $row {
                /// Returns the columns of the table.
                #[must_use]
                pub fn schema(ids: Ids) -> SchemaRef {
                    Arc::new(Schema::new(vec![$(
                        Field::new(
                            stringify!($column),
                            <$type as Cell>::data_type(ids),
                            <$type as Cell>::NULLABLE,
                        ),
                    )*]))
                }

                /// Returns rows as one record batch.
                #[must_use]
                pub fn batch(rows: &[Self], ids: Ids) -> RecordBatch {
                    let columns = vec![$(
                        <$type as Cell>::array(rows.iter().map(|row| &row.$column), ids),
                    )*];
                    RecordBatch::try_new(Self::schema(ids), columns)
                        .expect("schema and columns come from the same fields")
                }
            }
        )*

        /// The rows of every canonical table.
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct Tables {
            $(
                #[doc = concat!("Rows of `", stringify!($table), "`.")]
                pub $table: Vec<$row>,
            )*
        }

        impl Tables {
            /// Returns each table's name and number of rows, in the contract's
            /// order.
            #[must_use]
            pub fn row_counts(&self) -> Vec<(&'static str, usize)> {
                vec![$((stringify!($table), self.$table.len()),)*]
            }

            /// Calls back with each table's name and rows as batches of at most
            /// `max_rows`, so that only one batch is in memory beside the rows.
            /// A table without rows gives one empty batch.
            ///
            /// # Errors
            /// Stops at the first error of the callback and returns it.
            pub fn for_each_batch<E>(
                &self,
                ids: Ids,
                max_rows: usize,
                mut each: impl FnMut(&'static str, RecordBatch) -> Result<(), E>,
            ) -> Result<(), E> {
                $(
                    if self.$table.is_empty() {
                        each(stringify!($table), $row::batch(&[], ids))?;
                    }
                    for rows in self.$table.chunks(max_rows.max(1)) {
                        each(stringify!($table), $row::batch(rows, ids))?;
                    }
                )*
                Ok(())
            }
        }
    };
}

tables! {
    /// A shop or marketplace account the workspace sells through.
    ShopRow in shops {
        shop_id: ShopId,
        name: &'static str,
        marketplace: Option<&'static str>,
        currency: &'static str,
        return_days: i64,
    }

    /// An article that can be sold.
    ProductRow in products {
        sku: Sku,
        name: String,
        category: &'static str,
        subcategory: &'static str,
        unit_cost: Money,
    }

    /// A person or firm that buys.
    CustomerRow in customers {
        customer_id: CustomerId,
        first_seen_at: Instant,
        channel: &'static str,
        region: &'static str,
        birth_date: Option<NaiveDate>,
        gender: Option<&'static str>,
        is_vip: bool,
        has_marketing_consent: bool,
        email: Option<String>,
        phone: Option<String>,
        recorded_at: Instant,
    }

    /// Which customer an account of a source belongs to.
    IdMapRow in id_map {
        source: &'static str,
        source_customer_id: String,
        customer_id: CustomerId,
    }

    /// A purchase.
    OrderRow in orders {
        order_id: OrderId,
        customer_id: Option<CustomerId>,
        shop_id: ShopId,
        channel: &'static str,
        store_type: &'static str,
        campaign_id: Option<CampaignId>,
        status: &'static str,
        currency: &'static str,
        is_replacement: bool,
        gross_amount: Money,
        discount_amount: Money,
        shipping_fee: Money,
        ordered_at: Instant,
        paid_at: Option<Instant>,
        promised_at: Option<Instant>,
        shipped_at: Option<Instant>,
        delivered_at: Option<Instant>,
        cancelled_at: Option<Instant>,
        recorded_at: Instant,
    }

    /// A line of an order.
    OrderItemRow in order_items {
        order_id: OrderId,
        line_no: i64,
        sku: Sku,
        category: Option<&'static str>,
        quantity: i64,
        unit_price: Money,
        unit_cost: Money,
        discount_amount: Money,
        recorded_at: Instant,
    }

    /// A delivery of an order line, or of part of one.
    ShipmentRow in shipments {
        shipment_id: ShipmentId,
        order_id: OrderId,
        line_no: Option<i64>,
        quantity: i64,
        carrier: &'static str,
        promised_at: Instant,
        shipped_at: Instant,
        delivered_at: Option<Instant>,
        recorded_at: Instant,
    }

    /// Goods a customer wants to send back, exchange or have repaired: one request per order line.
    ReturnRow in returns {
        return_id: ReturnId,
        order_id: Option<OrderId>,
        line_no: Option<i64>,
        customer_id: Option<CustomerId>,
        sku: Option<Sku>,
        shop_id: ShopId,
        quantity: i64,
        kind: &'static str,
        reason_code: &'static str,
        reason_text: Option<&'static str>,
        channel: &'static str,
        outcome: Option<&'static str>,
        exchange_order_id: Option<OrderId>,
        refund_amount: Option<Money>,
        reverse_shipping_cost: Option<Money>,
        handling_cost: Option<Money>,
        recovery_value: Option<Money>,
        requested_at: Instant,
        approved_at: Option<Instant>,
        received_at: Option<Instant>,
        inspected_at: Option<Instant>,
        refunded_at: Option<Instant>,
        closed_at: Option<Instant>,
        recorded_at: Instant,
    }

    /// Money paid back; several per return or order are normal.
    RefundRow in refunds {
        refund_id: RefundId,
        order_id: OrderId,
        line_no: Option<i64>,
        return_id: Option<ReturnId>,
        customer_id: Option<CustomerId>,
        kind: &'static str,
        currency: &'static str,
        amount: Money,
        tax_amount: Option<Money>,
        refunded_at: Instant,
        recorded_at: Instant,
    }

    /// A repair of an article.
    RepairRow in repairs {
        repair_id: RepairId,
        order_id: OrderId,
        return_id: Option<ReturnId>,
        sku: Sku,
        is_warranty: bool,
        labour_hours: f64,
        labour_rate: Money,
        parts_cost: Money,
        shipping_cost: Money,
        failed_at: Instant,
        opened_at: Instant,
        closed_at: Option<Instant>,
        recorded_at: Instant,
    }

    /// A contact case of the service desk.
    TicketRow in tickets {
        ticket_id: TicketId,
        customer_id: Option<CustomerId>,
        order_id: OrderId,
        return_id: Option<ReturnId>,
        shop_id: ShopId,
        issue_type: &'static str,
        kind: &'static str,
        channel: &'static str,
        priority: &'static str,
        status: &'static str,
        team: &'static str,
        assignee: Option<&'static str>,
        resolution_code: Option<&'static str>,
        reopens: i64,
        agent_replies: i64,
        handle_minutes: Option<f64>,
        is_bot_contained: bool,
        created_at: Instant,
        first_public_reply_at: Option<Instant>,
        first_solved_at: Option<Instant>,
        solved_at: Option<Instant>,
        recorded_at: Instant,
    }

    /// Something that happened to a ticket.
    TicketEventRow in ticket_events {
        ticket_id: TicketId,
        event_no: i64,
        actor: &'static str,
        agent_id: Option<&'static str>,
        event: &'static str,
        status_from: Option<&'static str>,
        status_to: Option<&'static str>,
        is_public: bool,
        occurred_at: Instant,
        recorded_at: Instant,
    }

    /// One answer to one question of a survey; wide sources are unpivoted by the mapping.
    SurveyRow in surveys {
        response_id: ResponseId,
        kind: &'static str,
        customer_id: CustomerId,
        shop_id: ShopId,
        scope: &'static str,
        touchpoint: &'static str,
        channel: &'static str,
        order_id: Option<OrderId>,
        return_id: Option<ReturnId>,
        ticket_id: Option<TicketId>,
        scale: Option<i64>,
        direction: Option<&'static str>,
        score: Option<f64>,
        weight: Option<f64>,
        comment: Option<&'static str>,
        sent_at: Instant,
        responded_at: Option<Instant>,
        recorded_at: Instant,
    }

    /// A rating of one attribute within a questionnaire.
    SurveyDriverRow in survey_drivers {
        response_id: ResponseId,
        driver: &'static str,
        rating: f64,
        recorded_at: Instant,
    }

    /// A review, post, call, chat or page view.
    InteractionRow in interactions {
        interaction_id: InteractionId,
        customer_id: Option<CustomerId>,
        order_id: Option<OrderId>,
        sku: Option<Sku>,
        source: &'static str,
        step: &'static str,
        aspect: Option<&'static str>,
        sentiment: Option<&'static str>,
        rating: Option<f64>,
        text: Option<String>,
        occurred_at: Instant,
        recorded_at: Instant,
    }

    /// A measure that addresses customers.
    CampaignRow in campaigns {
        campaign_id: CampaignId,
        name: &'static str,
        channel: &'static str,
        offer: &'static str,
        starts_at: Instant,
        ends_at: Instant,
        recorded_at: Instant,
    }

    /// A customer's arm in a campaign, and what came of it.
    AssignmentRow in assignments {
        campaign_id: CampaignId,
        customer_id: CustomerId,
        arm: &'static str,
        cost: Money,
        assigned_at: Instant,
        sent_at: Option<Instant>,
        delivered_at: Option<Instant>,
        opened_at: Option<Instant>,
        redeemed_at: Option<Instant>,
        recorded_at: Instant,
    }

    /// What was done about a piece of feedback.
    ActionRow in actions {
        feedback_id: FeedbackId,
        source: &'static str,
        customer_id: CustomerId,
        owner: &'static str,
        measure: Option<&'static str>,
        target_metric: &'static str,
        received_at: Instant,
        routed_at: Option<Instant>,
        acted_at: Option<Instant>,
        notified_at: Option<Instant>,
        recorded_at: Instant,
    }

    /// What one unit of an after-sales activity costs.
    CostRateRow in cost_rates {
        activity: &'static str,
        valid_from: NaiveDate,
        unit: &'static str,
        rate: Money,
        currency: &'static str,
    }

    /// Exchange rates.
    FxRateRow in fx_rates {
        currency: &'static str,
        day: NaiveDate,
        rate: f64,
    }

    /// Days on which the desk is closed.
    HolidayRow in holidays {
        calendar: &'static str,
        day: NaiveDate,
        name: &'static str,
    }

    /// Opening hours of a team.
    ShiftRow in shifts {
        team: &'static str,
        weekday: i64,
        opens_at: &'static str,
        closes_at: &'static str,
    }

    /// Something that happened and may explain a number: a strike, a sale, a release.
    CalendarEventRow in calendar_events {
        day: NaiveDate,
        name: &'static str,
        kind: &'static str,
    }
}
