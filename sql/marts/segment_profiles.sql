-- What is each segment like, compared with all customers, and does the
-- segmentation tell customers apart?
--
-- grain: segment, topic, item
--
-- segment          RFM segment, as in rfm
-- topic            measures: behaviour, returns, voice, service, cost; shares:
--                  category, reason, channel, day_part
-- item             measure, or what the share is of
-- customers        customers with a value (measures), purchases, lines or
--                  requests of the segment in all (shares)
-- value            mean of the customers (measures), share (shares)
-- value_lower      lower end of its 95 % interval: Student's for means, NULL
--                  with one customer; Wilson's for shares
-- value_upper      upper end
-- total_value      the same over all segments
-- index            100 * value / total_value: 130 is 30 % above all customers,
--                  for shares also called lift times 100; NULL when that is 0
-- separation       how well segments tell the item apart, 0 to 1: eta squared
--                  of a measure; Cramer's V of segment and topic for a share,
--                  the same for all items of the topic
-- separation_kind  eta_squared or cramers_v
--
-- Behaviour and returns are those of the RFM window, as are category, reason,
-- channel and day_part, but for median_gap_days, of all gaps ever that ended;
-- voice is the last valid answer, as given; service counts tickets ever, with
-- the mean hours of the customer's own tickets to the first reply and the last
-- solution, as the columns of tickets say, of those that had one; cost is that
-- of costs_by_customer. What a segment has no line, request or purchase of has
-- no row there. Reasons are of requests made for orders of the window, of all
-- kinds; day parts of purchases are night from midnight, morning from 6,
-- afternoon from 12 and evening from 18, local. A measure that made the
-- segments (recency_days, frequency, monetary) separates them by construction.
-- Lines of one order and requests of one customer are not independent:
-- intervals of shares are a little narrow.

with

scored as (
    select
        customer_id,
        segment,
        recency_days,
        frequency,
        monetary,
        monetary_gross,
        orders,
        returned_orders
    from marts.rfm
    where segment is not null
),

tickets as (
    select
        customer_id,
        count(*) as tickets,
        avg(
            date_diff('minute', created_at, first_public_reply_at)
        ) / 60.0 as first_reply_hours,
        avg(date_diff('minute', created_at, solved_at)) / 60.0
            as resolution_hours
    from staging.tickets
    where customer_id is not null
    group by customer_id
),

units as (
    select
        customer_id,
        sum(units) as units
    from intermediate.kept_lines
    where ordered_date >= $rfm_window_start
    group by customer_id
),

gaps as (
    select
        customer_id,
        median(cast(gap_days as double)) as median_gap_days
    from intermediate.gaps_between_purchases
    where is_closed
    group by customer_id
),

-- One row for each customer and measure.
measures as (
    select
        scored.segment,
        unnest(
            make_array(
                'behaviour', 'behaviour', 'behaviour', 'behaviour',
                'behaviour', 'behaviour', 'returns', 'voice', 'voice', 'voice',
                'service', 'service', 'service', 'cost'
            )
        ) as topic,
        unnest(
            make_array(
                'recency_days', 'frequency', 'monetary',
                'average_order_amount', 'units_per_order', 'median_gap_days',
                'returned_order_share', 'nps_score', 'csat_score', 'ces_score',
                'tickets', 'first_reply_hours', 'resolution_hours',
                'cost_amount'
            )
        ) as item,
        unnest(
            make_array(
                cast(scored.recency_days as double),
                cast(scored.frequency as double),
                cast(scored.monetary as double),
                cast(scored.monetary_gross as double) / scored.orders,
                cast(units.units as double) / scored.orders,
                gaps.median_gap_days,
                cast(scored.returned_orders as double) / scored.orders,
                cast(answers.nps_score as double),
                cast(answers.csat_score as double),
                cast(answers.ces_score as double),
                cast(coalesce(tickets.tickets, 0) as double),
                tickets.first_reply_hours,
                tickets.resolution_hours,
                cast(costs.cost_amount as double)
            )
        ) as value
    from scored
    left join units
        on scored.customer_id = units.customer_id
    left join gaps
        on scored.customer_id = gaps.customer_id
    left join intermediate.last_answers_by_customer as answers
        on scored.customer_id = answers.customer_id
    left join tickets
        on scored.customer_id = tickets.customer_id
    left join marts.costs_by_customer as costs
        on scored.customer_id = costs.customer_id
),

