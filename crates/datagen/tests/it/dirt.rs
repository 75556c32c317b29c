//! The rows that are wrong on purpose, counted by loops of their own.

use std::collections::{HashMap, HashSet};

use aftersight_datagen::{Config, Dirt, Shop};

use crate::{CLEAN, DEMO, as_of};

/// Counts the dirt of a shop without asking the generator.
fn count(shop: &Shop) -> Dirt {
    let t = shop.tables();
    let mut dirt = Dirt::default();

    let mut answers = HashSet::new();
    for row in &t.surveys {
        if !answers.insert((row.response_id, row.kind)) {
            dirt.duplicate_surveys += 1;
            continue;
        }
        let Some(score) = row.score else { continue };
        let is_in_range = match row.kind {
            "nps" => (0.0..=10.0).contains(&score),
            "csat" => (1.0..=5.0).contains(&score),
            _ => (1.0..=7.0).contains(&score),
        };
        dirt.out_of_range_scores += usize::from(!is_in_range);
        dirt.fractional_nps_scores += usize::from(is_in_range && score.fract() != 0.0);
    }

    let mut orders = HashSet::new();
    for row in &t.orders {
        if orders.insert(row.order_id) {
            dirt.guest_orders += usize::from(row.customer_id.is_none());
        } else {
            dirt.duplicate_orders += 1;
        }
    }

    let mut lines = HashMap::new();
    for row in &t.order_items {
        if lines
            .insert((row.order_id, row.line_no), row.quantity)
            .is_some()
        {
            dirt.duplicate_order_items += 1;
        } else {
            dirt.negative_quantities += usize::from(row.quantity < 0);
        }
    }

    let known = [
        "size_fit",
        "changed_mind",
        "not_as_described",
        "defective",
        "damaged_in_transit",
        "wrong_item",
        "late_delivery",
        "other",
    ];
    let mut returns = HashSet::new();
    for row in &t.returns {
        if !returns.insert(row.return_id) {
            dirt.duplicate_returns += 1;
            continue;
        }
        dirt.unknown_reasons += usize::from(!known.contains(&row.reason_code));
        let order = row.order_id.unwrap();
        if !orders.contains(&order) {
            dirt.orphan_returns += 1;
        } else if row.quantity > lines[&(order, row.line_no.unwrap())] {
            dirt.returns_over_quantity += 1;
        }
    }

    for row in &t.shipments {
        let is_early = row.delivered_at.is_some_and(|at| at < row.shipped_at);
        dirt.deliveries_before_shipment += usize::from(is_early);
    }
    dirt
}

#[test]
fn the_summary_counts_the_dirt_that_is_there() {
    let declared = DEMO.summary().dirt;
    assert_eq!(count(&DEMO), declared);
    let Dirt {
        out_of_range_scores,
        fractional_nps_scores,
        orphan_returns,
        returns_over_quantity,
        unknown_reasons,
        negative_quantities,
        deliveries_before_shipment,
        duplicate_orders,
        duplicate_order_items,
        duplicate_returns,
        duplicate_surveys,
        guest_orders,
    } = declared;
    for n in [
        out_of_range_scores,
        fractional_nps_scores,
        orphan_returns,
        returns_over_quantity,
        unknown_reasons,
        negative_quantities,
        deliveries_before_shipment,
        duplicate_orders,
        duplicate_order_items,
        duplicate_returns,
        duplicate_surveys,
        guest_orders,
    ] {
        assert!(n > 0, "{declared:?}");
    }
}

#[test]
fn a_small_shop_has_every_kind_of_dirt_too() {
    let shop = Shop::generate(&Config::sized(as_of(), 300));
    assert_eq!(count(&shop), shop.summary().dirt);
    assert!(shop.summary().dirt.orphan_returns > 0);
}

#[test]
fn a_clean_shop_has_guests_and_no_dirt() {
    let expected = Dirt {
        guest_orders: DEMO.summary().dirt.guest_orders,
        ..Dirt::default()
    };
    assert_eq!(count(&CLEAN), expected);
    assert_eq!(CLEAN.summary().dirt, expected);
}
