//! What is late, and what that costs.

use std::collections::HashSet;

use aftersight_datagen::{Instant, Mark, OrderId, SurveyRow};

use super::Raw;
use crate::estimate::{Estimate, Share, Sums, difference, points};

impl Raw<'_> {
    pub(super) fn measure_deliveries(&self, fact: &str) -> Option<Estimate> {
        Some(match fact {
            "carrier_is_late" => self.lateness_change(|carrier| carrier == "harbor"),
            "other_carriers_are_not_later" => self.lateness_change(|carrier| carrier != "harbor"),
            "strike_delays_all" => self.strike(),
            "late_delivery_lowers_nps" => {
                self.delivery_scores("nps", |row| self.is_late(row), true, points)
            }
            "late_carrier_costs_nps" => {
                let from = self.span(Mark::LateCarrier).start;
                let harbor = |row: &SurveyRow| {
                    let order = row.order_id?;
                    let shipped_at = self.orders.get(&order)?.shipped_at?;
                    (self.carrier.get(&order) == Some(&"harbor")).then_some(shipped_at >= from)
                };
                self.delivery_scores("nps", harbor, false, points)
            }
            "late_delivery_lowers_csat" => self.delivery_scores(
                "csat",
                |row| self.is_late(row),
                false,
                |score| f64::from(u8::from(score >= 4.0)),
            ),
            "late_delivery_brings_tickets" => self.tickets_of_late_orders(),
            "late_delivery_brings_returns" => self.returns_of_late_lines(),
            _ => return None,
        })
    }

    fn lateness_change(&self, carrier: impl Fn(&str) -> bool) -> Estimate {
        let from = self.span(Mark::LateCarrier).start;
        let strike = self.span(Mark::Strike);
        let mut shares = [Share::default(); 2];
        for (order, shipped_at) in self.sent_early_enough() {
            if carrier(self.carrier[&order]) && !strike.contains(&shipped_at) {
                shares[usize::from(shipped_at >= from)].add(self.late[&order]);
            }
        }
        difference(shares[1], shares[0])
    }

    /// Delivered orders shipped two weeks before the end or earlier: of later
    /// ones only the punctual have arrived.
    fn sent_early_enough(&self) -> impl Iterator<Item = (OrderId, Instant)> {
        let limit = self.days_before_end(14);
        self.late.keys().filter_map(move |order| {
            let shipped_at = self.orders[order].shipped_at?;
            (shipped_at < limit).then_some((*order, shipped_at))
        })
    }

    fn strike(&self) -> Estimate {
        let strike = self.span(Mark::Strike);
        let before_trouble = self.span(Mark::LateCarrier).start;
        let mut shares = [Share::default(); 2];
        for (order, shipped_at) in self.sent_early_enough() {
            if shipped_at < before_trouble {
                shares[usize::from(strike.contains(&shipped_at))].add(self.late[&order]);
            }
        }
        difference(shares[1], shares[0])
    }

    /// Scores after deliveries where `group` is true, less where it is false.
    pub(super) fn delivery_scores(
        &self,
        kind: &str,
        group: impl Fn(&SurveyRow) -> Option<bool>,
        without_returns: bool,
        value: impl Fn(f64) -> f64,
    ) -> Estimate {
        let mut sums = [Sums::default(); 2];
        for row in self.answers("delivery", kind) {
            let has_return = self.returned_orders.contains(&row.order_id.unwrap());
            if let Some(group) = group(row).filter(|_| !(without_returns && has_return)) {
                sums[usize::from(group)].add(value(row.score.unwrap()));
            }
        }
        sums[1].less(sums[0])
    }

    fn tickets_of_late_orders(&self) -> Estimate {
        let about_delivery: HashSet<OrderId> = self
            .shop
            .tables()
            .tickets
            .iter()
            .filter(|row| row.issue_type == "delivery")
            .map(|row| row.order_id)
            .collect();
        let mut shares = [Share::default(); 2];
        for (order, _) in self.sent_early_enough() {
            if !self.orders[&order].is_replacement {
                shares[usize::from(self.late[&order])].add(about_delivery.contains(&order));
            }
        }
        difference(shares[1], shares[0])
    }

    fn returns_of_late_lines(&self) -> Estimate {
        let mut shares = [Share::default(); 2];
        for line in self.mature_lines() {
            if let Some(is_late) = line.is_late {
                let is_hit = line
                    .back
                    .is_some_and(|row| row.reason_code == "late_delivery");
                shares[usize::from(is_late)].add(is_hit);
            }
        }
        difference(shares[1], shares[0])
    }
}
