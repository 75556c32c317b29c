-- Do promoters buy again more often than detractors, and for more?
--
-- grain: grouped_by, nps_group
--
-- grouped_by                    nps_class: the last answer old enough;
--                               class_change: that answer against the one
--                               before
-- nps_group                     promoter, passive or detractor; better, same,
--                               worse or first
-- customers                     customers whose answer is at least
--                               $after_answer_days old
-- repeat_customers              of those, who bought within that many days
--                               after it
-- repeat_rate                   repeat_customers / customers
-- repeat_rate_lower             lower end of its 95 % interval (Wilson)
-- repeat_rate_upper             upper end
-- orders_after                  purchases in those days
-- kept_amount_after             what they kept of them, net of refunds so far
-- mean_kept_amount_after        per customer, those who bought nothing included
-- mean_kept_amount_after_lower  lower end of its 95 % interval (Student)
-- mean_kept_amount_after_upper  upper end
-- mean_kept_amount_before       what a customer had kept of all purchases up to
--                               the answer, per customer
-- has_immature_orders           some of those purchases can still come back
--
-- Answers to questions of $nps_scope. Only what was bought after the answer
-- counts as behaviour: promoters have often bought more before, which says why
-- they answer as they do and not what they will do; mean_kept_amount_before
-- shows it. An association either way. One answer a customer: the last that is
-- $after_answer_days old.

with

old_enough as (
    select
        customer_id,
        response_id,
        responded_at,
        nps_category(score) as nps_class,
        value,
        lag(value) over (
            partition by customer_id
            order by responded_at, response_id
        ) as previous_value,
        row_number() over (
            partition by customer_id
            order by responded_at desc, response_id desc
        ) as answer_no
    from intermediate.answers
    where
        kind = 'nps'
        and scope = $nps_scope
        and is_valid
        and customer_id is not null
        and responded_at
        < $as_of_at - cast(concat($after_answer_days, ' days') as interval)
),

last_answers as (
    select
        customer_id,
        responded_at,
        responded_at + cast(concat($after_answer_days, ' days') as interval)
            as until_at,
        nps_class,
        case
            when previous_value is null then 'first'
            when value > previous_value then 'better'
            when value < previous_value then 'worse'
            else 'same'
        end as class_change
    from old_enough
    where answer_no = 1
),

-- One row a customer again before anything is summed.
customers as (
    select
        answers.customer_id,
        answers.nps_class,
        answers.class_change,
        count(*) filter (
            where
            purchases.ordered_at > answers.responded_at
            and purchases.ordered_at <= answers.until_at
        ) as orders_after,
        coalesce(
            sum(purchases.kept_amount) filter (
                where
                purchases.ordered_at > answers.responded_at
                and purchases.ordered_at <= answers.until_at
            ),
            0
        ) as kept_amount_after,
        coalesce(
            sum(purchases.kept_amount) filter (
                where purchases.ordered_at <= answers.responded_at
            ),
            0
        ) as kept_amount_before,
        coalesce(
            bool_or(
                not purchases.is_mature
                and purchases.ordered_at > answers.responded_at
                and purchases.ordered_at <= answers.until_at
            ),
            false
        ) as has_immature_orders
    from last_answers as answers
    left join intermediate.purchases
        on answers.customer_id = purchases.customer_id
    group by answers.customer_id, answers.nps_class, answers.class_change
),

-- Against 0, the paired test gives Student's interval of a mean.
by_group as (
    select
        case
            when grouping(nps_class) = 0 then 'nps_class'
            else 'class_change'
        end as grouped_by,
        coalesce(nps_class, class_change) as nps_group,
        count(*) as customers,
        count(*) filter (where orders_after > 0) as repeat_customers,
        sum(orders_after) as orders_after,
        sum(kept_amount_after) as kept_amount_after,
        t_test_paired(0, cast(kept_amount_after as double)) as mean_after,
        sum(kept_amount_before) as kept_amount_before,
        bool_or(has_immature_orders) as has_immature_orders
    from customers
    group by grouping sets ((nps_class), (class_change))
),

with_intervals as (
    select
        *,
        proportion_ci(repeat_customers, customers) as repeat_interval
    from by_group
)

select
    grouped_by,
    nps_group,
    customers,
    repeat_customers,
    cast(repeat_customers as double) / customers as repeat_rate,
    repeat_interval['lower'] as repeat_rate_lower,
    repeat_interval['upper'] as repeat_rate_upper,
    orders_after,
    kept_amount_after,
    cast(kept_amount_after as double) / customers as mean_kept_amount_after,
    mean_after['lower'] as mean_kept_amount_after_lower,
    mean_after['upper'] as mean_kept_amount_after_upper,
    cast(kept_amount_before as double) / customers as mean_kept_amount_before,
    has_immature_orders
from with_intervals
