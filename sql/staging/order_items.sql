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
    coalesce(discount_amount, 0) as discount_amount,
    quantity * unit_price - coalesce(discount_amount, 0) as net_amount

from raw.order_items
where coalesce(recorded_at < $known_as_of_at, true)
