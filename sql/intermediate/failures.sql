-- Which articles failed, and how old were they?
--
-- grain: failure_key
--
-- failure_key     repair or return, and its id in text
-- order_id        purchase the article came from
-- sku             article
-- category        category of the article, or unknown
-- units           units that failed
-- age_days        days from the arrival to the failure, 0 when it was reported
--                 before
-- delivered_date  local day of the arrival
-- failed_date     local day of the failure
--
-- A failure is a repair, or a request whose reason is defective and that no
-- repair belongs to; so the repair of a returned article counts once. Repairs
-- of articles that are not in the lake as sold, or had not arrived, are not in
-- here.

with

repairs as (
    select
        repair_id,
        order_id,
        return_id,
        sku,
        failed_at
    from staging.repairs
    where
        problem is null
        and order_id is not null
        and sku is not null
),

-- A repair names the article, not the line: the first of it to arrive counts.
repaired as (
    select
        'repair ' || cast(repairs.repair_id as varchar) as failure_key,
        repairs.order_id,
        repairs.sku,
        max(lines.category) as category,
        1 as units,
        min(lines.delivered_date) as delivered_date,
        cast(repairs.failed_at as date) as failed_date
    from repairs
    inner join intermediate.sold_lines as lines
        on
            repairs.order_id = lines.order_id
            and repairs.sku = lines.sku
    group by
        repairs.repair_id,
        repairs.order_id,
        repairs.sku,
        repairs.failed_at
),

returned as (
    select
        'return ' || cast(requests.return_id as varchar) as failure_key,
        requests.order_id,
        lines.sku,
        lines.category,
        requests.units,
        lines.delivered_date,
        cast(requests.requested_at as date) as failed_date
    from intermediate.returns_with_lines as requests
    inner join intermediate.sold_lines as lines
        on
            requests.order_id = lines.order_id
            and requests.line_no = lines.line_no
    left join (
        select return_id
        from repairs
        where return_id is not null
        group by return_id
    ) as repaired_returns
        on requests.return_id = repaired_returns.return_id
    where
        requests.problem is null
        and requests.reason = 'defective'
        and repaired_returns.return_id is null
        and lines.sku is not null
),

failures as (
    select * from repaired
    union all
    select * from returned
)

select
    failure_key,
    order_id,
    sku,
    category,
    units,
    greatest(
        cast(failed_date as integer) - cast(delivered_date as integer), 0
    ) as age_days,
    delivered_date,
    failed_date
from failures
where delivered_date < $as_of
