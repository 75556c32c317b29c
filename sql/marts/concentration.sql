-- Do sales, returns and cost gather on few articles, categories or customers?
--
-- grain: measure, dimension
--
-- measure          sales (net sales), returns (units sent back for money) or
--                  cost (booked after-sales cost as far as known)
-- dimension        product, category or customer
-- items            articles, categories or customers with a sale or a case
-- active_items     of those, with more than nothing of the measure
-- total            sum of the measure: money for sales and cost, units for
--                  returns
-- gini             Gini coefficient over all items: 0 all the same, near 1 one
--                  has all; NULL when there is nothing
-- top_1_share      share of the largest item
-- top_10_percent_items  how many items are the largest tenth, rounded up
-- top_10_percent_share  their share of the total
-- top_20_percent_items  how many items are the largest fifth, rounded up
-- top_20_percent_share  their share of the total
-- items_for_80_percent  fewest items that have 80 % of the total
--
-- The last $cost_window_days: orders placed, requests made and cases begun in
-- it. Items with nothing count, so that the coefficient of returns says how
-- unequal buyers are and not only returners. Few items (categories) cannot be
-- very unequal: compare within a dimension.

with

returned as (
    select
        sku,
        customer_id,
        sum(units) as units
    from intermediate.returns_with_lines
    where
        problem is null
        and kind = 'return'
        and requested_at >= $cost_window_start_at
    group by sku, customer_id
),

returned_products as (
    select
        sku,
        sum(units) as units
    from returned
    group by sku
),

returned_customers as (
    select
        customer_id,
        sum(units) as units
    from returned
    group by customer_id
),

products as (
    select
        costs.category,
        costs.sales_amount,
        costs.cost_amount,
        returned_products.units
    from marts.costs_by_product as costs
    left join returned_products
        on costs.sku = returned_products.sku
),

items as (
    select
        'product' as dimension,
        cast(sales_amount as decimal(18, 2)) as sales,
        cast(coalesce(cost_amount, 0) as decimal(18, 2)) as cost,
        cast(coalesce(units, 0) as decimal(18, 2)) as returns
    from products
    union all
    select
        'category' as dimension,
        cast(sum(sales_amount) as decimal(18, 2)) as sales,
        cast(sum(coalesce(cost_amount, 0)) as decimal(18, 2)) as cost,
        cast(sum(coalesce(units, 0)) as decimal(18, 2)) as returns
    from products
    where category is not null
    group by category
    union all
    select
        'customer' as dimension,
        cast(costs.sales_amount as decimal(18, 2)) as sales,
        cast(coalesce(costs.cost_amount, 0) as decimal(18, 2)) as cost,
        cast(coalesce(returned_customers.units, 0) as decimal(18, 2)) as returns
    from marts.costs_by_customer as costs
    left join returned_customers
        on costs.customer_id = returned_customers.customer_id
),

measured as (
    select
        dimension,
        unnest([
            named_struct('measure', 'sales', 'amount', sales),
            named_struct('measure', 'returns', 'amount', returns),
            named_struct('measure', 'cost', 'amount', cost)
        ]) as measured
    from items
),

ranked as (
    select
        dimension,
        measured['measure'] as measure,
        measured['amount'] as amount,
        cast(
            row_number() over (
                partition by dimension, measured['measure']
                order by measured['amount'] desc
            ) as bigint
        ) as rank,
        count(*) over (partition by dimension, measured['measure']) as items,
        sum(measured['amount']) over (
            partition by dimension, measured['measure']
            order by measured['amount'] desc
            rows between unbounded preceding and current row
        ) as cumulative_amount,
        sum(measured['amount']) over (
            partition by dimension, measured['measure']
        ) as total
    from measured
)

select
    measure,
    dimension,
    count(*) as items,
    count(*) filter (where amount > 0) as active_items,
    max(total) as total,
    gini(cast(amount as double)) as gini,
    cast(max(amount) as double) / nullif(cast(max(total) as double), 0)
        as top_1_share,
    (count(*) + 9) / 10 as top_10_percent_items,
    cast(sum(amount) filter (where rank <= (items + 9) / 10) as double)
    / nullif(cast(max(total) as double), 0) as top_10_percent_share,
    (count(*) + 4) / 5 as top_20_percent_items,
    cast(sum(amount) filter (where rank <= (items + 4) / 5) as double)
    / nullif(cast(max(total) as double), 0) as top_20_percent_share,
    case
        when max(total) > 0
            then
                count(*) filter (
                    where (cumulative_amount - amount) * 5 < total * 4
                )
    end as items_for_80_percent
from ranked
group by measure, dimension
