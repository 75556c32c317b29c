//! Naive timestamps of a zone become instants, and filters over them give the right rows.
//!
//! A cast would unwrap the filter as if the zone were UTC, and fail the query
//! for a wall clock that daylight saving skipped.

use arrow::array::{Int64Array, TimestampMicrosecondArray};
use chrono::{Duration, NaiveDate, NaiveDateTime, TimeZone};
use chrono_tz::Tz;

use crate::support::{Scratch, column, rows, write_parquet};

/// Wall clocks around the days on which a zone changes, every half an hour.
fn wall_clocks(days: &[(i32, u32, u32)]) -> Vec<NaiveDateTime> {
    let mut clocks = Vec::new();
    for &(year, month, day) in days {
        let noon = NaiveDate::from_ymd_opt(year, month, day).unwrap();
        let noon = noon.and_hms_opt(12, 0, 0).unwrap();
        for step in -48..=48 {
            clocks.push(noon + Duration::minutes(30 * step));
        }
    }
    clocks
}

/// The documented rule, by chrono: the first of two instants, and out of a gap by its length.
fn instant(clock: NaiveDateTime, zone: Tz) -> i64 {
    let local = match zone.from_local_datetime(&clock).earliest() {
        Some(instant) => instant,
        None => {
            // The offset before the gap, applied to a clock within it.
            let before = clock - Duration::hours(3);
            let before = zone.from_local_datetime(&before).earliest().unwrap();
            before + Duration::hours(3)
        }
    };
    local.timestamp_micros()
}

async fn check(source_zone: Tz, zone: Tz, days: &[(i32, u32, u32)]) {
    let toml = format!(
        "[workspace]\ntime_zone = '{}'\n\n[sources.lines]\nlocation = 'lines.parquet'\ntime_zone = '{}'\n\n\
         [tables.orders]\nfrom = 'lines'\n",
        zone.name(),
        source_zone.name()
    );
    let scratch = Scratch::with_workspace(&toml);
    let clocks = wall_clocks(days);
    let naive = clocks.iter().map(|c| c.and_utc().timestamp_micros());
    let ids = Int64Array::from_iter_values(0..clocks.len() as i64);
    let naive = TimestampMicrosecondArray::from_iter_values(naive);
    // Small row groups, so that wrong bounds would lose rows.
    write_parquet(
        &scratch.path("lines.parquet"),
        vec![("order_id", column(ids)), ("ordered_at", column(naive))],
        16,
    );
    let engine = scratch.open().await;

    // The instants themselves, by a second route.
    let found = rows(
        &engine,
        "select arrow_cast(ordered_at, 'Int64') from raw.orders order by order_id",
    )
    .await;
    let expected: Vec<i64> = clocks.iter().map(|c| instant(*c, source_zone)).collect();
    let expected_text: Vec<String> = expected.iter().map(i64::to_string).collect();
    assert_eq!(found, expected_text, "{source_zone} read in {zone}");

    // Filters: over the mapped column, and over the same column materialised.
    rows(
        &engine,
        "create table materialised as select order_id, ordered_at from raw.orders",
    )
    .await;
    for threshold in expected.iter().step_by(7) {
        let at = format!(
            "arrow_cast({threshold}, 'Timestamp(Microsecond, Some(\"{}\"))')",
            zone.name()
        );
        for condition in [
            format!("ordered_at >= {at}"),
            format!("ordered_at < {at}"),
            format!("ordered_at = {at}"),
            format!("ordered_at between {at} and {at} + interval '90 minutes'"),
            format!("cast(ordered_at as date) = cast({at} as date)"),
            format!("date_trunc('day', ordered_at) = date_trunc('day', {at})"),
        ] {
            let of = |table: &str| {
                format!(
                    "select count(*), min(order_id), max(order_id), sum(order_id) from {table} where {condition}"
                )
            };
            let mapped = rows(&engine, &of("raw.orders")).await;
            let materialised = rows(&engine, &of("materialised")).await;
            assert_eq!(
                mapped, materialised,
                "{source_zone} read in {zone}: {condition}"
            );
        }
        // And by a third: counting in Rust.
        let later = expected.iter().filter(|at| *at >= threshold).count();
        let sql = format!("select count(*) from raw.orders where ordered_at >= {at}");
        assert_eq!(
            rows(&engine, &sql).await,
            [later.to_string()],
            "{source_zone} read in {zone}"
        );
    }
}

/// Changes of China's daylight saving time, which ran from 1986 to 1991, and a quiet day.
const SHANGHAI: &[(i32, u32, u32)] = &[
    (1986, 5, 4),
    (1986, 9, 14),
    (1991, 4, 14),
    (1991, 9, 15),
    (2026, 11, 1),
];
const NEW_YORK: &[(i32, u32, u32)] = &[(2026, 3, 8), (2026, 11, 1)];

#[tokio::test]
async fn utc_clocks_are_relabelled() {
    check(Tz::UTC, Tz::Asia__Shanghai, SHANGHAI).await;
    check(Tz::UTC, Tz::America__New_York, NEW_YORK).await;
}

#[tokio::test]
async fn shanghai_clocks_with_daylight_saving_are_read_rightly() {
    check(Tz::Asia__Shanghai, Tz::Asia__Shanghai, SHANGHAI).await;
    check(Tz::Asia__Shanghai, Tz::UTC, SHANGHAI).await;
}

#[tokio::test]
async fn new_york_clocks_in_gaps_and_overlaps_are_read_rightly() {
    check(Tz::America__New_York, Tz::America__New_York, NEW_YORK).await;
    check(Tz::America__New_York, Tz::Asia__Shanghai, NEW_YORK).await;
}
