//! The story of the shop: every planted effect as a number.
//!
//! [`FACTS`](crate::FACTS) describes the same effects to people and tests. The
//! neutral story keeps the machinery and sets each effect to nothing, so that
//! false findings can be counted on shops where there is nothing to find.

/// Every planted effect.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Story {
    // Goods and returns.
    /// Factor on size/fit returns of the article that runs small.
    pub(crate) runs_small_factor: f64,
    /// Factor on damage in transit in the fragile category.
    pub(crate) fragile_factor: f64,
    /// Factor on defects of the subcategory that loses money.
    pub(crate) climate_defects: f64,
    /// What an article of that subcategory costs, as a share of its price;
    /// `None` leaves it as the catalogue has it.
    pub(crate) climate_cost: Option<f64>,
    /// Added probability that a unit of one article fails at the age of about
    /// 200 days.
    pub(crate) defect_at_age: f64,
    /// Growth of the parts in a repair by the year.
    pub(crate) parts_growth_per_year: f64,
    /// Factor on changed minds among buyers of the app.
    pub(crate) app_changed_mind: f64,
    /// Factor on changed minds where the line had a discount.
    pub(crate) promo_changed_mind: f64,
    /// Factor on the share of apparel and shoes among buyers from social media.
    pub(crate) social_fashion: f64,
    /// Factor on the share of apparel since the new range.
    pub(crate) new_range_apparel: f64,
    /// Factor on wrong descriptions of home goods since the new range.
    pub(crate) new_pictures: f64,
    /// Probability that the pair's second article joins the first in a basket,
    /// and that it goes back when the first does.
    pub(crate) pair: [f64; 2],
    /// Shares of the customers who return most of what they buy, order several
    /// sizes, and claim damage without sending anything back.
    pub(crate) serial_share: f64,
    pub(crate) bracketer_share: f64,
    pub(crate) abuser_share: f64,

    // Deliveries.
    /// Share of late parcels of the late carrier from its day on.
    pub(crate) late_carrier_share: f64,
    /// Share of late parcels of all carriers during the strike.
    pub(crate) strike_share: f64,
    /// Added probability per line of a return for late delivery.
    pub(crate) late_return: f64,

    // What customers say.
    /// NPS of a late order less that of one in time, as a fraction.
    pub(crate) late_nps: f64,
    /// NPS after a return less that without, as a fraction.
    pub(crate) return_nps: f64,
    /// NPS after an easy return less that after a hard one, as a fraction.
    pub(crate) effort_nps: f64,
    /// NPS of the app's buyers less that of the others, as a fraction.
    pub(crate) app_nps: f64,
    /// Factors on the share that answers, by app and by mail.
    pub(crate) answer_factors: [f64; 2],
    /// How far ratings of delivery and service move with half the distance of
    /// an answer from 7, and how closely packaging follows delivery.
    pub(crate) rating_pulls: [f64; 3],
    /// CSAT of a late order less that of one in time.
    pub(crate) late_csat: f64,
    /// Satisfaction and ease lost with each reopening of a ticket.
    pub(crate) reopen_csat: f64,
    /// Ease of returns since instant refunds less that before.
    pub(crate) instant_ease: f64,
    /// Added probability of a bad review after something went wrong.
    pub(crate) bad_review: f64,
    /// Share of the bad reviews of kitchen goods that are about packaging.
    pub(crate) kitchen_packaging: f64,
    /// Days a call back takes longer than before.
    pub(crate) call_back_days: f64,

    // The desk.
    /// Added probability of a ticket when an order is late.
    pub(crate) late_ticket: f64,
    /// Share of the warranty tickets that go to one agent.
    pub(crate) warranty_to_one_agent: f64,
    /// Minutes of the slow agent against the others' on the same cases.
    pub(crate) slow_agent: f64,
    /// Share of the weekend's tickets that wait for Monday.
    pub(crate) wait_for_monday: f64,
    /// Factor on tickets about invoices in the week of the burst.
    pub(crate) invoice_burst: f64,
    /// Share of the customers a bot answered who come back to a person.
    pub(crate) bot_bounce: f64,
    /// Factor on reopenings of tickets about refunds.
    pub(crate) refund_reopen: f64,

    // Money and what comes of it.
    /// Whether refunds become instant at all.
    pub(crate) instant_refunds: bool,
    /// Days the refunds of one marketplace take longer from a day on.
    pub(crate) slow_refund_days: f64,
    /// Added probability of another order after a return, before and since
    /// instant refunds.
    pub(crate) repeat_after_return: [f64; 2],
    /// The same where the first order was returned, on top.
    pub(crate) repeat_after_first_return: f64,
    /// The same after a late delivery.
    pub(crate) repeat_after_late: f64,
    /// The same for customers of the loyal cohort.
    pub(crate) repeat_of_cohort: f64,
    /// Added probability of an order within two weeks of the coupon.
    pub(crate) coupon_lift: f64,
    /// Growth of arrivals by the year, against the last year.
    pub(crate) growth_per_year: f64,

    // Reach and records.
    /// Carts that come to nothing for each order of the app while its checkout
    /// is broken.
    pub(crate) carts_while_broken: f64,
    /// Share of the orders of a sold-out article's weeks after which somebody
    /// asks for it.
    pub(crate) sold_out_asks: f64,
    /// Whether one marketplace sends no orders for some days.
    pub(crate) has_feed_gap: bool,
    /// Shares of the returns and refunds that are recorded days later.
    pub(crate) late_rows: [f64; 2],
}

