//! The same configuration gives the same rows, and more of one thing does not
//! move another.

use std::collections::HashSet;
use std::convert::Infallible;
use std::fs;
use std::thread;

use aftersight_datagen::{Config, Ids, Shop, write_parquet};
use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{DataType, Int64Type};
use chrono::{Days, NaiveDate};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::as_of;

fn small() -> Config {
    Config::sized(as_of(), 1_500)
}

fn batches(shop: &Shop) -> Vec<(&'static str, RecordBatch)> {
    let mut all = Vec::new();
    let each = |table, batch| {
        all.push((table, batch));
        Ok::<(), Infallible>(())
    };
    shop.tables()
        .for_each_batch(shop.ids(), 1_000, each)
        .unwrap();
    all
}

#[test]
fn the_same_seed_gives_the_same_rows_on_any_thread() {
    let expected = Shop::generate(&small());
    let others: Vec<_> = (0..4)
        .map(|_| thread::spawn(|| Shop::generate(&small())))
        .collect();
    for other in others {
        assert!(other.join().unwrap() == expected);
    }
    let other_seed = Shop::generate(&Config {
        seed: 47,
        ..small()
    });
    assert!(other_seed.tables().orders != expected.tables().orders);
}

#[test]
fn text_ids_name_the_same_facts_as_integer_ids() {
    let integer = Shop::generate(&small());
    let text = Shop::generate(&Config {
        ids: Ids::Text,
        ..small()
    });
    assert!(integer.tables() == text.tables());
    assert!(integer.summary() == text.summary());
    let mut n_ids = 0;
    for ((table, by_number), (_, by_text)) in batches(&integer).iter().zip(&batches(&text)) {
        assert_eq!(by_number.num_rows(), by_text.num_rows());
        for (idx, field) in by_number.schema().fields().iter().enumerate() {
            let is_id = *field.data_type() == DataType::Int64
                && *by_text.schema().field(idx).data_type() == DataType::Utf8;
            if !is_id {
                if field.name() != "feedback_id" {
                    assert_eq!(
                        by_number.column(idx),
                        by_text.column(idx),
                        "{table} {field}"
                    );
                }
                continue;
            }
            let numbers = by_number.column(idx).as_primitive::<Int64Type>();
            let texts = by_text.column(idx).as_string::<i32>();
            for (number, text) in numbers.iter().zip(texts.iter()) {
                let digits = text.map(|text| text.split_once('-').unwrap().1.parse().unwrap());
                assert_eq!(number, digits, "{table}.{}", field.name());
                n_ids += 1;
            }
        }
    }
    assert!(n_ids > 10_000);
}

#[test]
fn more_customers_leave_the_lives_of_the_others_alone() {
    let lives = |customers: u32| -> HashSet<(String, i64)> {
        let shop = Shop::generate(&Config {
            customers,
            dirty: false,
            ..small()
        });
        let tables = shop.tables();
        let mails: std::collections::HashMap<_, _> = tables
            .customers
            .iter()
            .map(|row| (row.customer_id, row.email.clone().unwrap()))
            .collect();
        tables
            .orders
            .iter()
            .filter_map(|row| Some((mails[&row.customer_id?].clone(), row.ordered_at.0)))
            .collect()
    };
    let (few, many) = (lives(300), lives(900));
    assert!(few.len() > 200);
    assert!(few.is_subset(&many));
}

#[test]
fn files_are_the_same_byte_for_byte_and_read_back_as_the_rows() {
    let shop = Shop::generate(&small());
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let first = write_parquet(&shop, dirs[0].path()).unwrap();
    let second = write_parquet(&shop, &dirs[1].path().join("made/on/the/way")).unwrap();
    assert_eq!(first.len(), shop.tables().row_counts().len());
    for (one, other) in first.iter().zip(&second) {
        assert_eq!(one.file_name(), other.file_name());
        assert!(
            fs::read(one).unwrap() == fs::read(other).unwrap(),
            "{one:?}"
        );
    }
    for (path, (table, n_rows)) in first.iter().zip(shop.tables().row_counts()) {
        assert_eq!(path.file_stem().unwrap().to_str().unwrap(), table);
        let file = fs::File::open(path).unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
        let read: Vec<RecordBatch> = reader
            .with_batch_size(1_000)
            .build()
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        let found: usize = read.iter().map(RecordBatch::num_rows).sum();
        assert_eq!(found, n_rows, "{table}");
        let written = batches(&shop);
        let written: Vec<&RecordBatch> = written
            .iter()
            .filter(|(name, batch)| *name == table && batch.num_rows() > 0)
            .map(|(_, batch)| batch)
            .collect();
        assert!(written.into_iter().eq(read.iter()), "{table}");
    }
}

#[test]
fn a_period_without_days_gives_an_empty_shop() {
    for end in [
        NaiveDate::MIN,
        small().start,
        small().start - Days::new(400),
    ] {
        let shop = Shop::generate(&Config { end, ..small() });
        assert!(shop.tables().orders.is_empty());
        assert_eq!(shop.summary().dirt, aftersight_datagen::Dirt::default());
        let dir = tempfile::tempdir().unwrap();
        write_parquet(&shop, dir.path()).unwrap();
    }
}

#[test]
fn a_period_of_one_week_has_no_rows_outside_of_it() {
    let shop = Shop::generate(&Config {
        start: as_of() - Days::new(7),
        customers: 3_000,
        ..small()
    });
    let offset = shop.config().utc_offset_minutes;
    let days: HashSet<i64> = shop
        .tables()
        .orders
        .iter()
        .map(|row| row.ordered_at.local_day(offset))
        .collect();
    assert_eq!(days.len(), 7);
}
