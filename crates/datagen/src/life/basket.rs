//! Baskets: what is bought together, at which discount, in how many sizes.

use crate::catalogue::{Article, CATEGORIES, PAIR, SOLD_OUT};
use crate::stream::Stream;
use crate::timeline::Mark;

use super::World;
use super::order::Line;
use super::person::Person;

/// Share of a bracketer's lines of clothes and shoes ordered in three sizes.
const BRACKETED: f64 = 0.6;

/// Draws the lines: one to four different articles, each once unless its
/// several sizes are tried on.
pub(super) fn basket(
    world: &World<'_>,
    person: &Person,
    stream: &mut Stream,
    at: i64,
) -> Vec<Line> {
    let n_lines = stream.pick(&[(1, 0.60), (2, 0.26), (3, 0.10), (4, 0.04)]);
    let discount_percent = if is_sale_day(world, at) {
        15
    } else if stream.chance(0.12) {
        10
    } else {
        0
    };
    let mut lines: Vec<Line> = Vec::with_capacity(n_lines);
    let add = |lines: &mut Vec<Line>, article: Article, quantity: i64, is_bracket| {
        let article = world.priced(person, article);
        lines.push(Line {
            no: lines.len() as i64 + 1,
            article,
            quantity,
            discount: article.price * quantity * discount_percent / 100,
            delivered_at: at,
            is_bracket,
        });
    };
    for _ in 0..n_lines {
        let article = article(world, person, stream, at);
        let quantity = stream.pick(&[(1, 0.86), (2, 0.11), (3, 0.03)]);
        if lines.iter().any(|line| line.article.sku == article.sku) {
            continue;
        }
        let has_sizes = matches!(CATEGORIES[article.category].code, "apparel" | "shoes");
        if person.is_bracketer && has_sizes && stream.chance(BRACKETED) {
            for _ in 0..3 {
                add(&mut lines, article, 1, true);
            }
        } else {
            add(&mut lines, article, quantity, false);
        }
        let [first, second] = PAIR;
        let is_there = |lines: &[Line]| lines.iter().any(|line| line.article.sku == second);
        if article.sku == first && stream.chance(world.story.pair[0]) && !is_there(&lines) {
            let joined = world.articles.iter().find(|article| article.sku == second);
            if let Some(joined) = joined {
                add(&mut lines, *joined, 1, false);
            }
        }
    }
    lines
}

/// Draws an article by category, then by how often it is bought within it.
fn article(world: &World<'_>, person: &Person, stream: &mut Stream, at: i64) -> Article {
    let story = &world.story;
    let is_new_range = world.is_in(Mark::NewRange, at);
    let category = stream.index(CATEGORIES.iter().map(|category| {
        if person.is_serial_returner {
            return category.serial_share;
        }
        let mut share = category.share;
        if person.channel == "social" && matches!(category.code, "apparel" | "shoes") {
            share *= story.social_fashion;
        }
        if is_new_range && category.code == "apparel" {
            share *= story.new_range_apparel;
        }
        share
    }));
    let is_sold_out = story.sold_out_asks > 0.0 && world.is_in(Mark::SoldOut, at);
    let weight = |article: &Article| {
        if article.category != category || (is_sold_out && article.sku == SOLD_OUT) {
            0.0
        } else {
            article.popularity
        }
    };
    world.articles[stream.index(world.articles.iter().map(weight))]
}

fn is_sale_day(world: &World<'_>, at: i64) -> bool {
    world.has_sales() && crate::season::weight(world.local_day(at), true) > 2.5
}
