-- What have the customers who first bought in a month been worth since, month
-- by month?
--
-- grain: cohort_month, months_since
-- rows: intermediate.customers_with_purchases on
--   cast(date_trunc('month', cast(rows.first_ordered_at as date)) as date) =
--   cell.cohort_month
--
-- cohort_month        first day of the month of the first purchase, local
-- months_since        0 for that month, 1 for the next, ...
-- cohort_customers    customers of the cohort
-- orders              their purchases in that later month
-- sales_amount        net sales of them
-- kept_amount         the same less refunds so far
-- sales_to_date_amount  net sales from month 0 to that month
-- kept_to_date_amount  the same less refunds
-- kept_per_customer_amount  kept_to_date_amount / cohort_customers
-- is_complete         the later month ended before the report day
--
-- The revenue side of retention_by_cohort. Refunds count in the month of the
-- order, so the last months still fall while returns come in. Months that begin
-- on or after the report day have no row. Guests are in no cohort.

with

-- Months are numbered from year 0, so that they compare and subtract.
customer_months as (
    select
        customer_id,
        cast(date_part('year', ordered_date) as bigint) * 12
        + cast(date_part('month', ordered_date) as bigint) - 1 as month_number,
        count(*) as orders,
        sum(net_amount) as sales_amount,
        sum(kept_amount) as kept_amount
    from intermediate.purchases
    where customer_id is not null
    group by
        customer_id,
        cast(date_part('year', ordered_date) as bigint) * 12
        + cast(date_part('month', ordered_date) as bigint) - 1
),

-- Three lists for each customer, so that the cohort is found without a join.
customers as (
    select
        min(month_number) as cohort_number,
        array_agg(month_number) as month_numbers,
        array_agg(orders) as orders,
        array_agg(sales_amount) as sales_amounts,
        array_agg(kept_amount) as kept_amounts
    from customer_months
    group by customer_id
),

spread as (
    select
        cohort_number,
        unnest(month_numbers) as month_number,
        unnest(orders) as orders,
        unnest(sales_amounts) as sales_amount,
        unnest(kept_amounts) as kept_amount
    from customers
),

cells as (
    select
        cohort_number,
        month_number - cohort_number as months_since,
        count(*) as customers,
        sum(orders) as orders,
        sum(sales_amount) as sales_amount,
        sum(kept_amount) as kept_amount
    from spread
    group by cohort_number, month_number - cohort_number
),

-- From here on nothing is large: a row for each cohort and month since.
grid as (
    select
        cohort_number,
        max(customers) as cohort_customers,
        unnest(
            range(
                0,
                cast(date_part('year', $as_of - 1) as bigint) * 12
                + cast(date_part('month', $as_of - 1) as bigint)
                - cohort_number
            )
        ) as months_since
    from cells
    where months_since = 0
    group by cohort_number
),

filled as (
    select
        make_date(
            cast(grid.cohort_number / 12 as int),
            cast(grid.cohort_number % 12 + 1 as int),
            1
        ) as cohort_month,
        make_date(
            cast((grid.cohort_number + grid.months_since) / 12 as int),
            cast((grid.cohort_number + grid.months_since) % 12 + 1 as int),
            1
        ) as active_month,
        grid.months_since,
        grid.cohort_customers,
        coalesce(cells.orders, 0) as orders,
        coalesce(cells.sales_amount, 0) as sales_amount,
        coalesce(cells.kept_amount, 0) as kept_amount
    from grid
    left join cells
        on
            grid.cohort_number = cells.cohort_number
            and grid.months_since = cells.months_since
),

running as (
    select
        *,
        sum(sales_amount) over (
            partition by cohort_month
            order by months_since
        ) as sales_to_date_amount,
        sum(kept_amount) over (
            partition by cohort_month
            order by months_since
        ) as kept_to_date_amount
    from filled
)

select
    cohort_month,
    months_since,
    cohort_customers,
    orders,
    sales_amount,
    kept_amount,
    sales_to_date_amount,
    kept_to_date_amount,
    cast(kept_to_date_amount as double) / cohort_customers
        as kept_per_customer_amount,
    active_month + interval '1 month' <= $as_of as is_complete
from running