-- The paired test of a value against 0 is Student's interval of its mean.
means as (
    select
        segment,
        topic,
        item,
        count(*) as customers,
        t_test_paired(0.0, value) as test
    from measures
    where value is not null
    group by segment, topic, item
),

-- se squared times n is the variance of the values of a segment.
spreads as (
    select
        segment,
        topic,
        item,
        customers,
        test['diff'] as value,
        test['lower'] as value_lower,
        test['upper'] as value_upper,
        coalesce(test['se'] * test['se'] * customers * (customers - 1), 0)
            as squares_within
    from means
),

-- Fractions add up in any order: nine digits are the same every time.
totals as (
    select
        *,
        round(
            sum(customers * value) over (partition by topic, item)
            / sum(customers) over (partition by topic, item),
            9
        ) as total_value,
        sum(squares_within) over (partition by topic, item)
            as squares_within_all
    from spreads
),

measured as (
    select
        segment,
        topic,
        item,
        customers,
        value,
        value_lower,
        value_upper,
        total_value,
        sum(customers * power(value - total_value, 2))
            over (partition by topic, item) as squares_between,
        squares_within_all
    from totals
),

-- One row for each line, request and purchase.
events as (
    select
        customer_id,
        'category' as topic,
        category as item
    from intermediate.kept_lines
    where ordered_date >= $rfm_window_start
    union all
    select
        customer_id,
        'reason' as topic,
        reason as item
    from intermediate.returns_with_lines
    where
        problem is null
        and ordered_at >= $rfm_window_start_at
    union all
    select
        customer_id,
        unnest(make_array('channel', 'day_part')) as topic,
        unnest(
            make_array(
                coalesce(channel, 'unknown'),
                case
                    when date_part('hour', ordered_at) < 6 then 'night'
                    when date_part('hour', ordered_at) < 12 then 'morning'
                    when date_part('hour', ordered_at) < 18 then 'afternoon'
                    else 'evening'
                end
            )
        ) as item
    from intermediate.purchases
    where ordered_at >= $rfm_window_start_at
),

labelled as (
    select
        scored.segment,
        events.topic,
        events.item
    from events
    inner join scored
        on events.customer_id = scored.customer_id
),

-- The strength of a topic next to the counts of its items, in one pass.
counted as (
    select
        topic,
        segment,
        item,
        count(*) as events,
        cramers_v(segment, item) as separation
    from labelled
    group by grouping sets ((topic), (topic, segment, item))
),

counts as (
    select
        topic,
        segment,
        item,
        events,
        max(case when segment is null then separation end)
            over (partition by topic) as separation
    from counted
),

shares as (
    select
        *,
        sum(events) over (partition by segment, topic) as segment_events,
        sum(events) over (partition by topic, item) as item_events,
        sum(events) over (partition by topic) as topic_events
    from counts
    where segment is not null
),

with_intervals as (
    select
        *,
        proportion_ci(events, segment_events) as share_interval
    from shares
)

select
    segment,
    topic,
    item,
    customers,
    value,
    value_lower,
    value_upper,
    total_value,
    100 * value / nullif(total_value, 0) as index,
    round(
        squares_between / nullif(squares_between + squares_within_all, 0), 9
    ) as separation,
    'eta_squared' as separation_kind
from measured
union all
select
    segment,
    topic,
    item,
    segment_events as customers,
    cast(events as double) / segment_events as value,
    share_interval['lower'] as value_lower,
    share_interval['upper'] as value_upper,
    cast(item_events as double) / topic_events as total_value,
    100 * (cast(events as double) / segment_events)
    / (cast(item_events as double) / topic_events) as index,
    separation,
    'cramers_v' as separation_kind
from with_intervals
