//! What was planted in the make-believe shop is found in the marts, and nothing
//! is found where nothing is.
//!
//! The generator's own tests show that the raw rows hold every fact of
//! [`FACTS`]; here only marts are read, as an analyst would. A fact counts as
//! found when the mart's estimate has the right sign and either the planted
//! size lies within the mart's interval or the estimate is as near the planted
//! size as the generator's spread over seeds allows.

use std::collections::HashMap;
use std::fmt::Write as _;

use aftersight_datagen::{Config, FACTS, Mark, PlantedFact, Shop, write_parquet};
use aftersight_engine::{Limits, Options};
use chrono::{Days, NaiveDate};

use crate::support::{Scratch, rows};

mod families;
mod questions;
mod quiet;

use questions::questions;

/// Orders of the shop with a story: those the facts' sizes are stated for.
const ORDERS: u32 = 20_000;

/// Share of the facts that must be found.
const FOUND: f64 = 0.95;

/// Tables in which the generator plants copies of rows.
const WITH_COPIES: [&str; 4] = ["orders", "order_items", "returns", "surveys"];

fn as_of() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 16).unwrap()
}

/// Writes a shop's files and a workspace over them.
fn write_workspace(shop: &Shop, scratch: &Scratch) {
    let mut toml = String::from(
        "version = 1\n[workspace]\ntime_zone = \"Asia/Shanghai\"\ncurrency = \"CNY\"\n\
         [settings]\nas_of = \"2026-11-16\"\n",
    );
    for (table, _) in shop.tables().row_counts() {
        let dedupe = WITH_COPIES.contains(&table);
        let _ = write!(
            toml,
            "[sources.{table}]\nlocation = \"data/{table}.parquet\"\n\
             [tables.{table}]\nfrom = \"{table}\"\ndedupe = {dedupe}\n"
        );
    }
    scratch.write("data/.keep", "");
    write_parquet(shop, &scratch.path("data")).unwrap();
    scratch.write("aftersight.toml", toml);
}

/// What a mart says of a fact.
#[derive(Clone, Copy, Debug)]
struct Answer {
    mart: &'static str,
    estimate: f64,
    interval: Option<(f64, f64)>,
}

impl Answer {
    /// Reads a row of a question: fact, estimate, lower and upper end.
    fn read(mart: &'static str, row: &str) -> (String, Self) {
        let cells: Vec<&str> = row.split(' ').collect();
        let [fact, estimate, lower, upper] = cells[..] else {
            panic!("{mart}: {row}");
        };
        let number = |cell: &str| cell.parse::<f64>().ok();
        let answer = Self {
            mart,
            estimate: number(estimate).unwrap_or(f64::NAN),
            interval: number(lower).zip(number(upper)),
        };
        (fact.to_owned(), answer)
    }

    fn is_of_the_right_sign(self, fact: &PlantedFact) -> bool {
        // Facts that say there is no difference have no sign.
        let distance = self.estimate - fact.quiet;
        !fact.is_effect() || distance * f64::from(fact.sign()) > 0.0
    }

    fn is_of_the_right_size(self, fact: &PlantedFact) -> bool {
        let is_within = |(lower, upper)| (lower..=upper).contains(&fact.size);
        self.interval.is_some_and(is_within) || fact.interval(ORDERS).contains(&self.estimate)
    }

    fn finds(self, fact: &PlantedFact) -> bool {
        self.is_of_the_right_sign(fact) && self.is_of_the_right_size(fact)
    }
}

/// Puts dates in place of `{mark}` and `{mark_end}`, and of `{end}`.
fn dated(shop: &Shop, sql: &str) -> String {
    let timeline = shop.summary().timeline;
    let mut text = sql.to_owned();
    for (name, mark) in [
        ("late_carrier", Mark::LateCarrier),
        ("instant_refunds", Mark::InstantRefunds),
        ("strike", Mark::Strike),
        ("new_range", Mark::NewRange),
        ("slow_refunds", Mark::SlowRefunds),
        ("feed_gap", Mark::FeedGap),
        ("invoice_burst", Mark::InvoiceBurst),
        ("sold_out", Mark::SoldOut),
        ("broken_checkout", Mark::BrokenCheckout),
        ("slow_call_backs", Mark::SlowCallBacks),
        ("loyal_cohort", Mark::LoyalCohort),
    ] {
        let span = timeline.span(mark);
        text = text
            .replace(&format!("{{{name}}}"), &format!("date '{}'", span.from))
            .replace(
                &format!("{{{name}_end}}"),
                &format!("date '{}'", span.until),
            );
    }
    // Parameters of views are constants, so sums of days are made here.
    let year_ago = as_of() - Days::new(365);
    let quarter_after = timeline.span(Mark::NewRange).from + Days::new(143);
    text = text
        .replace("{end-365}", &format!("date '{year_ago}'"))
        .replace("{new_range+143}", &format!("date '{quarter_after}'"));
    assert!(!text.contains('{'), "a date is not known: {text}");
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_planted_is_found_in_the_marts() {
    let shop = Shop::generate(&Config::sized(as_of(), ORDERS));
    let scratch = Scratch::new();
    write_workspace(&shop, &scratch);
    // Two views of experiences in one statement hold many joins at once.
    let limits = Limits {
        memory_bytes: 8 << 30,
        ..Limits::default()
    };
    let options = Options {
        limits,
        ..Options::default()
    };
    let engine = scratch.open_with(options).await;

    let mut answers: HashMap<String, Answer> = HashMap::new();
    for (mart, sql) in questions() {
        for row in rows(&engine, &dated(&shop, sql)).await {
            let (fact, answer) = Answer::read(mart, &row);
            let earlier = answers.insert(fact.clone(), answer);
            assert!(earlier.is_none(), "{fact} is asked twice");
        }
    }

    let mut table = String::new();
    let mut found = 0;
    for fact in FACTS {
        // A mart that does not call it a finding has no row.
        let answer = answers.remove(fact.id);
        let is_found = answer.is_some_and(|answer| answer.finds(fact));
        found += u32::from(is_found);
        let verdict = if is_found { "found" } else { "NOT FOUND" };
        let _ = match answer {
            Some(answer) => writeln!(
                table,
                "{} | {} | {} | {:.4} {:?} | {verdict}",
                fact.id, answer.mart, fact.size, answer.estimate, answer.interval,
            ),
            None => writeln!(table, "{} | no answer | {verdict}", fact.id),
        };
    }
    assert!(answers.is_empty(), "no such facts: {answers:?}");
    println!("{table}{found} of {} found", FACTS.len());
    assert!(
        f64::from(found) >= FOUND * FACTS.len() as f64,
        "{found} of {}\n{table}",
        FACTS.len()
    );
}
