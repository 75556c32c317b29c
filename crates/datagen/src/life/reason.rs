//! Why lines come back: each line by itself, then what comes back together.

use crate::catalogue::{CATEGORIES, FRAGILE_CATEGORY, LOSS_MAKER, PAIR, RUNS_SMALL};
use crate::stream::Stream;
use crate::timeline::Mark;

use super::World;
use super::order::{Line, Placed};
use super::person::Person;

/// Probability that a serial returner sends a line back, and why.
const SERIAL_RETURN: f64 = 0.70;
const SERIAL_REASONS: [(&str, f64); 4] = [
    ("changed_mind", 0.50),
    ("size_fit", 0.30),
    ("not_as_described", 0.15),
    ("other", 0.05),
];

/// Probability that an abuser claims damage of an order.
const ABUSE: f64 = 0.6;

/// The category whose new pictures mislead.
const NEW_PICTURES: &str = "home";

/// A line that is claimed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claimed {
    pub(super) line: Line,
    pub(super) reason: &'static str,
    /// The kind of the request where the reason alone does not decide it.
    pub(super) kind: Option<&'static str>,
}

/// Draws which lines of an order come back, and why.
pub(super) fn claims(
    world: &World<'_>,
    person: &Person,
    stream: &mut Stream,
    placed: &Placed,
) -> Vec<Claimed> {
    let mut claims: Vec<Claimed> = Vec::new();
    for line in placed.lines.iter().filter(|line| !line.is_bracket) {
        if let Some(reason) = reason(world, person, stream, placed, line) {
            claims.push(Claimed {
                line: *line,
                reason,
                kind: None,
            });
        }
    }
    send_back_sizes(stream, placed, &mut claims);
    send_back_pair(world, stream, placed, &mut claims);
    if person.is_abuser && stream.chance(ABUSE) {
        let dearest = placed.lines.iter().max_by_key(|line| line.net());
        claims.retain(|claim| Some(claim.line.no) != dearest.map(|line| line.no));
        claims.extend(dearest.map(|line| Claimed {
            line: *line,
            reason: "damaged_in_transit",
            kind: Some("refund_only"),
        }));
    }
    claims
}

/// Draws why a line comes back, `None` if it is kept.
fn reason(
    world: &World<'_>,
    person: &Person,
    stream: &mut Stream,
    placed: &Placed,
    line: &Line,
) -> Option<&'static str> {
    if person.is_serial_returner {
        return stream
            .chance(SERIAL_RETURN)
            .then(|| stream.pick(&SERIAL_REASONS));
    }
    let story = &world.story;
    let category = &CATEGORIES[line.article.category];
    let mut left = stream.unit();
    for (reason, base) in category.reasons {
        let probability = match reason {
            "size_fit" if line.article.sku == RUNS_SMALL => base * story.runs_small_factor,
            "damaged_in_transit" if category.code == FRAGILE_CATEGORY => {
                base * story.fragile_factor
            }
            "defective" if line.article.subcategory == LOSS_MAKER => base * story.climate_defects,
            "changed_mind" => {
                let app = if person.channel == "app" {
                    story.app_changed_mind
                } else {
                    1.0
                };
                let promo = if line.discount > 0 {
                    story.promo_changed_mind
                } else {
                    1.0
                };
                base * app * promo
            }
            "not_as_described"
                if category.code == NEW_PICTURES
                    && world.is_in(Mark::NewRange, placed.ordered_at) =>
            {
                base * story.new_pictures
            }
            "late_delivery" if placed.is_late => base + story.late_return,
            _ => base,
        };
        if left < probability {
            return Some(reason);
        }
        left -= probability;
    }
    None
}

/// Of several sizes one is kept, nine times in ten.
fn send_back_sizes(stream: &mut Stream, placed: &Placed, claims: &mut Vec<Claimed>) {
    let mut tried: Vec<&Line> = Vec::new();
    for line in placed.lines.iter().filter(|line| line.is_bracket) {
        if tried
            .first()
            .is_some_and(|first| first.article.sku != line.article.sku)
        {
            send_back_all_but_one(stream, &tried, claims);
            tried.clear();
        }
        tried.push(line);
    }
    send_back_all_but_one(stream, &tried, claims);
}

fn send_back_all_but_one(stream: &mut Stream, tried: &[&Line], claims: &mut Vec<Claimed>) {
    if tried.is_empty() {
        return;
    }
    let is_one_kept = stream.chance(0.9);
    let kept = stream.whole(0, tried.len() as i64 - 1) as usize;
    for (idx, line) in tried.iter().enumerate() {
        if !(is_one_kept && idx == kept) {
            claims.push(Claimed {
                line: **line,
                reason: "size_fit",
                kind: Some("return"),
            });
        }
    }
}

/// Where the pair's first article goes back, the second mostly does too.
fn send_back_pair(
    world: &World<'_>,
    stream: &mut Stream,
    placed: &Placed,
    claims: &mut Vec<Claimed>,
) {
    let [first, second] = PAIR;
    let Some(cause) = claims
        .iter()
        .find(|claim| claim.line.article.sku == first)
        .copied()
    else {
        return;
    };
    let is_claimed = claims.iter().any(|claim| claim.line.article.sku == second);
    let joined = placed.lines.iter().find(|line| line.article.sku == second);
    if let Some(line) = joined.filter(|_| !is_claimed && stream.chance(world.story.pair[1])) {
        claims.push(Claimed {
            line: *line,
            reason: cause.reason,
            kind: None,
        });
    }
}
