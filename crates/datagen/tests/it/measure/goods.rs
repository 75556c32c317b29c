//! Articles: which lose money, fail, and cost more to repair.

use std::collections::HashMap;

use aftersight_datagen::{OrderId, RepairRow, Sku};

use super::{Line, Raw};
use crate::estimate::{Estimate, Share, Sums, difference};

/// Days of age between which the planted defect shows.
const DEFECT_DAYS: std::ops::Range<i64> = 185..236;

impl Raw<'_> {
    pub(super) fn measure_goods(&self, fact: &str) -> Option<Estimate> {
        Some(match fact {
            "subcategory_loses_money" => self.margin_after(|subcategory| subcategory == "climate"),
            "defect_appears_with_age" => self.defect(),
            "repairs_cost_more" => self.parts(),
            _ => return None,
        })
    }

    fn repairs(&self) -> HashMap<(OrderId, Sku), Vec<&RepairRow>> {
        let mut repairs: HashMap<_, Vec<&RepairRow>> = HashMap::new();
        for row in &self.shop.tables().repairs {
            repairs
                .entry((row.order_id, row.sku))
                .or_default()
                .push(row);
        }
        repairs
    }

    /// What is left of each unit of money earned once goods came back and were
    /// repaired. The desk's time is not counted.
    fn margin_after(&self, is_asked: impl Fn(&str) -> bool) -> Estimate {
        let repairs = self.repairs();
        let mut refunds: HashMap<(OrderId, i64), i64> = HashMap::new();
        for row in self
            .shop
            .tables()
            .refunds
            .iter()
            .filter(|row| row.kind == "goods")
        {
            *refunds
                .entry((row.order_id, row.line_no.unwrap()))
                .or_default() += row.amount.0;
        }
        let margin = |line: &Line<'_>| {
            let mut left = line.net - line.cost * line.quantity;
            left -= refunds
                .get(&(line.order.order_id, line.line_no))
                .copied()
                .unwrap_or(0);
            if let Some(row) = line.back {
                let cost = |money: Option<aftersight_datagen::Money>| money.map_or(0, |m| m.0);
                left += cost(row.recovery_value);
                left -= cost(row.reverse_shipping_cost) + cost(row.handling_cost);
                if row.exchange_order_id.is_some() {
                    left -= line.cost * row.quantity;
                }
            }
            for row in repairs
                .get(&(line.order.order_id, line.sku))
                .into_iter()
                .flatten()
            {
                left -= (row.labour_hours * row.labour_rate.0 as f64) as i64;
                left -= row.parts_cost.0 + row.shipping_cost.0;
            }
            left as f64
        };
        let lines: Vec<(f64, f64)> = self
            .all_mature_lines()
            .filter(|line| is_asked(self.subcategory[&line.sku]))
            .map(|line| (margin(&line), line.net as f64))
            .collect();
        let earned: f64 = lines.iter().map(|(_, net)| net).sum();
        let value = lines.iter().map(|(left, _)| left).sum::<f64>() / earned;
        let squares: f64 = lines
            .iter()
            .map(|(left, net)| (left - value * net).powi(2))
            .sum();
        Estimate {
            value,
            error: squares.sqrt() / earned,
        }
    }

    /// Share of the units that failed at the age of the defect, among those
    /// kept so long: the rice cooker less the other electronics.
    fn defect(&self) -> Estimate {
        let repairs = self.repairs();
        let limit = self.days_before_end(DEFECT_DAYS.end as u64 + 20);
        let mut shares = [Share::default(); 2];
        for line in self.all_mature_lines() {
            let delivered_at = line.order.delivered_at.unwrap();
            if line.category != "electronics" || line.back.is_some() || delivered_at >= limit {
                continue;
            }
            let age = |row: &RepairRow| (row.failed_at.0 - delivered_at.0) / 86_400_000_000;
            let n_failed = repairs
                .get(&(line.order.order_id, line.sku))
                .into_iter()
                .flatten()
                .filter(|row| DEFECT_DAYS.contains(&age(row)))
                .count() as i64;
            for unit in 0..line.quantity {
                shares[usize::from(line.sku == Sku(48))].add(unit < n_failed);
            }
        }
        difference(shares[1], shares[0])
    }

    /// Parts as a share of the article's cost: the last year against the one
    /// before.
    fn parts(&self) -> Estimate {
        let costs: HashMap<(OrderId, Sku), i64> = self
            .shop
            .tables()
            .order_items
            .iter()
            .map(|row| ((row.order_id, row.sku), row.unit_cost.0))
            .collect();
        let [middle, first] = [365, 730].map(|days| self.days_before_end(days));
        let mut sums = [Sums::default(); 2];
        for row in &self.shop.tables().repairs {
            if row.opened_at >= first {
                let cost = costs[&(row.order_id, row.sku)] as f64;
                sums[usize::from(row.opened_at >= middle)].add(row.parts_cost.0 as f64 / cost);
            }
        }
        sums[1].over(sums[0])
    }
}
