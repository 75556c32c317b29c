//! Two campaigns with a control group each: one works, one does not.

use chrono::Days;

use crate::Config;
use crate::id::CampaignId;
use crate::table::{AssignmentRow, CampaignRow};
use crate::timeline::{Mark, Timeline};
use crate::value::{Instant, Money};

use super::order::{self, Experience};
use super::person::{self, Person};
use super::{Books, DAY, HOUR, Streams, World, seconds};

const COUPON: CampaignId = CampaignId(1);
const NEWSLETTER: CampaignId = CampaignId(2);

pub(crate) fn campaign_rows(config: &Config) -> Vec<CampaignRow> {
    let timeline = Timeline::of(config);
    let row = |campaign_id, name, offer, day: chrono::NaiveDate| {
        let at = |days: u64| {
            let day = day.checked_add_days(Days::new(days)).unwrap_or(day);
            let offset = i64::from(config.utc_offset_minutes) * 60;
            Instant::from_seconds(crate::value::epoch_day(day) * 86_400 - offset)
        };
        CampaignRow {
            campaign_id,
            name,
            channel: "mail",
            offer,
            starts_at: at(0),
            ends_at: at(14),
            recorded_at: at(0),
        }
    };
    let rows = [
        row(
            COUPON,
            "Spring coupon",
            "coupon",
            timeline.span(Mark::Coupon).from,
        ),
        row(
            NEWSLETTER,
            "Summer letter",
            "none",
            timeline.span(Mark::Newsletter).from,
        ),
    ];
    rows.into_iter()
        .filter(|row| {
            timeline.span(Mark::Coupon).from > config.start && row.starts_at < row.ends_at
        })
        .collect()
}

/// Draws the customer's arm in each campaign; a coupon may bring an order.
pub(crate) fn address(
    world: &World<'_>,
    books: &mut Books,
    person: &Person,
    streams: &mut Streams,
    past: &mut Vec<Experience>,
) {
    let (coupon, newsletter) = (
        world.first_day(Mark::Coupon),
        world.first_day(Mark::Newsletter),
    );
    if person.is_guest || !person.has_consent || coupon <= world.start_day {
        return;
    }
    let campaigns = [
        (COUPON, coupon, world.story.coupon_lift),
        (NEWSLETTER, newsletter, 0.0),
    ];
    for (campaign_id, day, lift) in campaigns {
        // Both draws are made for everybody, so that an arm does not depend on
        // who is eligible.
        let is_treated = streams.campaign.chance(0.5);
        let is_moved = streams.campaign.chance(lift);
        let has_opened = streams.campaign.chance(0.3);
        let after_days = streams.campaign.whole(1, 13);
        let starts_at = world.midnight(day);
        let is_customer = past.iter().any(|order| order.ordered_at < starts_at);
        if !is_customer {
            continue;
        }
        books.is_recording = true;
        let redeemed_at = (is_treated && is_moved)
            .then(|| person::waking_hour(world, &mut streams.campaign, day + after_days));
        let sent_at = starts_at + seconds(9.0 * HOUR);
        let when = |seconds: i64| world.known(seconds).filter(|_| is_treated);
        books.assignment(AssignmentRow {
            campaign_id,
            customer_id: person.id,
            arm: if is_treated { "treatment" } else { "control" },
            cost: Money(if is_treated { 50 } else { 0 }),
            assigned_at: Instant::from_seconds(starts_at),
            sent_at: when(sent_at),
            delivered_at: when(sent_at + 60),
            opened_at: when(sent_at + seconds(0.3 * DAY)).filter(|_| has_opened),
            redeemed_at: redeemed_at.and_then(|at| world.known(at)),
            recorded_at: Instant::from_seconds(starts_at.max(person.recorded_at)),
        });
        if let Some(at) = redeemed_at.filter(|at| *at < world.end()) {
            past.push(order::place(
                world,
                books,
                person,
                streams,
                at,
                Some(campaign_id),
            ));
        }
    }
}
