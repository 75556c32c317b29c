-- Who are the customers of each returner class, and why do they return?
--
-- grain: returner_class
-- rows: intermediate.customers_with_purchases on
--   rows.returner_class = cell.returner_class
--
-- returner_class      none, earlier, first_time, occasional or frequent
-- customers           customers in it
-- customer_share      of all customers with a purchase
-- orders              their purchases in the window
-- average_order_amount  net sales of those / orders
-- top_category        category of most of their sales in the window
-- top_category_share  its share of their sales
-- requests            what they asked for, of those orders: returns, exchanges,
--                     repairs and refunds without goods
-- size_share          of them, for size or fit
-- changed_mind_share  for a changed mind
-- defect_share        for a defect
-- damage_share        damaged in transit
-- mismatch_share      not as described
-- wrong_item_share    wrong item
-- late_share          for late delivery
-- misuse_share        misuse or misunderstanding
-- unknown_share       for a reason nobody knows
-- seller_fault_share  by the seller's fault
-- refund_only_share   refunds without goods
-- first_order_requests  of the first purchase of a customer
-- first_order_share   first_order_requests / requests
-- first_order_share_lower  lower end of its 95 % Wilson interval
-- first_order_share_upper  upper end
-- first_return_days   median days from the first purchase to the first return
-- nps                 net promoter score of $nps_scope, one answer per
--                     customer, the last, with its weight, in points
-- nps_lower           lower end of its 95 % interval (adjusted Wald)
-- nps_upper           upper end
-- nps_answers         customers who answered
-- csat                share of satisfied, one answer per customer, the last,
--                     with its weight
-- csat_lower          lower end of its 95 % Wilson interval, over Kish's
--                     effective answers
-- csat_upper          upper end
-- csat_answers        customers who answered
-- booked_cost         carriage back, handling and repair of the requests, of
--                     those that are known
-- booked_cost_per_order  booked_cost / orders
-- cost_share          share of the requests of which any cost is known
-- repurchase_share    of those who returned, who ordered again within 90 days
--                     of the first return (Kaplan-Meier); NULL where nobody
--                     was observed for so long
-- repurchase_share_lower  lower end of its 95 % interval; NULL where all did or
--                     none
-- repurchase_share_upper  upper end
--
-- Window and classes are those of returner_classes. A class is known by what
-- its customers did in the whole window, also after their first return: that
-- frequent returners ordered again is part of what makes them frequent, so
-- compare repurchase_share over time, not between classes. Money is of requests
-- made so far.

with

classes as (
    select
        customer_id,
        returner_class,
        orders,
        sales_amount,
        first_ordered_at,
        first_return_at
    from intermediate.customers_with_purchases
),

last_satisfaction as (
    select
        customer_id,
        last_value(score >= scale - 1 order by responded_at, response_id)
            as is_satisfied,
        last_value(weight order by responded_at, response_id) as weight
    from staging.surveys
    where
        kind = 'csat'
        and customer_id is not null
        and score is not null
        and problem is null
    group by customer_id
),

-- The next order after the first return, if there was one.
next_orders as (
    select
        classes.customer_id,
        min(purchases.ordered_at) as next_ordered_at
    from classes
    inner join intermediate.purchases
        on
            classes.customer_id = purchases.customer_id
            and classes.first_return_at < purchases.ordered_at
    group by classes.customer_id
),

by_class as (
    select
        classes.returner_class,
        count(*) as customers,
        sum(classes.orders) as orders,
        sum(classes.sales_amount) as sales_amount,
        quantile_type(
            (
                cast(classes.first_return_at as bigint)
                - cast(classes.first_ordered_at as bigint)
            ) / 86400000000.0,
            0.5
        ) as first_return_days,
        nps(answers.nps_score, answers.nps_weight) as nps,
        nps_ci(answers.nps_score, 'adjusted_wald', 0.95, answers.nps_weight)
            as nps_interval,
        count(answers.nps_score) as nps_answers,
        count(last_satisfaction.is_satisfied) as csat_answers,
        coalesce(
            sum(last_satisfaction.weight) filter (
                where last_satisfaction.is_satisfied
            ),
            0
        ) / nullif(sum(last_satisfaction.weight), 0) as csat,
        power(sum(last_satisfaction.weight), 2)
        / nullif(sum(power(last_satisfaction.weight, 2)), 0)
            as effective_answers,
        km_survival(
            (
                coalesce(
                    cast(next_orders.next_ordered_at as bigint),
                    cast($as_of_at as bigint)
                )
                - cast(classes.first_return_at as bigint)
            ) / 86400000000.0,
            next_orders.next_ordered_at is not null
        ) as waiting
    from classes
    left join intermediate.last_answers_by_customer as answers
        on classes.customer_id = answers.customer_id
    left join last_satisfaction
        on classes.customer_id = last_satisfaction.customer_id
    left join next_orders
        on classes.customer_id = next_orders.customer_id
    group by classes.returner_class
),

