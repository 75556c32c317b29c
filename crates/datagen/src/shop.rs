//! The shop: configuration in, tables and what is known about them out.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};

use crate::catalogue;
use crate::dirt::{self, Dirt};
use crate::fact::{FACTS, PlantedFact};
use crate::id::CustomerId;
use crate::life::{self, Books, World};
use crate::number;
use crate::story::Timeline;
use crate::table::{CalendarEventRow, CostRateRow, FxRateRow, HolidayRow, ShiftRow, Tables};
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
    /// Customers who return most of what they buy.
    pub serial_returners: Vec<CustomerId>,
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
        let mut serial_returners = books.serial_returners;
        let mut tables = books.tables;
        number::renumber(&mut tables, &mut serial_returners);
        tables.shops = catalogue::shop_rows(config.currency);
        tables.products = catalogue::product_rows(&world.articles);
        tables.campaigns = life::campaign_rows(config);
        tables.calendar_events = calendar_events(config);
        tables.cost_rates = cost_rates(config);
        tables.fx_rates = fx_rates(config);
        tables.holidays = holidays(config);
        tables.shifts = shifts();
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
            serial_returners,
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
    let strike = epoch_day(timeline.strike_from)..epoch_day(timeline.strike_until);
    for day in strike {
        add(Some(day_from_epoch(day)), "Courier strike", "disruption");
    }
    let instant = timeline.instant_refunds_from;
    add(Some(instant), "Instant refunds begin", "release");
    rows.sort_by_key(|row| (row.day, row.name));
    rows
}

fn cost_rates(config: &Config) -> Vec<CostRateRow> {
    [
        ("agent", "minute", 150),
        ("bot", "case", 20),
        ("inspection", "case", 600),
        ("reverse_shipping", "case", 1_000),
    ]
    .into_iter()
    .map(|(activity, unit, rate)| CostRateRow {
        activity,
        valid_from: config.start,
        unit,
        rate: Money(rate),
        currency: config.currency,
    })
    .collect()
}

/// Rates of the shop's only currency: always one. A table that is there and
/// changes nothing shows that conversion does no harm.
fn fx_rates(config: &Config) -> Vec<FxRateRow> {
    (epoch_day(config.start)..epoch_day(config.end))
        .map(|day| FxRateRow {
            currency: config.currency,
            day: day_from_epoch(day),
            rate: 1.0,
        })
        .collect()
}

fn holidays(config: &Config) -> Vec<HolidayRow> {
    let days = [
        (1, 1, "New Year"),
        (5, 1, "Labour Day"),
        (10, 1, "National Day"),
        (10, 2, "National Day"),
        (10, 3, "National Day"),
    ];
    let mut rows = Vec::new();
    for year in years(config) {
        for (month, day, name) in days {
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

fn shifts() -> Vec<ShiftRow> {
    let mut rows = Vec::new();
    for weekday in 1..=7 {
        rows.push(ShiftRow {
            team: "care",
            weekday,
            opens_at: "08:00",
            closes_at: "22:00",
        });
    }
    for weekday in 1..=5 {
        rows.push(ShiftRow {
            team: "warranty",
            weekday,
            opens_at: "09:00",
            closes_at: "18:00",
        });
    }
    rows
}
