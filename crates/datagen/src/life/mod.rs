//! A customer's life: arrival, orders, what goes wrong, and whether they come
//! back.
//!
//! Each customer draws from streams of its own, so a life depends on the seed
//! and the customer's number only, not on who else there is.

mod basket;
mod books;
mod campaign;
mod delivery;
mod desk;
mod failure;
mod follow_up;
mod history;
mod interaction;
mod money;
mod order;
mod person;
mod reason;
mod refund;
mod returns;
mod survey;
mod ticket;
mod web;

use crate::Config;
use crate::catalogue::{self, Article};
use crate::season::{self, Arrivals};
use crate::story::Story;
use crate::stream::{Stream, Topic};
use crate::timeline::{Mark, Timeline};
use crate::value::{Instant, epoch_day};

pub(crate) use books::Books;
pub use books::Groups;
pub(crate) use campaign::campaign_rows;
pub(crate) use desk::{HOLIDAYS, shift_rows};
pub(crate) use money::{foreign_rate, second_currency};
use order::Experience;
use person::Person;
pub use person::{PURCHASES, PurchaseProcess};

pub(crate) const MINUTE: f64 = 60.0;
pub(crate) const HOUR: f64 = 3600.0;
pub(crate) const DAY: f64 = 86_400.0;

/// Days the shop had been open before its first known order: so long that orders
/// of old customers do not grow any more.
const OPEN_BEFORE_START: i64 = 730;

/// What every life has in common.
pub(crate) struct World<'a> {
    pub(crate) config: &'a Config,
    pub(crate) story: Story,
    /// First known day, and the first that is not known any more.
    pub(crate) start_day: i64,
    pub(crate) end_day: i64,
    /// First day and day after the last of each mark, by its discriminant.
    spans: [[i64; 2]; Mark::ALL.len()],
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
        let timeline = Timeline::of(config);
        let (start_day, end_day) = (epoch_day(config.start), epoch_day(config.end));
        Self {
            config,
            story,
            start_day,
            end_day,
            spans: Mark::ALL.map(|mark| timeline.span(mark).epoch_days()),
            articles: catalogue::articles(story.climate_cost),
            arrivals: Arrivals::new(
                start_day - OPEN_BEFORE_START,
                end_day,
                config.story,
                story.growth_per_year,
            ),
        }
    }

    /// Returns the first day of a part of the story.
    pub(crate) fn first_day(&self, mark: Mark) -> i64 {
        self.spans[mark as usize][0]
    }

    /// Returns whether a part of the story is being told at a time.
    pub(crate) fn is_in(&self, mark: Mark, seconds: i64) -> bool {
        let [from, until] = self.spans[mark as usize];
        (from..until).contains(&self.local_day(seconds))
    }

    /// Returns the seconds since 1970 of a local day's midnight.
    pub(crate) fn midnight(&self, day: i64) -> i64 {
        day * 86_400 - i64::from(self.config.utc_offset_minutes) * 60
    }

    pub(crate) fn local_day(&self, seconds: i64) -> i64 {
        Instant::from_seconds(seconds).local_day(self.config.utc_offset_minutes)
    }

    pub(crate) fn end(&self) -> i64 {
        self.midnight(self.end_day)
    }

    /// Returns the instant if it is already known at the end of the data.
    pub(crate) fn known(&self, seconds: i64) -> Option<Instant> {
        (seconds < self.end()).then(|| Instant::from_seconds(seconds))
    }

    /// Returns whether the year has sale days.
    pub(crate) fn has_sales(&self) -> bool {
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
    pub(crate) failure: Stream,
    pub(crate) web: Stream,
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
            failure: stream(Topic::Failure),
            web: stream(Topic::Web),
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
        let is_first = past.is_empty();
        next = repeat(
            world,
            &person,
            (&experience, is_first),
            &mut streams.purchase,
        );
        past.push(experience);
    }
    campaign::address(world, books, &person, &mut streams, &mut past);
    survey::ask_about_relationship(world, books, &person, &mut streams, &past);
}

/// Returns when the customer orders again, if ever.
fn repeat(
    world: &World<'_>,
    person: &Person,
    (last, is_first): (&Experience, bool),
    stream: &mut Stream,
) -> Option<i64> {
    let story = &world.story;
    let mut willing = person.loyalty;
    if !person.is_serial_returner {
        if last.is_late {
            willing += story.repeat_after_late;
        }
        if let Some(requested_at) = last.returned_at {
            let is_instant = world.is_in(Mark::InstantRefunds, requested_at);
            willing += story.repeat_after_return[usize::from(is_instant)];
            if is_first {
                willing += story.repeat_after_first_return;
            }
        }
    }
    if person.is_guest || !stream.chance(willing) {
        return None;
    }
    // Same-day second orders exist, and analyses that count days instead of
    // orders should show it.
    if world.config.story && stream.chance(0.03) {
        return Some(last.ordered_at + seconds(stream.between(10.0 * MINUTE, 2.0 * HOUR)));
    }
    let today = world.local_day(last.ordered_at);
    let mut day = today + 1;
    // Days are drawn until the season accepts one, so repeat orders follow the
    // season as first ones do. 40 draws miss once in 250; the last then stands.
    for _ in 0..40 {
        day = today + 1 + stream.wait(person.mean_gap_days) as i64;
        let peak = if world.has_sales() { season::PEAK } else { 1.0 };
        if stream.chance(season::weight(day, world.has_sales()) / peak) {
            break;
        }
    }
    Some(person::waking_hour(world, stream, day))
}
