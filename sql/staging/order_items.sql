-- Lines of orders.
--
-- grain: order_id, line_no
--
-- order_id         order
-- line_no          line within the order
-- sku              article sold
-- category         category at the time of sale, lower case, where the source
--                  has it
-- problem          why the line cannot be counted: quantity_not_positive; NULL
--                  if it can
-- quantity         units sold
-- unit_price       price of one unit before discount
-- unit_cost        cost of one unit at the time of sale
-- discount_amount  discount on the line, positive; 0 when unknown
-- net_amount       quantity * unit_price - discount_amount
--
-- Lines carry no time of their own: whoever reads them joins the orders of
-- before the report day.
--
-- Prices and discounts are converted with the rate of their order where
-- $other_currencies is convert; lines of an order without a rate are as they
-- are, and the order is no purchase. unit_cost is taken to be in the
-- workspace's currency.

with

-- Empty unless amounts are converted, and then the join to it costs nothing.
rates as (
    select
        orders.order_id as rated_order_id,
        max(fx_rates.rate) as rate
    from raw.orders as orders
    inner join raw.fx_rates as fx_rates
        on
            upper(trim(orders.currency)) = upper(trim(fx_rates.currency))
            and cast(orders.ordered_at as date) = fx_rates.day
    where
        $other_currencies = 'convert'
        and upper(trim(orders.currency)) <> upper($currency)
        and fx_rates.rate > 0
        and fx_rates.day < $as_of
    group by orders.order_id
),

priced as (
    select
        order_id,
        line_no,
        sku,
        category,
        quantity,
        case
            when $other_currencies <> 'convert' or rates.rate is null
                then unit_price
            else cast(unit_price * rates.rate as decimal(18, 2))
        end as unit_price,
        unit_cost,
        case
            when $other_currencies <> 'convert' or rates.rate is null
                then coalesce(discount_amount, 0)
            else
                cast(
                    coalesce(discount_amount, 0) * rates.rate as decimal(18, 2)
                )
        end as discount_amount
    from raw.order_items
    left join rates
        on order_items.order_id = rates.rated_order_id
    where coalesce(recorded_at < $known_as_of_at, true)
)

select
    -- ids
    order_id,
    line_no,
    sku,

    -- text
    lower(trim(category)) as category,
    case when quantity <= 0 then 'quantity_not_positive' end as problem,

    -- numbers
    quantity,
    unit_price,
    unit_cost,
    discount_amount,
    quantity * unit_price - discount_amount as net_amount

from priced
