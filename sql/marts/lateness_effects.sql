-- What does a late delivery do?
--
-- grain: outcome
--
-- outcome           returned: sent back for money; returned_for_lateness: for
--                   the reason late_delivery; contacted: a contact case about
--                   the order; satisfied: CSAT after delivery; nps: points,
--                   after delivery
-- late_n            order lines or, for contacted, orders that came late;
--                   answers about late orders
-- late_value        share of them with the outcome, or the score; of answers
--                   weighted
-- on_time_n         the same in time
-- on_time_value     the same in time
-- difference        share or score when late less that in time, without weights
-- difference_lower  lower end of its 95 % interval
-- difference_upper  upper end
-- odds_ratio        odds when late over odds in time, without weights; NULL for
--                   nps
-- odds_ratio_lower  lower end of its 95 % interval (Woolf)
-- odds_ratio_upper  upper end
-- p_value           of no difference, two-sided: Pearson's chi-square for
--                   shares, z for nps; NULL where fewer than five late ones
--                   are expected with the outcome, or without, or fewer than
--                   five late answers were given
-- p_value_adjusted  the same, adjusted for the number of outcomes (Holm)
-- is_nps            values are points, -100 to 100, not shares
--
-- Tests of differences use no weights: where answers have some, difference is
-- not late_value less on_time_value. That of nps is clustered by customer; the
-- others take every case as independent.
--
-- Order lines are of mature sales of the last $sales_window_days of which
-- arrival and promise are known; answers are of the same days, by the order
-- they are about, late when any line of it was. Not the effect of lateness
-- alone: what is late is not late by chance (a carrier, a week, an article).
-- Lines of one order come late together, which makes the tests of what came
-- back a little too keen. contacted counts cases of any time and issue: before
-- the arrival most ask where the parcel is.

with

lines as (
    select
        order_id,
        is_late,
        is_mature,
        has_return,
        has_late_return
    from intermediate.sold_lines_with_returns
    where
        ordered_at >= $sales_window_start_at
        and is_late is not null
),

contacts as (
    select
        order_id,
        count(*) as tickets
    from staging.tickets
    where order_id is not null
    group by order_id
),

orders as (
    select
        lines.order_id,
        bool_or(lines.is_late) as is_late,
        coalesce(max(contacts.tickets), 0) > 0 as has_contact
    from lines
    left join contacts
        on lines.order_id = contacts.order_id
    group by lines.order_id
),

answers as (
    select
        surveys.kind,
        surveys.score,
        surveys.scale,
        surveys.weight,
        surveys.customer_id,
        orders.is_late
    from staging.surveys
    inner join orders
        on surveys.order_id = orders.order_id
    where
        surveys.kind in ('nps', 'csat')
        and surveys.scope = 'transactional'
        and surveys.touchpoint = 'delivery'
        and surveys.score is not null
        and surveys.problem is null
),

-- One row for each line and outcome, and each answer.
outcomes as (
    select
        unnest([
            named_struct('outcome', 'returned', 'has', has_return),
            named_struct(
                'outcome', 'returned_for_lateness', 'has', has_late_return
            )
        ]) as outcome,
        1.0 as weight,
        is_late
    from lines
    where is_mature
    union all
    select
        named_struct('outcome', 'contacted', 'has', has_contact) as outcome,
        1.0 as weight,
        is_late
    from orders
    union all
    select
        named_struct('outcome', 'satisfied', 'has', score >= scale - 1)
            as outcome,
        weight,
        is_late
    from answers
    where kind = 'csat'
),

counted as (
    select
        outcome['outcome'] as outcome,
        count(*) filter (where is_late) as late_n,
        count(*) filter (where is_late and outcome['has']) as late_hits,
        count(*) filter (where not is_late) as on_time_n,
        count(*) filter (where not is_late and outcome['has'])
            as on_time_hits,
        sum(case when outcome['has'] then weight else 0 end)
        filter (where is_late)
        / nullif(sum(weight) filter (where is_late), 0) as late_value,
        sum(case when outcome['has'] then weight else 0 end)
        filter (where not is_late)
        / nullif(sum(weight) filter (where not is_late), 0) as on_time_value,
        prop_test(outcome['has'], is_late) as test
    from outcomes
    group by outcome['outcome']
),

-- Half a case in each cell where one of them is empty, as is usual.
odds as (
    select
        *,
        prop_diff_ci(late_hits, late_n, on_time_hits, on_time_n) as difference,
        case
            when
                late_hits > 0
                and on_time_hits > 0
                and late_n > late_hits
                and on_time_n > on_time_hits
                then 0.0
            when late_n > 0 and on_time_n > 0 then 0.5
        end as added
    from counted
),

logged as (
    select
        *,
        ln(
            (late_hits + added) * (on_time_n - on_time_hits + added)
            / ((late_n - late_hits + added) * (on_time_hits + added))
        ) as log_odds_ratio,
        sqrt(
            1.0 / (late_hits + added)
            + 1.0 / (late_n - late_hits + added)
            + 1.0 / (on_time_hits + added)
            + 1.0 / (on_time_n - on_time_hits + added)
        ) as log_std_error
    from odds
),

scores as (
    select
        count(*) filter (where is_late) as late_n,
        nps(score, weight) filter (where is_late) as late_value,
        count(*) filter (where not is_late) as on_time_n,
        nps(score, weight) filter (where not is_late) as on_time_value,
        nps_test(score, is_late, 0.95, customer_id) as test
    from answers
    where kind = 'nps'
    having count(*) > 0
),

all_outcomes as (
    select
        outcome,
        late_n,
        late_value,
        on_time_n,
        on_time_value,
        difference['diff'] as difference,
        difference['lower'] as difference_lower,
        difference['upper'] as difference_upper,
        exp(log_odds_ratio) as odds_ratio,
        exp(log_odds_ratio - 1.959964 * log_std_error) as odds_ratio_lower,
        exp(log_odds_ratio + 1.959964 * log_std_error) as odds_ratio_upper,
        case
            when
                least(late_n, on_time_n) * (late_hits + on_time_hits)
                >= 5 * (late_n + on_time_n)
                and least(late_n, on_time_n)
                * (late_n - late_hits + on_time_n - on_time_hits)
                >= 5 * (late_n + on_time_n)
                then test['p_value']
        end as p_value,
        false as is_nps
    from logged
    union all
    select
        'nps' as outcome,
        late_n,
        late_value,
        on_time_n,
        on_time_value,
        test['diff'] as difference,
        test['lower'] as difference_lower,
        test['upper'] as difference_upper,
        null as odds_ratio,
        null as odds_ratio_lower,
        null as odds_ratio_upper,
        case when least(late_n, on_time_n) >= 5 then test['p_value'] end
            as p_value,
        true as is_nps
    from scores
)

select
    outcome,
    late_n,
    late_value,
    on_time_n,
    on_time_value,
    difference,
    difference_lower,
    difference_upper,
    odds_ratio,
    odds_ratio_lower,
    odds_ratio_upper,
    p_value,
    p_adjust(p_value, 'holm') over () as p_value_adjusted,
    is_nps
from all_outcomes
