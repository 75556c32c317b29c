-- How many customers buy again within a number of days?
--
-- grain: within_days
-- rows: intermediate.gaps_between_purchases on
--   rows.purchase_no = 1 and rows.began_date + cell.within_days < $as_of
--
-- within_days          30, 60, 90, 180 or 365 days after the first purchase
-- customers            customers with a purchase
-- mature_customers     of those, observed for so long
-- repeat_customers     of the mature, with a second purchase in time
-- repeat_rate          repeat_customers / mature_customers
-- repeat_rate_lower    lower end of its 95 % Wilson interval
-- repeat_rate_upper    upper end
-- km_repeat_rate       the same from all customers, those observed for less
--                      counted for as long as they were (Kaplan-Meier); NULL
--                      where nobody was observed for so long
-- km_repeat_rate_lower  lower end of its 95 % interval
-- km_repeat_rate_upper  upper end
--
-- A repeat is a purchase on a later day; a second order on the day of the first
-- is none, nor is a replacement. Customers count, not orders. Cohorts begin
-- with the lake: who bought before its first order counts as new.

with

first_gaps as (
    select
        unnest(make_array(30, 60, 90, 180, 365)) as within_days,
        began_date,
        gap_days,
        is_closed
    from intermediate.gaps_between_purchases
    where purchase_no = 1
),

counted as (
    select
        within_days,
        count(*) as customers,
        count(*) filter (where began_date + within_days < $as_of)
            as mature_customers,
        count(*) filter (
            where
            began_date + within_days < $as_of
            and is_closed
            and gap_days <= within_days
        ) as repeat_customers
    from first_gaps
    group by within_days
),

-- Nothing is seen of the report day itself.
points as (
    select
        point['time'] as gap_days,
        point['survival'] as survival,
        point['lower'] as survival_lower,
        point['upper'] as survival_upper,
        max(point['time']) over () as longest_days,
        min(point['survival']) over () as last_survival
    from (
        select
            unnest(
                km_survival(
                    case when is_closed then gap_days else gap_days - 1 end,
                    is_closed
                )
            ) as point
        from intermediate.gaps_between_purchases
        where purchase_no = 1
    ) as curve
),

-- The curve holds to the last day somebody was watched, or for good once
-- everybody has come back.
estimated as (
    select
        counted.within_days,
        last_value(points.survival order by points.gap_days)
        filter (where points.gap_days <= counted.within_days) as survival,
        last_value(points.survival_lower order by points.gap_days)
        filter (where points.gap_days <= counted.within_days)
            as survival_lower,
        last_value(points.survival_upper order by points.gap_days)
        filter (where points.gap_days <= counted.within_days)
            as survival_upper,
        bool_or(points.gap_days <= counted.within_days) as has_begun
    from counted
    inner join points
        on
            counted.within_days <= points.longest_days
            or points.last_survival = 0
    group by counted.within_days
),

with_intervals as (
    select
        counted.*,
        case when estimated.has_begun then estimated.survival else 1 end
            as survival,
        case when estimated.has_begun then estimated.survival_lower else 1 end
            as survival_lower,
        case when estimated.has_begun then estimated.survival_upper else 1 end
            as survival_upper,
        estimated.within_days is not null as is_estimated,
        proportion_ci(counted.repeat_customers, counted.mature_customers)
            as repeat_interval
    from counted
    left join estimated
        on counted.within_days = estimated.within_days
)

select
    within_days,
    customers,
    mature_customers,
    repeat_customers,
    cast(repeat_customers as double) / nullif(mature_customers, 0)
        as repeat_rate,
    repeat_interval['lower'] as repeat_rate_lower,
    repeat_interval['upper'] as repeat_rate_upper,
    case when is_estimated then 1 - survival end as km_repeat_rate,
    case when is_estimated then 1 - survival_upper end
        as km_repeat_rate_lower,
    case when is_estimated then 1 - survival_lower end as km_repeat_rate_upper
from with_intervals
