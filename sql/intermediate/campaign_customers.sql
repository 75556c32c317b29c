-- What did each customer drawn into a campaign do after the draw, and before?
--
-- grain: campaign_id, customer_id
--
-- campaign_id          campaign
-- customer_id          customer with a known arm
-- is_treatment         drawn into the treatment, whatever was sent
-- cost                 cost of addressing the customer, NULL when unknown
-- is_over              the $campaign_outcome_days after the draw are over
-- has_ordered          bought something in those days
-- orders               purchases of those days
-- sales_amount         net sales of those days
-- kept_amount          the same less refunds so far
-- mature_orders        purchases of those days that can no longer come back
-- returned_orders      of those, with something sent back for money
-- has_complained       opened a ticket of the kind complaint in those days
-- nps_score            last valid NPS answer of $nps_scope in those days
-- is_satisfied         the last satisfaction answer of those days is one of the
--                      two best
-- sales_1_amount       net sales of as many days before the draw
-- sales_2_amount       net sales of as many days before those
-- sales_3_amount       net sales of as many days before those
-- has_complained_1     complained in as many days before the draw
-- has_complained_3     complained in the third such stretch before the draw
-- has_ordered_1        bought in as many days before the draw
-- has_ordered_3        bought in the third such stretch before the draw
-- orders_before        kept purchases of the $rfm_window_days before the draw
-- sales_before_amount  their value less refunds so far
-- recency_before_days  days from the last of them to the draw
-- drawn_at             when the arm was drawn; the start of the campaign, or
--                      when it was sent, where the source does not say
--
-- The clock starts with the draw, not with the sending, since the control was
-- sent nothing. Rows without any of the three times are not there.

with

drawn as (
    select
        assignments.campaign_id,
        assignments.customer_id,
        assignments.is_treatment,
        assignments.cost,
        coalesce(
            assignments.assigned_at, campaigns.starts_at, assignments.sent_at
        ) as drawn_at
    from staging.assignments
    left join staging.campaigns
        on assignments.campaign_id = campaigns.campaign_id
    where assignments.problem is null
),

clocked as (
    select
        *,
        cast(drawn_at as date) as drawn_date
    from drawn
    where drawn_at is not null
),

-- Stretch 0 begins with the draw, -1 ends with it. Whole local days, so that a
-- purchase of the day of the draw is an outcome.
purchases as (
    select
        clocked.campaign_id,
        clocked.customer_id,
        cast(
            floor(
                cast(purchases.ordered_date - clocked.drawn_date as double)
                / $campaign_outcome_days
            ) as bigint
        ) as stretch,
        clocked.drawn_date - purchases.ordered_date as days_before,
        purchases.net_amount,
        purchases.kept_amount,
        purchases.is_kept,
        purchases.is_mature,
        purchases.has_return
    from clocked
    inner join intermediate.purchases
        on clocked.customer_id = purchases.customer_id
),

bought as (
    select
        campaign_id,
        customer_id,
        count(*) filter (where stretch = 0) as orders,
        sum(net_amount) filter (where stretch = 0) as sales_amount,
        sum(kept_amount) filter (where stretch = 0) as kept_amount,
        count(*) filter (where stretch = 0 and is_mature) as mature_orders,
        count(*) filter (where stretch = 0 and is_mature and has_return)
            as returned_orders,
        sum(net_amount) filter (where stretch = -1) as sales_1_amount,
        sum(net_amount) filter (where stretch = -2) as sales_2_amount,
        sum(net_amount) filter (where stretch = -3) as sales_3_amount,
        count(*) filter (where stretch = -1) as orders_1,
        count(*) filter (where stretch = -3) as orders_3,
        count(*) filter (
            where
                is_kept
                and days_before > 0
                and coalesce(days_before <= $rfm_window_days, true)
        ) as orders_before,
        sum(kept_amount) filter (
            where
                days_before > 0
                and coalesce(days_before <= $rfm_window_days, true)
        ) as sales_before_amount,
        min(days_before) filter (where is_kept and days_before > 0)
            as recency_before_days
    from purchases
    group by campaign_id, customer_id
),

complained as (
    select
        clocked.campaign_id,
        clocked.customer_id,
        bool_or(
            cast(tickets.created_at as date) >= clocked.drawn_date
            and cast(tickets.created_at as date)
            < clocked.drawn_date + $campaign_outcome_days
        ) as has_complained,
        bool_or(
            cast(tickets.created_at as date) < clocked.drawn_date
            and cast(tickets.created_at as date)
            >= clocked.drawn_date - $campaign_outcome_days
        ) as has_complained_1,
        bool_or(
            cast(tickets.created_at as date)
            < clocked.drawn_date - 2 * $campaign_outcome_days
            and cast(tickets.created_at as date)
            >= clocked.drawn_date - 3 * $campaign_outcome_days
        ) as has_complained_3
    from clocked
    inner join staging.tickets
        on clocked.customer_id = tickets.customer_id
    where tickets.kind = 'complaint'
    group by clocked.campaign_id, clocked.customer_id
),

answered as (
    select
        clocked.campaign_id,
        clocked.customer_id,
        last_value(
            surveys.score order by surveys.responded_at, surveys.response_id
        ) filter (where surveys.kind = 'nps') as nps_score,
        last_value(
            surveys.score >= surveys.scale - 1
            order by surveys.responded_at, surveys.response_id
        ) filter (where surveys.kind = 'csat') as is_satisfied
    from clocked
    inner join staging.surveys
        on clocked.customer_id = surveys.customer_id
    where
        surveys.problem is null
        and surveys.score is not null
        and (surveys.kind <> 'nps' or surveys.scope = $nps_scope)
        and cast(surveys.responded_at as date) >= clocked.drawn_date
        and cast(surveys.responded_at as date)
        < clocked.drawn_date + $campaign_outcome_days
    group by clocked.campaign_id, clocked.customer_id
)

select
    clocked.campaign_id,
    clocked.customer_id,
    clocked.is_treatment,
    clocked.cost,
    clocked.drawn_date + $campaign_outcome_days <= $as_of as is_over,
    coalesce(bought.orders > 0, false) as has_ordered,
    coalesce(bought.orders, 0) as orders,
    coalesce(bought.sales_amount, 0) as sales_amount,
    coalesce(bought.kept_amount, 0) as kept_amount,
    coalesce(bought.mature_orders, 0) as mature_orders,
    coalesce(bought.returned_orders, 0) as returned_orders,
    coalesce(complained.has_complained, false) as has_complained,
    answered.nps_score,
    answered.is_satisfied,
    coalesce(bought.sales_1_amount, 0) as sales_1_amount,
    coalesce(bought.sales_2_amount, 0) as sales_2_amount,
    coalesce(bought.sales_3_amount, 0) as sales_3_amount,
    coalesce(complained.has_complained_1, false) as has_complained_1,
    coalesce(complained.has_complained_3, false) as has_complained_3,
    coalesce(bought.orders_1 > 0, false) as has_ordered_1,
    coalesce(bought.orders_3 > 0, false) as has_ordered_3,
    coalesce(bought.orders_before, 0) as orders_before,
    coalesce(bought.sales_before_amount, 0) as sales_before_amount,
    bought.recency_before_days,
    clocked.drawn_at
from clocked
left join bought
    on
        clocked.campaign_id = bought.campaign_id
        and clocked.customer_id = bought.customer_id
left join complained
    on
        clocked.campaign_id = complained.campaign_id
        and clocked.customer_id = complained.customer_id
left join answered
    on
        clocked.campaign_id = answered.campaign_id
        and clocked.customer_id = answered.customer_id
