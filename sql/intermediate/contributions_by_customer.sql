-- What is left of each customer's purchases after goods and after-sales cost?
--
-- grain: customer_id
--
-- customer_id         customer with a purchase or a case in the window
-- orders              purchases in the window
-- sales_amount        net sales of them
-- kept_amount         the same less refunds
-- goods_cost_amount   what the units that stayed with the customer had cost
-- margin_amount       kept_amount - goods_cost_amount
-- cases               cases that began in the window
-- costed_cases        of those, with a known cost
-- cost_amount         booked after-sales cost as far as known
-- cost_to_serve_share  cost_amount / kept_amount
-- loses_all_revenue   there was cost, and nothing was kept to pay it
-- contribution_amount  margin_amount - cost_amount
-- has_goods_cost      the cost of every unit is known; where it is not,
--                     goods_cost_amount leaves it out
--
-- The window is the last $cost_window_days. Units that came back cost nothing
-- here; what they lost on the way is depreciation, in cost_amount. Overheads,
-- advertising and outbound shipping of sales are not in it.

with

-- What came back of a line is taken off that line. A purchase that was refused
-- at the door or refunded before it was sent left no goods with the customer.
goods as (
    select
        purchases.customer_id,
        sum(
            coalesce(order_items.unit_cost, products.unit_cost)
            * greatest(
                order_items.quantity - coalesce(returned.units_returned, 0), 0
            )
        ) filter (where purchases.is_kept) as goods_cost_amount,
        bool_and(
            coalesce(order_items.unit_cost, products.unit_cost) is not null
        ) as has_goods_cost
    from intermediate.purchases
    inner join staging.order_items
        on
            purchases.order_id = order_items.order_id
            and order_items.problem is null
    left join intermediate.returns_by_line as returned
        on
            order_items.order_id = returned.order_id
            and order_items.line_no = returned.line_no
    left join staging.products
        on order_items.sku = products.sku
    where
        purchases.customer_id is not null
        and purchases.ordered_at >= $cost_window_start_at
    group by purchases.customer_id
)

select
    costs.customer_id,
    costs.orders,
    costs.sales_amount,
    costs.kept_amount,
    coalesce(goods.goods_cost_amount, 0) as goods_cost_amount,
    costs.kept_amount - coalesce(goods.goods_cost_amount, 0) as margin_amount,
    costs.cases,
    costs.costed_cases,
    costs.cost_amount,
    costs.cost_to_serve_share,
    costs.loses_all_revenue,
    costs.kept_amount
    - coalesce(goods.goods_cost_amount, 0)
    - coalesce(costs.cost_amount, 0) as contribution_amount,
    coalesce(goods.has_goods_cost, true) as has_goods_cost
from marts.costs_by_customer as costs
left join goods
    on costs.customer_id = goods.customer_id
