//! Customer lifetime value: expected purchases of each coming period times
//! expected spend, discounted.
//!
//! The periods are stated in the time unit of the purchase model. The example
//! in lifetimes' README lets a "month" be thirty units of a model in weeks; here
//! a month for a model in weeks is `period_units = 4.345`, said by the caller.

use crate::bgnbd::{BgNbd, History};
use crate::error::{Result, StatsError, finite, positive};

/// How far and how steeply to discount.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Horizon {
    /// Number of periods.
    pub periods: u32,
    /// Length of a period in the model's unit of time.
    pub period_units: f64,
    /// Discount rate per period, 0.01 for one percent.
    pub discount: f64,
}

impl Horizon {
    /// A horizon of 1 to 1200 periods, refused when it makes no sense.
    pub fn new(periods: u32, period_units: f64, discount: f64) -> Result<Self> {
        if !(1..=1200).contains(&periods) {
            return Err(StatsError::argument("periods", "must be from 1 to 1200"));
        }
        positive("period_units", period_units)?;
        if !(discount > -1.0 && discount.is_finite()) {
            return Err(StatsError::argument("discount", "must be greater than -1"));
        }
        Ok(Self {
            periods,
            period_units,
            discount,
        })
    }
}

/// Σ value · (E[Y(t_k)] − E[Y(t_(k−1))]) / (1 + d)^k over the periods.
#[must_use]
pub fn clv(
    model: &BgNbd,
    customer: &History,
    expected_value: f64,
    horizon: &Horizon,
) -> Option<f64> {
    let mut value = 0.0;
    let mut before = 0.0;
    for k in 1..=horizon.periods {
        let t = f64::from(k) * horizon.period_units;
        let until = model.conditional_expected(customer, t)?;
        value += expected_value * (until - before) / (1.0 + horizon.discount).powf(f64::from(k));
        before = until;
    }
    finite(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_discount_the_value_is_purchases_times_spend() {
        let model = BgNbd::new(0.243, 4.414, 0.793, 2.426).unwrap();
        let customer = History::checked(2.0, 30.43, 38.86, 0).unwrap();
        let horizon = Horizon::new(12, 4.345, 0.0).unwrap();
        let purchases = model.conditional_expected(&customer, 12.0 * 4.345).unwrap();
        let value = clv(&model, &customer, 24.65, &horizon).unwrap();
        assert!((value - 24.65 * purchases).abs() < 1e-9);
    }

    #[test]
    fn a_discounted_value_lies_between_its_bounds() {
        let model = BgNbd::new(0.243, 4.414, 0.793, 2.426).unwrap();
        let customer = History::checked(2.0, 30.43, 38.86, 0).unwrap();
        let plain = clv(
            &model,
            &customer,
            10.0,
            &Horizon::new(12, 4.345, 0.0).unwrap(),
        )
        .unwrap();
        let discounted = clv(
            &model,
            &customer,
            10.0,
            &Horizon::new(12, 4.345, 0.01).unwrap(),
        )
        .unwrap();
        assert!(discounted < plain / 1.01 && discounted > plain / 1.01f64.powi(12));
    }

    #[test]
    fn a_horizon_without_length_is_refused() {
        assert!(Horizon::new(0, 1.0, 0.0).is_err());
        assert!(Horizon::new(12, 0.0, 0.0).is_err());
        assert!(Horizon::new(12, 1.0, -1.0).is_err());
    }
}
