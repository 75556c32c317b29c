//! Tests of the make-believe shop, from outside.

// The lint's own exception for tests covers functions marked `#[test]` only.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails, and this is where"
)]

mod contract;
mod dirt;
mod estimate;
mod facts;
mod integrity;
mod measure;
mod quiet;
mod rich;
mod same_rows;
mod tiny;
mod usual;

use std::sync::LazyLock;

use aftersight_datagen::{Config, Shop};
use chrono::NaiveDate;

/// The day before which the demo's data ends.
pub(crate) fn as_of() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 16).unwrap()
}

/// The demo's shop, generated once for all tests.
pub(crate) static DEMO: LazyLock<Shop> = LazyLock::new(|| Shop::generate(&Config::demo(as_of())));

/// The demo's shop without the rows that are wrong on purpose.
pub(crate) static CLEAN: LazyLock<Shop> = LazyLock::new(|| {
    Shop::generate(&Config {
        dirty: false,
        ..Config::demo(as_of())
    })
});
