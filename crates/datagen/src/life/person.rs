//! Who a customer is: drawn once, before anything happens.

use crate::catalogue::OUTLETS;
use crate::id::{CustomerId, ShopId};
use crate::stream::{Stream, Topic};
use crate::table::{CustomerRow, IdMapRow};
use crate::value::{Instant, day_from_epoch};

use super::{Books, HOUR, MINUTE, World, seconds};

/// Share of those who order as guests and are never known by name.
const GUEST_SHARE: f64 = 0.08;

const CHANNELS: [(&str, f64); 4] = [
    ("web", 0.40),
    ("app", 0.38),
    ("social", 0.14),
    ("store", 0.08),
];

const REGIONS: [(&str, f64); 6] = [
    ("east", 0.34),
    ("south", 0.24),
    ("north", 0.18),
    ("central", 0.12),
    ("west", 0.08),
    ("northeast", 0.04),
];

pub(crate) struct Person {
    pub(crate) id: CustomerId,
    pub(crate) is_guest: bool,
    pub(crate) is_serial_returner: bool,
    pub(crate) never_buys: bool,
    pub(crate) is_vip: bool,
    pub(crate) has_consent: bool,
    pub(crate) shop: usize,
    pub(crate) channel: &'static str,
    region: &'static str,
    /// Probability of another order after one without incident.
    pub(crate) loyalty: f64,
    /// Added to every satisfaction, as some people always score higher.
    pub(crate) mood: f64,
    pub(crate) first_seen_at: i64,
    pub(crate) first_order_at: i64,
    /// When the lake learned of the customer; long ago for a guest.
    pub(crate) recorded_at: i64,
    birth_day: Option<i64>,
    gender: Option<&'static str>,
    has_app_account: bool,
}

impl Person {
    /// Draws the customer with a number; `None` where the shop has no days.
    pub(crate) fn draw(world: &World<'_>, no: u32) -> Option<Self> {
        let stream = &mut Stream::new(world.config.seed, Topic::Person, u64::from(no));
        let first_day = world.arrivals.day(stream.unit())?;
        let first_order_at = waking_hour(world, stream, first_day);
        // Most register while they buy, some look around for weeks.
        let looked_around = if stream.chance(0.8) {
            stream.between(2.0 * MINUTE, 40.0 * MINUTE)
        } else {
            stream.between(HOUR, 30.0 * 24.0 * HOUR)
        };
        let first_seen_at = first_order_at - seconds(looked_around);
        let is_guest = stream.chance(GUEST_SHARE);
        let is_serial_returner = !is_guest & stream.chance(world.story.serial_share);
        let is_vip = stream.chance(0.06);
        let never_buys = stream.chance(0.02);
        Some(Self {
            id: CustomerId(i64::from(no)),
            is_guest,
            is_serial_returner,
            never_buys,
            is_vip,
            has_consent: stream.chance(0.7),
            shop: stream.index(OUTLETS.iter().map(|outlet| outlet.share)),
            channel: stream.pick(&CHANNELS),
            region: stream.pick(&REGIONS),
            loyalty: match (is_serial_returner, is_vip) {
                (true, _) => 0.92,
                (false, true) => 0.72,
                (false, false) => stream.between(0.25, 0.55),
            },
            mood: stream.between(-0.15, 0.15),
            first_seen_at,
            first_order_at,
            recorded_at: first_seen_at + seconds(stream.wait(2.0 * MINUTE)),
            birth_day: stream
                .chance(0.7)
                .then(|| first_day - (stream.between(18.0, 70.0) * 365.25) as i64),
            gender: stream.pick(&[(Some("female"), 0.48), (Some("male"), 0.32), (None, 0.2)]),
            has_app_account: stream.chance(0.4),
        })
    }

    pub(crate) fn customer_id(&self) -> Option<CustomerId> {
        (!self.is_guest).then_some(self.id)
    }

    pub(crate) fn shop_id(&self) -> ShopId {
        ShopId(self.shop as i64 + 1)
    }

    pub(crate) fn return_days(&self) -> f64 {
        OUTLETS[self.shop].return_days as f64
    }

    /// Enters the customer and its accounts, unless it is a guest.
    pub(crate) fn enter(&self, world: &World<'_>, books: &mut Books) {
        if self.is_guest {
            return;
        }
        let no = self.id.0;
        if self.has_app_account && world.known(self.recorded_at).is_some() {
            books.tables.id_map.push(IdMapRow {
                source: "app",
                source_customer_id: format!("app-{no:08}"),
                customer_id: self.id,
            });
        }
        if self.is_serial_returner {
            books.serial_returners.push(self.id);
        }
        books.customer(CustomerRow {
            customer_id: self.id,
            first_seen_at: Instant::from_seconds(self.first_seen_at),
            channel: self.channel,
            region: self.region,
            birth_date: self.birth_day.map(day_from_epoch),
            gender: self.gender,
            is_vip: self.is_vip,
            has_marketing_consent: self.has_consent,
            email: Some(format!("customer.{no}@example.com")),
            phone: self
                .has_app_account
                .then(|| format!("+86 000 {:04} {:04}", no / 10_000, no % 10_000)),
            recorded_at: Instant::from_seconds(self.recorded_at),
        });
    }
}

/// Returns a second of a local day at which people shop.
pub(crate) fn waking_hour(world: &World<'_>, stream: &mut Stream, day: i64) -> i64 {
    let hour = if stream.chance(0.55) {
        stream.between(18.5, 23.9)
    } else {
        stream.between(8.0, 18.5)
    };
    world.midnight(day) + seconds(hour * HOUR)
}