-- The curve as it stands after 90 days; all were waiting at first.
curves as (
    select
        returner_class,
        unnest(waiting) as point
    from by_class
),

repurchases as (
    select
        returner_class,
        case
            when max(point['time']) >= 90 or min(point['survival']) = 0
                then coalesce(
                    min(point['survival']) filter (where point['time'] <= 90),
                    1.0
                )
        end as survival,
        last_value(point['lower'] order by point['time'])
        filter (where point['time'] <= 90) as lower,
        last_value(point['upper'] order by point['time'])
        filter (where point['time'] <= 90) as upper
    from curves
    group by returner_class
),

sales as (
    select
        classes.returner_class,
        lines.category,
        sum(lines.net_amount) as amount
    from intermediate.sold_lines as lines
    inner join classes
        on lines.customer_id = classes.customer_id
    where lines.ordered_at >= $returner_window_start_at
    group by classes.returner_class, lines.category
),

categories as (
    select
        returner_class,
        first_value(category order by amount desc, category) as top_category,
        max(amount) as top_amount,
        sum(amount) as amount
    from sales
    group by returner_class
),

requests as (
    select
        classes.returner_class,
        count(*) as requests,
        count(*) filter (where reason = 'size_fit') as sizes,
        count(*) filter (where reason = 'changed_mind') as changed_minds,
        count(*) filter (where reason = 'defective') as defects,
        count(*) filter (where reason = 'damaged_in_transit') as damages,
        count(*) filter (where reason = 'not_as_described') as mismatches,
        count(*) filter (where reason = 'wrong_item') as wrong_items,
        count(*) filter (where reason = 'late_delivery') as lates,
        count(*) filter (where reason = 'misuse') as misuses,
        count(*) filter (where is_reason_unknown) as unknowns,
        count(*) filter (where is_seller_fault) as seller_faults,
        count(*) filter (where kind = 'refund_only') as refunds_only,
        count(*) filter (
            where requests.ordered_at = classes.first_ordered_at
        ) as first_orders,
        sum(booked_cost) as booked_cost,
        count(booked_cost) as costed
    from intermediate.requests_with_stages as requests
    inner join classes
        on requests.customer_id = classes.customer_id
    where
        requests.problem is null
        and requests.ordered_at >= $returner_window_start_at
    group by classes.returner_class
),

joined as (
    select
        by_class.*,
        sum(by_class.customers) over () as all_customers,
        categories.top_category,
        cast(categories.top_amount as double)
        / nullif(cast(categories.amount as double), 0) as top_category_share,
        coalesce(requests.requests, 0) as requests,
        requests.sizes,
        requests.changed_minds,
        requests.defects,
        requests.damages,
        requests.mismatches,
        requests.wrong_items,
        requests.lates,
        requests.misuses,
        requests.unknowns,
        requests.seller_faults,
        requests.refunds_only,
        coalesce(requests.first_orders, 0) as first_orders,
        requests.booked_cost,
        requests.costed,
        cast(requests.requests as double) as divisor,
        proportion_ci(requests.first_orders, requests.requests)
            as first_order_interval,
        proportion_ci(
            by_class.csat * by_class.effective_answers,
            by_class.effective_answers
        ) as csat_interval,
        1 - repurchases.survival as repurchase_share,
        case when repurchases.survival < 1 then 1 - repurchases.upper end
            as repurchase_share_lower,
        case when repurchases.survival < 1 then 1 - repurchases.lower end
            as repurchase_share_upper
    from by_class
    left join categories
        on by_class.returner_class = categories.returner_class
    left join requests
        on by_class.returner_class = requests.returner_class
    left join repurchases
        on by_class.returner_class = repurchases.returner_class
)

select
    returner_class,
    customers,
    cast(customers as double) / all_customers as customer_share,
    orders,
    cast(sales_amount as double) / nullif(orders, 0) as average_order_amount,
    top_category,
    top_category_share,
    requests,
    sizes / divisor as size_share,
    changed_minds / divisor as changed_mind_share,
    defects / divisor as defect_share,
    damages / divisor as damage_share,
    mismatches / divisor as mismatch_share,
    wrong_items / divisor as wrong_item_share,
    lates / divisor as late_share,
    misuses / divisor as misuse_share,
    unknowns / divisor as unknown_share,
    seller_faults / divisor as seller_fault_share,
    refunds_only / divisor as refund_only_share,
    first_orders as first_order_requests,
    first_orders / divisor as first_order_share,
    first_order_interval['lower'] as first_order_share_lower,
    first_order_interval['upper'] as first_order_share_upper,
    first_return_days,
    nps,
    nps_interval['lower'] as nps_lower,
    nps_interval['upper'] as nps_upper,
    nps_answers,
    csat,
    csat_interval['lower'] as csat_lower,
    csat_interval['upper'] as csat_upper,
    csat_answers,
    booked_cost,
    cast(booked_cost as double) / nullif(orders, 0) as booked_cost_per_order,
    costed / divisor as cost_share,
    repurchase_share,
    repurchase_share_lower,
    repurchase_share_upper
from joined
