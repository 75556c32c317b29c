//! Steady sums beside plain loops and DataFusion's own functions, in any order and split.

use datafusion::prelude::SessionConfig;

use super::*;
use crate::harness::{Cell, Row, Subject, assert_near, session, value};

fn known(rows: &[Row]) -> Vec<f64> {
    rows.iter().filter_map(|(x, _)| *x).collect()
}

/// The second route: ordinary addition, then distances from the mean.
fn squares(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    values.iter().map(|x| (x - mean).powi(2)).sum()
}

const VALUES: &[f64] = &[0.1, 0.1, -3.7, 12.99, 1e6];

#[test]
fn sum_is_an_aggregate_like_any_other() {
    Subject {
        call: "sum(x)",
        x: VALUES,
        y: &[1.0],
        slowly: |rows| {
            let values = known(rows);
            vec![(!values.is_empty()).then(|| values.iter().sum()).into()]
        },
    }
    .check_with_distinct();
}

#[test]
fn avg_is_an_aggregate_like_any_other() {
    Subject {
        call: "avg(x)",
        x: VALUES,
        y: &[1.0],
        slowly: |rows| {
            let values = known(rows);
            let mean = || values.iter().sum::<f64>() / values.len() as f64;
            vec![(!values.is_empty()).then(mean).into()]
        },
    }
    .check_with_distinct();
}

#[test]
fn var_is_an_aggregate_like_any_other() {
    Subject {
        call: "var(x)",
        x: VALUES,
        y: &[1.0],
        slowly: |rows| {
            let values = known(rows);
            let variance = || squares(&values) / (values.len() - 1) as f64;
            vec![(values.len() > 1).then(variance).into()]
        },
    }
    .check_with_distinct();
}

#[test]
fn stddev_pop_is_an_aggregate_like_any_other() {
    Subject {
        call: "stddev_pop(x)",
        x: VALUES,
        y: &[1.0],
        slowly: |rows| {
            let values = known(rows);
            let deviation = || (squares(&values) / values.len() as f64).sqrt();
            vec![(!values.is_empty()).then(deviation).into()]
        },
    }
    .check_with_distinct();
}

/// Every other name is of the same function, and other types are DataFusion's business.
#[tokio::test]
async fn names_and_types_are_those_of_datafusion() {
    let built_in = SessionContext::new();
    let ours = session();
    let table =
        "(values (1.5, 2, 0.25, null), (4.0, 5, 1.75, 1), (2.5, 5, 1.75, 7)) as t(x, i, y, n)";
    for call in [
        "mean(x)",
        "var_samp(x)",
        "var_sample(x)",
        "var_pop(x)",
        "var_population(x)",
        "stddev(x)",
        "stddev_samp(x)",
        "sum(i)",
        "avg(i)",
        "avg(n)",
        "sum(distinct y)",
        "avg(distinct i)",
        "sum(cast(x as decimal(12, 2)))",
        "avg(cast(x as decimal(12, 2)))",
        "sum(x + 1)",
        "sum(x) filter (where i = 5)",
    ] {
        let typed = format!("select arrow_typeof({call}) from {table}");
        assert_eq!(
            value(&ours, &typed).await,
            value(&built_in, &typed).await,
            "{call}"
        );
        let query = format!("select {call} from {table}");
        assert_eq!(
            value(&ours, &query).await,
            value(&built_in, &query).await,
            "{call}"
        );
    }
}

/// The sample variance is 30 whatever is added to all of them; from squares in
/// 53 bits it would be anything from 0 to 10^9 here.
#[tokio::test]
async fn variance_keeps_its_digits_far_from_zero() {
    let query = "select var(x + 1e13) from (values (4.0), (7.0), (13.0), (16.0)) as t(x)";
    assert_near(&value(&session(), query).await, &[30.0], 1e-12);
}

/// Values that are all the same, or nearly, in an order that used to show.
#[test]
fn the_order_of_rows_does_not_show_in_what_the_mean_leaves() {
    let squares = |values: &[f64], split: usize| {
        let (left, right) = values.split_at(split);
        let mut whole = Moments::<3>::default();
        for part in [right, left] {
            let mut moments = Moments::default();
            part.iter().for_each(|x| moments.add(*x));
            whole.merge(&moments);
        }
        whole.squares()
    };
    let near: Vec<f64> = (0..40).map(|i| 1e8 + 0.1 * f64::from(i * i % 7)).collect();
    for split in 0..40 {
        for x in [0.1, -3.7, 12.99, 1.0 / 3.0, 1e-140, 1e150] {
            assert_eq!(squares(&[x; 40], split), 0.0, "{x}");
        }
        assert_eq!(squares(&near, split), squares(&near, 0));
    }
    let mean = near.iter().map(|x| x - 1e8).sum::<f64>() / 40.0;
    let expected: f64 = near.iter().map(|x| (x - 1e8 - mean).powi(2)).sum();
    assert!((squares(&near, 0) / expected - 1.0).abs() < 1e-12);
    assert!(squares(&[1.0, f64::INFINITY], 1).is_nan());
    assert!(squares(&[f64::NAN, 2.0], 1).is_nan());
}

#[tokio::test]
async fn nothing_is_left_in_a_window_by_what_has_left_it() {
    let query = "select max(abs(s - x)) from (select x, \
         sum(x) over (order by i rows between current row and current row) as s \
         from (values (1, 0.1), (2, 1e30), (3, 0.3), (4, 'inf'::double)) as t(i, x)) where x < 1e9";
    assert_eq!(value(&session(), query).await, [Cell::Number(0.0)]);
}

/// Numbers whose ordinary sum differs with the order: the same bits in any number of partitions.
#[tokio::test]
async fn the_number_of_partitions_does_not_show() {
    let mut results = vec![];
    for partitions in [1, 2, 3, 7] {
        let config = SessionConfig::new()
            .with_target_partitions(partitions)
            .with_batch_size(100 * partitions);
        let ctx = SessionContext::new_with_config(config);
        register_steady_sums(&ctx);
        let query = "select sum(x) + 3 * avg(x) + 7 * stddev(x) from \
             (select sin(value) * 1e5 as x from generate_series(1, 20000))";
        results.push(value(&ctx, query).await);
    }
    results.dedup();
    assert_eq!(results.len(), 1, "{results:?}");
}