/// Share of late parcels where nothing is wrong.
pub(crate) const LATE_SHARE: f64 = 0.07;

/// Carts that come to nothing for each order: six carts in ten are paid.
pub(crate) const CARTS_LEFT: f64 = 2.0 / 3.0;

impl Story {
    pub(crate) fn planted() -> Self {
        Self {
            runs_small_factor: 3.0,
            fragile_factor: 5.0,
            climate_defects: 3.0,
            climate_cost: Some(0.92),
            defect_at_age: 0.15,
            parts_growth_per_year: 0.30,
            app_changed_mind: 2.0,
            promo_changed_mind: 2.0,
            social_fashion: 5.0,
            new_range_apparel: 1.8,
            new_pictures: 8.0,
            pair: [0.6, 0.8],
            serial_share: 0.01,
            bracketer_share: 0.02,
            abuser_share: 0.005,
            late_carrier_share: 0.50,
            strike_share: 0.40,
            late_return: 0.03,
            late_nps: -0.40,
            return_nps: -0.25,
            effort_nps: 0.50,
            app_nps: 0.12,
            answer_factors: [1.45, 0.78],
            rating_pulls: [0.9, 0.5, 0.8],
            late_csat: -0.25,
            reopen_csat: -0.15,
            instant_ease: 0.16,
            bad_review: 0.37,
            kitchen_packaging: 0.6,
            call_back_days: 2.0,
            late_ticket: 0.20,
            warranty_to_one_agent: 0.70,
            slow_agent: 1.5,
            wait_for_monday: 0.5,
            invoice_burst: 12.0,
            bot_bounce: 0.30,
            refund_reopen: 3.0,
            instant_refunds: true,
            slow_refund_days: 5.0,
            repeat_after_return: [-0.14, 0.12],
            repeat_after_first_return: -0.10,
            repeat_after_late: -0.06,
            repeat_of_cohort: 0.25,
            coupon_lift: 0.06,
            growth_per_year: 0.10,
            carts_while_broken: 7.0 / 3.0,
            sold_out_asks: 0.10,
            has_feed_gap: true,
            late_rows: [0.03, 0.02],
        }
    }

    pub(crate) fn none() -> Self {
        Self {
            runs_small_factor: 1.0,
            fragile_factor: 1.0,
            climate_defects: 1.0,
            climate_cost: None,
            defect_at_age: 0.0,
            parts_growth_per_year: 0.0,
            app_changed_mind: 1.0,
            promo_changed_mind: 1.0,
            social_fashion: 1.0,
            new_range_apparel: 1.0,
            new_pictures: 1.0,
            pair: [0.0, 0.0],
            serial_share: 0.0,
            bracketer_share: 0.0,
            abuser_share: 0.0,
            late_carrier_share: LATE_SHARE,
            strike_share: LATE_SHARE,
            late_return: 0.0,
            late_nps: 0.0,
            return_nps: 0.0,
            effort_nps: 0.0,
            app_nps: 0.0,
            answer_factors: [1.0, 1.0],
            rating_pulls: [0.0, 0.0, 0.0],
            late_csat: 0.0,
            reopen_csat: 0.0,
            instant_ease: 0.0,
            bad_review: 0.0,
            kitchen_packaging: 0.0,
            call_back_days: 0.0,
            late_ticket: 0.0,
            warranty_to_one_agent: 0.0,
            slow_agent: 1.0,
            wait_for_monday: 0.0,
            invoice_burst: 1.0,
            bot_bounce: 0.0,
            refund_reopen: 1.0,
            instant_refunds: false,
            slow_refund_days: 0.0,
            repeat_after_return: [0.0, 0.0],
            repeat_after_first_return: 0.0,
            repeat_after_late: 0.0,
            repeat_of_cohort: 0.0,
            coupon_lift: 0.0,
            growth_per_year: 0.0,
            carts_while_broken: CARTS_LEFT,
            sold_out_asks: 0.0,
            has_feed_gap: false,
            late_rows: [0.0, 0.0],
        }
    }
}
