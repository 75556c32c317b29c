//! A seeded make-believe shop: the after-sales tables of a small retailer, the
//! same rows for the same seed.
//!
//! Tests, benches and the demo need data that never changes and whose truth is
//! known. [`Shop::generate`] simulates customers one by one, each from random
//! streams of its own, and returns the rows of every canonical table; [`FACTS`]
//! lists what was planted in them, what to compare to see it and how large it
//! is, and [`Dirt`] counts the rows that are wrong on purpose. A
//! [`Config::quiet`] shop has nothing to be found, for counting false alarms.
//!
//! The crate reads no clock, no environment and no file. [`write_parquet`] is
//! the only function that touches a disk. It knows nothing of DataFusion.
//!
//! A shop is held in memory whole, at about 1.9 kB per order over all tables:
//! 370 MB for 200,000 orders. Parquet is written in row groups, so writing adds
//! one of them.
//!
//! ```
//! use aftersight_datagen::{Config, Shop};
//! use chrono::NaiveDate;
//!
//! let as_of = NaiveDate::from_ymd_opt(2026, 11, 16).ok_or("no such day")?;
//! let shop = Shop::generate(&Config::sized(as_of, 500));
//! assert_eq!(shop.summary().rows["orders"], shop.tables().orders.len());
//! # Ok::<(), &str>(())
//! ```

mod catalogue;
mod config;
mod dirt;
mod fact;
mod id;
mod life;
mod number;
mod parquet_file;
mod season;
mod shop;
mod story;
mod stream;
mod table;
mod timeline;
mod value;

pub use config::{Config, Ids};
pub use dirt::Dirt;
pub use fact::{Comparison, FACTS, PlantedFact, Unit, When};
pub use id::{
    CampaignId, CustomerId, FeedbackId, InteractionId, OrderId, RefundId, RepairId, ResponseId,
    ReturnId, ShipmentId, ShopId, Sku, TicketId,
};
pub use life::{Groups, PURCHASES, PurchaseProcess};
pub use parquet_file::write_parquet;
pub use shop::{Shop, Summary};
pub use table::*;
pub use timeline::{Mark, Span, Timeline};
pub use value::{Instant, Money};
