//! The share of customers who bought again.

use crate::error::ratio;

/// Customers and repeat customers, mergeable.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RepeatRate {
    /// Customers with at least one order.
    pub customers: u64,
    /// Customers with at least two.
    pub repeaters: u64,
    /// All orders.
    pub orders: u64,
    /// Orders of customers with at least two.
    pub repeaters_orders: u64,
}

impl RepeatRate {
    /// Counts a customer with this many orders; none means not a customer.
    pub fn update(&mut self, orders: u64) {
        if orders == 0 {
            return;
        }
        self.customers += 1;
        self.orders += orders;
        if orders >= 2 {
            self.repeaters += 1;
            self.repeaters_orders += orders;
        }
    }

    /// Counts the customers of another state.
    pub fn merge(&mut self, other: &Self) {
        self.customers += other.customers;
        self.repeaters += other.repeaters;
        self.orders += other.orders;
        self.repeaters_orders += other.repeaters_orders;
    }

    /// Repeat customers over customers.
    #[must_use]
    pub fn by_customers(&self) -> Option<f64> {
        ratio(self.repeaters as f64, self.customers as f64)
    }

    /// Orders of repeat customers over orders, as Chinese reports often mean
    /// 复购率.
    #[must_use]
    pub fn by_orders(&self) -> Option<f64> {
        ratio(self.repeaters_orders as f64, self.orders as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // CDNOW, 39 weeks: repeat purchases 0..6 and 7 or more.
    #[test]
    fn the_cdnow_repeat_rate_is_the_published_one() {
        let mut rate = RepeatRate::default();
        for (repeats, customers) in [1411u64, 439, 214, 100, 62, 38, 29, 64]
            .into_iter()
            .enumerate()
        {
            for _ in 0..customers {
                rate.update(repeats as u64 + 1);
            }
        }
        assert_eq!((rate.customers, rate.repeaters), (2357, 946));
        assert_eq!(rate.by_customers(), Some(946.0 / 2357.0));
    }

    #[test]
    fn nobody_is_null_and_orders_weigh_by_orders() {
        let mut rate = RepeatRate::default();
        assert_eq!(rate.by_customers(), None);
        rate.update(0);
        rate.update(1);
        rate.update(3);
        let mut merged = RepeatRate::default();
        merged.merge(&rate);
        assert_eq!(merged.by_orders(), Some(0.75));
        assert_eq!(merged.by_customers(), Some(0.5));
    }
}
