-- Which segment was each customer in on an earlier day, which today, by the
-- same cuts?
--
-- grain: customer_id
--
-- customer_id             known customer with a purchase
-- from_segment            segment $compare_window_days before the report day;
--                         new before the first purchase, inactive without a
--                         kept order in the window
-- to_segment              segment on the report day by the cuts of the earlier
--                         day; inactive likewise
-- from_amount             value scored on the earlier day; 0 without
-- to_amount               value scored on the report day; 0 without
-- from_last_date          last purchase before the earlier day
-- last_date               last purchase before the report day
--
-- Cuts are quantiles of the customers of the earlier day ($rfm_bins of each
-- measure; the bands 1, 2, 3-4, 5-9, 10+ where most have one frequency) and
-- stay as they are, so that who did not change does not move. Windows are
-- $rfm_window_days before either day. Refunds are those known on the report
-- day: the earlier day is seen with hindsight, not as a report of that day
-- showed it.

with

purchases as (
    select
        customer_id,
        ordered_date,
        is_kept or not $rfm_net as is_counted,
        case when $rfm_net then kept_amount else net_amount end as amount,
        ordered_date < $compare_window_start as is_before,
        ordered_date < $compare_window_start
        and $compare_window_start - ordered_date <= $as_of - $rfm_window_start
            as is_from,
        ordered_at >= $rfm_window_start_at as is_to
    from intermediate.purchases
    where customer_id is not null
),

customers as (
    select
        customer_id,
        max(ordered_date) filter (where is_before) as from_last_date,
        max(ordered_date) as last_date,
        $compare_window_start
        - max(ordered_date) filter (where is_from and is_counted)
            as from_recency_days,
        count(*) filter (where is_from and is_counted) as from_frequency,
        sum(amount) filter (where is_from) as from_amount,
        $as_of - max(ordered_date) filter (where is_to and is_counted)
            as to_recency_days,
        count(*) filter (where is_to and is_counted) as to_frequency,
        sum(amount) filter (where is_to) as to_amount
    from purchases
    group by customer_id
),

cuts as (
    select
        rfm_bounds(from_recency_days, $rfm_bins) as recency_cuts,
        case
            when rfm_collapse(from_frequency, $rfm_bins) = 'majority'
                then make_array(1.0, 2.0, 4.0, 9.0)
            else rfm_bounds(from_frequency, $rfm_bins)
        end as frequency_cuts,
        rfm_bounds(from_amount, $rfm_bins) as amount_cuts
    from customers
    where from_frequency > 0
),

scored as (
    select
        customers.*,
        rfm_bucket(customers.from_recency_days, cuts.recency_cuts, 'desc')
            as from_r,
        rfm_bucket(customers.from_frequency, cuts.frequency_cuts) as from_f,
        rfm_bucket(customers.from_amount, cuts.amount_cuts) as from_m,
        rfm_bucket(customers.to_recency_days, cuts.recency_cuts, 'desc')
            as to_r,
        rfm_bucket(customers.to_frequency, cuts.frequency_cuts) as to_f,
        rfm_bucket(customers.to_amount, cuts.amount_cuts) as to_m
    from customers
    cross join cuts
)

select
    scored.customer_id,
    case
        when scored.from_frequency > 0 then from_models.segment
        when scored.from_last_date is null then 'new'
        else 'inactive'
    end as from_segment,
    case
        when scored.to_frequency > 0 then to_models.segment
        else 'inactive'
    end as to_segment,
    case when scored.from_frequency > 0 then scored.from_amount else 0 end
        as from_amount,
    case when scored.to_frequency > 0 then scored.to_amount else 0 end
        as to_amount,
    scored.from_last_date,
    scored.last_date
from scored
left join intermediate.segment_models as from_models
    on
        from_models.model = $segment_model
        and scored.from_r = from_models.r
        and scored.from_f = from_models.f
        and scored.from_m = from_models.m
left join intermediate.segment_models as to_models
    on
        to_models.model = $segment_model
        and scored.to_r = to_models.r
        and scored.to_f = to_models.f
        and scored.to_m = to_models.m
