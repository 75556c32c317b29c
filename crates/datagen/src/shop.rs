//! The shop: configuration in, tables and what is known about them out.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};

use crate::catalogue;
use crate::dirt::{self, Dirt};
use crate::fact::{FACTS, PlantedFact};
use crate::life::{self, Books, Groups, World};
use crate::number;
use crate::table::{CalendarEventRow, CostRateRow, FxRateRow, HolidayRow, Tables};
use crate::timeline::{Mark, Timeline};
use crate::value::{Instant, Money, day_from_epoch, epoch_day};
use crate::{Config, Ids};

/// A generated shop.
#[derive(Clone, Debug, PartialEq)]
pub struct Shop {
    config: Config,
    tables: Tables,
    summary: Summary,
}

/// What is known about a shop's rows without looking at them.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Rows of each table, dirty ones included.
    pub rows: BTreeMap<&'static str, usize>,
    /// Rows that are wrong on purpose.
    pub dirt: Dirt,
    /// What was planted; nothing where the configuration asked for no story.
    pub facts: &'static [PlantedFact],
    /// When the parts of the story begin.
    pub timeline: Timeline,
    /// Customers who do something others do not.
    pub groups: Groups,
}

impl Shop {
    /// Generates the shop of a configuration: the same for the same, on any
    /// machine and number of threads. A period without days gives a shop
    /// without customers.
    #[must_use]
    pub fn generate(config: &Config) -> Self {
        let world = World::new(config);
        let mut books = Books::new(Instant::from_seconds(world.end()));
        for no in 1..=config.customers {
            life::live(&world, &mut books, no);
        }
        let mut groups = books.groups;
        let mut tables = books.tables;
        number::renumber(&mut tables, &mut groups);
        tables.shops = catalogue::shop_rows(config);
        tables.products = catalogue::product_rows(&world.articles);
        tables.campaigns = life::campaign_rows(config);
        tables.calendar_events = calendar_events(config);
        tables.cost_rates = cost_rates(config);
        tables.fx_rates = fx_rates(config);
        tables.holidays = holidays(config);
        tables.shifts = life::shift_rows();
        let dirt = if config.dirty {
            dirt::soil(&mut tables, config.seed)
        } else {
            Dirt {
                guest_orders: dirt::count_guests(&tables),
                ..Dirt::default()
            }
        };
        let summary = Summary {
            rows: tables.row_counts().into_iter().collect(),
            dirt,
            facts: if config.story { FACTS } else { &[] },
            timeline: Timeline::of(config),
            groups,
        };
        Self {
            config: config.clone(),
            tables,
            summary,
        }
    }

    /// Returns what the shop was made from.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Returns the kind of ids its record batches have.
    #[must_use]
    pub fn ids(&self) -> Ids {
        self.config.ids
    }

    /// Returns the rows.
    #[must_use]
    pub fn tables(&self) -> &Tables {
        &self.tables
    }

    /// Returns what is known about the rows.
    #[must_use]
    pub fn summary(&self) -> &Summary {
        &self.summary
    }
}

/// Returns the days of a period, as years and dates.
fn years(config: &Config) -> std::ops::RangeInclusive<i32> {
    config.start.year()..=config.end.year()
}

/// Keeps the days that are known.
fn known(config: &Config, day: Option<NaiveDate>) -> Option<NaiveDate> {
    day.filter(|day| (config.start..config.end).contains(day))
}

fn calendar_events(config: &Config) -> Vec<CalendarEventRow> {
    if !config.story {
        return Vec::new();
    }
    let timeline = Timeline::of(config);
    let mut rows = Vec::new();
    let mut add = |day: Option<NaiveDate>, name, kind| {
        if let Some(day) = known(config, day) {
            rows.push(CalendarEventRow { day, name, kind });
        }
    };
    for year in years(config) {
        add(NaiveDate::from_ymd_opt(year, 6, 18), "6.18 sale", "sale");
        add(NaiveDate::from_ymd_opt(year, 11, 11), "11.11 sale", "sale");
    }
    // The carrier's delay is not announced: it is there to be found.
    let [first, after] = timeline.span(Mark::Strike).epoch_days();
    for day in first..after {
        add(Some(day_from_epoch(day)), "Courier strike", "disruption");
    }
    let instant = timeline.span(Mark::InstantRefunds).from;
    add(Some(instant), "Instant refunds begin", "release");
    rows.sort_by_key(|row| (row.day, row.name));
    rows
}

fn cost_rates(config: &Config) -> Vec<CostRateRow> {
    // Per unit at first, and from the first day of the last year known.
    let rates = [
        ("agent", "minute", [150, 165]),
        ("bot", "case", [20, 20]),
        ("inspection", "case", [600, 600]),
        ("labour", "hour", [12_000, 12_000]),
        ("outbound_shipping", "case", [900, 950]),
        ("payment_fee", "case", [60, 60]),
        ("reverse_shipping", "case", [1_000, 1_100]),
    ];
    let last_year = known(config, NaiveDate::from_ymd_opt(config.end.year(), 1, 1));
    let mut rows = Vec::new();
    for (activity, unit, [first, last]) in rates {
        let mut add = |valid_from, rate| {
            rows.push(CostRateRow {
                activity,
                valid_from,
                unit,
                rate: Money(rate),
                currency: config.currency,
            });
        };
        add(config.start, first);
        if let Some(day) = last_year.filter(|day| *day > config.start && first != last) {
            add(day, last);
        }
    }
    rows
}

/// Rates of the shop's own currency, always one, and of the second. A table
/// that is there and changes nothing shows that conversion does no harm.
fn fx_rates(config: &Config) -> Vec<FxRateRow> {
    let days = epoch_day(config.start)..epoch_day(config.end);
    let row = |currency, day, rate| FxRateRow {
        currency,
        day: day_from_epoch(day),
        rate,
    };
    let own = days.clone().map(|day| row(config.currency, day, 1.0));
    let second = config.second_currency.into_iter().flat_map(|currency| {
        days.clone()
            .map(move |day| row(currency, day, life::foreign_rate(day)))
    });
    own.chain(second).collect()
}

fn holidays(config: &Config) -> Vec<HolidayRow> {
    let mut rows = Vec::new();
    for year in years(config) {
        for (month, day, name) in life::HOLIDAYS {
            if let Some(day) = known(config, NaiveDate::from_ymd_opt(year, month, day)) {
                rows.push(HolidayRow {
                    calendar: "desk",
                    day,
                    name,
                });
            }
        }
    }
    rows
}
