//! What customers say, who says it, and what is done about it.

use std::collections::{BTreeMap, HashMap, HashSet};

use aftersight_datagen::{CustomerId, Mark, ResponseId};

use super::Raw;
use crate::estimate::{Estimate, Share, Sums, difference, points};

impl Raw<'_> {
    pub(super) fn measure_opinions(&self, fact: &str) -> Option<Estimate> {
        Some(match fact {
            "return_lowers_nps" => self.nps_after_returns(),
            "effort_drives_nps" => self.effort(),
            "app_buyers_answer_more" => self.response_rates(),
            "app_buyers_score_higher" => {
                self.delivery_scores("nps", |row| Some(row.channel == "app"), false, points)
            }
            "delivery_drives_nps" => self.ratings("delivery"),
            "service_drives_nps_half_as_much" => self.ratings("service"),
            "assortment_does_not_drive_nps" => self.ratings("assortment"),
            "packaging_moves_with_nps" => self.ratings("packaging"),
            "packaging_adds_nothing_to_delivery" => self.packaging_given_delivery(),
            "kitchen_reviews_name_packaging" => self.packaging_reviews(),
            "call_backs_slow_down" => self.call_backs(),
            _ => return None,
        })
    }

    fn nps_after_returns(&self) -> Estimate {
        let mut sums = [Sums::default(); 2];
        for (idx, touchpoint) in ["delivery", "return"].into_iter().enumerate() {
            for row in self.answers(touchpoint, "nps") {
                let is_kept = idx == 1 || !self.returned_orders.contains(&row.order_id.unwrap());
                if is_kept && self.is_late(row) == Some(false) {
                    sums[idx].add(points(row.score.unwrap()));
                }
            }
        }
        sums[1].less(sums[0])
    }

    fn effort(&self) -> Estimate {
        let is_easy: HashMap<ResponseId, bool> = self
            .answers("return", "ces")
            .map(|row| (row.response_id, row.score.unwrap() >= 5.0))
            .collect();
        let mut sums = [Sums::default(); 2];
        for row in self.answers("return", "nps") {
            sums[usize::from(is_easy[&row.response_id])].add(points(row.score.unwrap()));
        }
        sums[1].less(sums[0])
    }

    fn response_rates(&self) -> Estimate {
        let limit = self.days_before_end(30);
        let mut seen = HashSet::new();
        let mut shares = [Share::default(); 2];
        for row in &self.shop.tables().surveys {
            if row.sent_at < limit && seen.insert(row.response_id) {
                shares[usize::from(row.channel == "app")].add(row.score.is_some());
            }
        }
        difference(shares[1], shares[0])
    }

    /// NPS points of each answered questionnaire.
    fn points_by_response(&self) -> HashMap<ResponseId, f64> {
        self.shop
            .tables()
            .surveys
            .iter()
            .filter(|row| row.kind == "nps")
            .filter_map(|row| Some((row.response_id, points(row.score?))))
            .collect()
    }

    /// Mean rating of promoters less that of detractors.
    fn ratings(&self, driver: &str) -> Estimate {
        let class = self.points_by_response();
        let mut sums = [Sums::default(); 2];
        for row in &self.shop.tables().survey_drivers {
            if row.driver == driver && class[&row.response_id] != 0.0 {
                sums[usize::from(class[&row.response_id] > 0.0)].add(row.rating);
            }
        }
        sums[1].less(sums[0])
    }

    /// The same for packaging among those who rated the delivery alike.
    fn packaging_given_delivery(&self) -> Estimate {
        let class = self.points_by_response();
        let mut ratings: HashMap<ResponseId, [f64; 2]> = HashMap::new();
        for row in &self.shop.tables().survey_drivers {
            let pair = ratings.entry(row.response_id).or_default();
            match row.driver {
                "delivery" => pair[0] = row.rating,
                "packaging" => pair[1] = row.rating,
                _ => {}
            }
        }
        let mut strata: BTreeMap<i64, [Sums; 2]> = BTreeMap::new();
        for (response, [delivery, packaging]) in &ratings {
            if class[response] != 0.0 {
                let sums = strata.entry(*delivery as i64).or_default();
                sums[usize::from(class[response] > 0.0)].add(*packaging);
            }
        }
        // Weights for which the error is least, if ratings vary alike.
        let (mut total, mut value, mut variance) = (0.0, 0.0, 0.0);
        for [bad, good] in strata.into_values() {
            if bad.n < 5.0 || good.n < 5.0 {
                continue;
            }
            let weight = bad.n * good.n / (bad.n + good.n);
            let one = good.less(bad);
            total += weight;
            value += weight * one.value;
            variance += (weight * one.error).powi(2);
        }
        Estimate {
            value: value / total,
            error: variance.sqrt() / total,
        }
    }

    fn packaging_reviews(&self) -> Estimate {
        let category: HashMap<_, _> = self
            .shop
            .tables()
            .products
            .iter()
            .map(|row| (row.sku, row.category))
            .collect();
        let mut shares = [Share::default(); 2];
        for row in &self.shop.tables().interactions {
            if row.sentiment == Some("negative") {
                let is_kitchen = category[&row.sku.unwrap()] == "kitchen";
                shares[usize::from(is_kitchen)].add(row.aspect == Some("packaging"));
            }
        }
        difference(shares[1], shares[0])
    }

    fn call_backs(&self) -> Estimate {
        let span = self.span(Mark::SlowCallBacks);
        // The slowest take three weeks: of later ones only the quick are known.
        let limit = self.days_before_end(21);
        let mut sums = [Sums::default(); 2];
        for row in &self.shop.tables().actions {
            if let Some(acted_at) = row.acted_at.filter(|_| row.received_at < limit) {
                let days = (acted_at.seconds() - row.received_at.seconds()) as f64 / 86_400.0;
                sums[usize::from(span.contains(&row.received_at))].add(days);
            }
        }
        sums[1].less(sums[0])
    }

    /// Channel through which each customer came.
    pub(super) fn channels(&self) -> HashMap<CustomerId, &'static str> {
        let customers = self.shop.tables().customers.iter();
        customers
            .map(|row| (row.customer_id, row.channel))
            .collect()
    }
}
