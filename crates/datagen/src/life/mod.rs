//! A customer's life: arrival, orders, what goes wrong, and whether they come
//! back.
//!
//! Each customer draws from streams of its own, so a life depends on the seed
//! and the customer's number only, not on who else there is.

mod books;
mod campaign;
mod delivery;
mod interaction;
mod order;
mod person;
mod refund;
mod returns;
mod survey;
mod ticket;

use crate::Config;
use crate::catalogue::{self, Article};
use crate::season::{self, Arrivals};
use crate::story::{Days1970, Story};
use crate::stream::{Stream, Topic};
use crate::value::Instant;

pub(crate) use books::Books;
pub(crate) use campaign::campaign_rows;
use order::Experience;
use person::Person;

pub(crate) const MINUTE: f64 = 60.0;
pub(crate) const HOUR: f64 = 3600.0;
pub(crate) const DAY: f64 = 86_400.0;

/// Days the shop had been open before its first known order.
const OPEN_BEFORE_START: i64 = 365;

/// What every life has in common.
pub(crate) struct World<'a> {
    pub(crate) config: &'a Config,
    pub(crate) story: Story,
    pub(crate) days: Days1970,
    pub(crate) articles: Vec<Article>,
    arrivals: Arrivals,
}

impl<'a> World<'a> {
    pub(crate) fn new(config: &'a Config) -> Self {
        let story = if config.story {
            Story::planted()
        } else {
            Story::none()
        };
        let days = Days1970::of(config);
        Self {
            config,
            story,
            days,
            articles: catalogue::articles(),
            arrivals: Arrivals::new(
                days.start - OPEN_BEFORE_START,
                days.end,
                config.story,
                story.growth_per_year,
            ),
        }
    }

    /// Returns the seconds since 1970 of a local day's midnight.
    pub(crate) fn midnight(&self, day: i64) -> i64 {
        day * 86_400 - i64::from(self.config.utc_offset_minutes) * 60
    }

    pub(crate) fn local_day(&self, seconds: i64) -> i64 {
        Instant::from_seconds(seconds).local_day(self.config.utc_offset_minutes)
    }

    pub(crate) fn end(&self) -> i64 {
        self.midnight(self.days.end)
    }

    /// Returns the instant if it is already known at the end of the data.
    pub(crate) fn known(&self, seconds: i64) -> Option<Instant> {
        (seconds < self.end()).then(|| Instant::from_seconds(seconds))
    }

    pub(crate) fn is_sale_season(&self) -> bool {
        self.config.story
    }
}

/// The streams of one customer, one for each kind of thing that happens.
pub(crate) struct Streams {
    pub(crate) purchase: Stream,
    pub(crate) basket: Stream,
    pub(crate) delivery: Stream,
    pub(crate) returns: Stream,
    pub(crate) refund: Stream,
    pub(crate) survey: Stream,
    pub(crate) ticket: Stream,
    pub(crate) interaction: Stream,
    pub(crate) campaign: Stream,
}

impl Streams {
    fn new(seed: u64, no: u64) -> Self {
        let stream = |topic| Stream::new(seed, topic, no);
        Self {
            purchase: stream(Topic::Purchase),
            basket: stream(Topic::Basket),
            delivery: stream(Topic::Delivery),
            returns: stream(Topic::Return),
            refund: stream(Topic::Refund),
            survey: stream(Topic::Survey),
            ticket: stream(Topic::Ticket),
            interaction: stream(Topic::Interaction),
            campaign: stream(Topic::Campaign),
        }
    }
}

/// Returns seconds from a number of them that a stream drew.
pub(crate) fn seconds(drawn: f64) -> i64 {
    drawn as i64
}

/// Lives through one customer and enters everything into the books.
pub(crate) fn live(world: &World<'_>, books: &mut Books, no: u32) {
    let Some(person) = Person::draw(world, no) else {
        return;
    };
    let mut streams = Streams::new(world.config.seed, u64::from(no));
    books.is_recording = true;
    person.enter(world, books);
    let mut past: Vec<Experience> = Vec::new();
    let mut next = (!person.never_buys).then_some(person.first_order_at);
    while let Some(at) = next.filter(|at| *at < world.end()) {
        let experience = order::place(world, books, &person, &mut streams, at, None);
        next = repeat(world, &person, &experience, &mut streams.purchase);
        past.push(experience);
    }
    campaign::address(world, books, &person, &mut streams, &mut past);
    survey::ask_about_relationship(world, books, &person, &mut streams, &past);
}

/// Returns when the customer orders again, if ever.
fn repeat(
    world: &World<'_>,
    person: &Person,
    last: &Experience,
    stream: &mut Stream,
) -> Option<i64> {
    let story = &world.story;
    let mut willing = person.loyalty;
    if !person.is_serial_returner {
        if last.is_late {
            willing -= 0.06;
        }
        if let Some(requested_at) = last.returned_at {
            let is_instant = world.local_day(requested_at) >= world.days.instant_refunds_from;
            willing += story.repeat_after_return[usize::from(is_instant)];
        }
    }
    if person.is_guest || !stream.chance(willing) {
        return None;
    }
    // Same-day second orders exist, and analyses that count days instead of
    // orders should show it.
    if stream.chance(0.03) {
        return Some(last.ordered_at + seconds(stream.between(10.0 * MINUTE, 2.0 * HOUR)));
    }
    let mean_days = if person.is_serial_returner {
        32.0
    } else {
        75.0
    };
    let today = world.local_day(last.ordered_at);
    let mut day = today + 1;
    // Days are drawn until the season accepts one, so repeat orders follow the
    // season as first ones do. 40 draws miss once in 250; the last then stands.
    for _ in 0..40 {
        day = today + 1 + stream.wait(mean_days) as i64;
        if stream.chance(season::weight(day, world.is_sale_season()) / season::PEAK) {
            break;
        }
    }
    Some(person::waking_hour(world, stream, day))
}
