//! Ids: a number inside, an integer or a prefixed text outside.
//!
//! The simulation only sees numbers, so a shop with text ids is the same shop.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, StringArray};
use arrow::datatypes::DataType;

use crate::Ids;
use crate::value::Value;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal, $digits:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl $name {
            /// Returns the id as it is written in a text column.
            #[must_use]
            pub fn text(self) -> String {
                format!(concat!($prefix, "-{:0", $digits, "}"), self.0)
            }
        }

        impl Value for $name {
            fn data_type(ids: Ids) -> DataType {
                match ids {
                    Ids::Integer => DataType::Int64,
                    Ids::Text => DataType::Utf8,
                }
            }

            fn array<'a>(values: impl Iterator<Item = Option<&'a Self>>, ids: Ids) -> ArrayRef {
                match ids {
                    Ids::Integer => {
                        Arc::new(values.map(|id| id.map(|id| id.0)).collect::<Int64Array>())
                    }
                    Ids::Text => {
                        Arc::new(values.map(|id| id.map(|id| id.text())).collect::<StringArray>())
                    }
                }
            }
        }
    )*};
}

ids! {
    /// A shop.
    ShopId = "SHP", "2";
    /// An article.
    Sku = "SKU", "4";
    /// A customer.
    CustomerId = "CUS", "8";
    /// An order.
    OrderId = "ORD", "8";
    /// A parcel line.
    ShipmentId = "SHM", "8";
    /// A return.
    ReturnId = "RET", "8";
    /// A refund.
    RefundId = "REF", "8";
    /// A repair.
    RepairId = "REP", "6";
    /// A ticket.
    TicketId = "TCK", "8";
    /// A questionnaire.
    ResponseId = "RSP", "8";
    /// A review, post, call, chat or page view.
    InteractionId = "INT", "8";
    /// A campaign.
    CampaignId = "CMP", "3";
}

/// The feedback an action answers: always text, because it may be a survey
/// response, a ticket or a review. Here it is a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeedbackId(pub ResponseId);

impl Value for FeedbackId {
    fn data_type(_: Ids) -> DataType {
        DataType::Utf8
    }

    fn array<'a>(values: impl Iterator<Item = Option<&'a Self>>, ids: Ids) -> ArrayRef {
        let text = |id: &FeedbackId| match ids {
            Ids::Integer => id.0.0.to_string(),
            Ids::Text => id.0.text(),
        };
        Arc::new(values.map(|id| id.map(text)).collect::<StringArray>())
    }
}
