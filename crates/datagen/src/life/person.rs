//! Who a customer is: drawn once, before anything happens.

use crate::catalogue::OUTLETS;
use crate::id::{CustomerId, ShopId};
use crate::stream::{Stream, Topic};
use crate::table::{CustomerRow, IdMapRow};
use crate::timeline::Mark;
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

/// Parameters of the buyers' pace and of how long they stay: a BG/NBD process
/// but for one thing, a customer may leave after the first order too, which is
/// the MBG/NBD of Batislam and others. Season, sale days and what goes wrong
/// come on top in a shop with a story.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PurchaseProcess {
    /// Shape of the gamma distribution of rates; sums of exponentials draw it.
    pub rate_shape: u32,
    /// Its scale parameter alpha in days: the mean rate is `rate_shape` in so
    /// many days.
    pub rate_alpha_days: f64,
    /// First parameter of the beta distribution of leaving after an order.
    pub dropout_a: u32,
    /// Its second parameter.
    pub dropout_b: u32,
}

/// How customers who are neither guests nor serial returners buy.
pub const PURCHASES: PurchaseProcess = PurchaseProcess {
    rate_shape: 2,
    rate_alpha_days: 80.0,
    dropout_a: 3,
    dropout_b: 2,
};

/// Longest mean gap between orders; rates near nothing would have none.
const LONGEST_GAP_DAYS: f64 = 10_000.0;

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
    /// Orders several sizes and keeps one.
    pub(crate) is_bracketer: bool,
    /// Claims damage and keeps the goods.
    pub(crate) is_abuser: bool,
    pub(crate) never_buys: bool,
    pub(crate) is_vip: bool,
    pub(crate) has_consent: bool,
    pub(crate) shop: usize,
    pub(crate) channel: &'static str,
    region: &'static str,
    /// Probability of another order after one without incident.
    pub(crate) loyalty: f64,
    /// Mean days to another order, while there is one.
    pub(crate) mean_gap_days: f64,
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
        // One draw for the three groups, so that nobody is in two.
        let group = stream.unit();
        let is_below = |limit: f64| !is_guest && group < limit;
        let story = &world.story;
        let is_serial_returner = is_below(story.serial_share);
        let bracketers = story.serial_share + story.bracketer_share;
        let is_bracketer = is_below(bracketers) && !is_serial_returner;
        let is_abuser =
            is_below(bracketers + story.abuser_share) && !(is_serial_returner || is_bracketer);
        let dropout = stream.beta(PURCHASES.dropout_a, PURCHASES.dropout_b);
        // A shop makes VIPs of those who come often; without a story it makes
        // them at random.
        let vip_share = match (world.config.story, dropout < 0.45) {
            (false, _) => 0.06,
            (true, true) => 0.20,
            (true, false) => 0.02,
        };
        let is_vip = stream.chance(vip_share);
        let rate: f64 = (0..PURCHASES.rate_shape)
            .map(|_| stream.wait(1.0 / PURCHASES.rate_alpha_days))
            .sum();
        let is_of_cohort = world.is_in(Mark::LoyalCohort, first_order_at);
        let never_buys = stream.chance(0.02);
        Some(Self {
            id: CustomerId(i64::from(no)),
            is_guest,
            is_serial_returner,
            is_bracketer,
            is_abuser,
            never_buys,
            is_vip,
            has_consent: stream.chance(0.7),
            shop: stream.index(OUTLETS.iter().map(|outlet| outlet.share)),
            channel: stream.pick(&CHANNELS),
            region: stream.pick(&REGIONS),
            loyalty: match (is_serial_returner, is_of_cohort) {
                (true, _) => 0.92,
                (false, true) => 1.0 - dropout + story.repeat_of_cohort,
                (false, false) => 1.0 - dropout,
            },
            mean_gap_days: if is_serial_returner {
                32.0
            } else {
                (1.0 / rate).min(LONGEST_GAP_DAYS)
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

    pub(crate) fn marketplace(&self) -> Option<&'static str> {
        OUTLETS[self.shop].marketplace
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
            books.groups.serial_returners.push(self.id);
        }
        if self.is_bracketer {
            books.groups.bracketers.push(self.id);
        }
        if self.is_abuser {
            books.groups.refund_abusers.push(self.id);
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
