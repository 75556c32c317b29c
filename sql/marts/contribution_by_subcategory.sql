-- Which kinds of articles earn money, once what came back and broke is paid?
--
-- grain: category, subcategory
--
-- category             category of the articles, or unknown
-- subcategory          subcategory, or unknown
-- units_sold           units of mature sales
-- sales_amount         net sales
-- goods_cost_amount    what all units sold had cost, as far as known
-- gross_margin_share   (sales_amount - goods_cost_amount) / sales_amount: what
--                      the sale looked like
-- refund_amount        refunded so far for these lines, of whatever kind
-- saved_goods_amount   what the goods sent back for money had cost: they did
--                      not stay with the customer
-- return_cost_amount   booked cost of the requests, with what goods sent back
--                      lost on the way, as far as known
-- repair_cost_amount   booked cost of repairs
-- contribution_amount  sales_amount - goods_cost_amount - refund_amount
--                      + saved_goods_amount - return_cost_amount
--                      - repair_cost_amount
-- contribution_share   contribution_amount / sales_amount
-- contribution_share_lower  lower end of its 95 % interval, by order
-- contribution_share_upper  upper end
-- has_goods_cost       the cost of every unit is known
-- is_losing            contribution_share_upper is below 0
-- margin_lost_share    gross_margin_share - contribution_share: what
--                      after-sales takes
--
-- Mature sales of the last $sales_window_days, each with everything that has
-- happened to it since: goods that fail late have not cost all they will.
-- Overheads, advertising, outbound shipping and the desk are not in it; the
-- desk's cases are in marts.costs_by_product. The interval is that of a ratio
-- of sums over orders; NULL below two orders. is_losing is one look at each
-- subcategory: of forty that earn exactly nothing one would seem to lose.

with

lines as (
    select
        sold.order_id,
        sold.line_no,
        sold.sku,
        sold.category,
        coalesce(products.subcategory, 'unknown') as subcategory,
        sold.quantity,
        sold.net_amount,
        sold.units_returned,
        coalesce(order_items.unit_cost, products.unit_cost) as unit_cost
    from intermediate.sold_lines_with_returns as sold
    inner join staging.order_items
        on
            sold.order_id = order_items.order_id
            and sold.line_no = order_items.line_no
            and order_items.problem is null
    left join staging.products
        on sold.sku = products.sku
    where
        sold.is_mature
        and sold.ordered_at >= $sales_window_start_at
),

refunds as (
    select
        order_id,
        line_no,
        sum(amount) as amount
    from staging.refunds
    where
        line_no is not null
        and kind not in ('shipping', 'goodwill')
        and problem is null
    group by order_id, line_no
),

-- Costs know the order and the article. Where an order has the article on two
-- lines they are met by article below.
costs as (
    select
        order_id,
        sku,
        sum(return_exchange_cost_amount) as return_cost_amount,
        sum(repair_cost_amount) as repair_cost_amount
    from intermediate.case_costs
    where
        order_id is not null
        and sku is not null
    group by order_id, sku
),

-- One row for each article of an order.
articles as (
    select
        lines.order_id,
        lines.sku,
        max(lines.category) as category,
        max(lines.subcategory) as subcategory,
        sum(lines.quantity) as units_sold,
        sum(lines.net_amount) as sales_amount,
        coalesce(sum(lines.unit_cost * lines.quantity), 0)
            as goods_cost_amount,
        coalesce(sum(lines.unit_cost * lines.units_returned), 0)
            as saved_goods_amount,
        coalesce(sum(refunds.amount), 0) as refund_amount,
        bool_and(lines.unit_cost is not null) as has_goods_cost
    from lines
    left join refunds
        on
            lines.order_id = refunds.order_id
            and lines.line_no = refunds.line_no
    group by lines.order_id, lines.sku
),

orders as (
    select
        articles.category,
        articles.subcategory,
        articles.order_id,
        sum(articles.units_sold) as units_sold,
        sum(articles.sales_amount) as sales_amount,
        sum(articles.goods_cost_amount) as goods_cost_amount,
        sum(articles.saved_goods_amount) as saved_goods_amount,
        sum(articles.refund_amount) as refund_amount,
        sum(coalesce(costs.return_cost_amount, 0)) as return_cost_amount,
        sum(coalesce(costs.repair_cost_amount, 0)) as repair_cost_amount,
        bool_and(articles.has_goods_cost) as has_goods_cost
    from articles
    left join costs
        on
            articles.order_id = costs.order_id
            and articles.sku = costs.sku
    group by articles.category, articles.subcategory, articles.order_id
),

-- Sums of squares and products of the order's contribution and sales are what
-- the error of their ratio is made of.
left_over as (
    select
        *,
        cast(
            sales_amount - goods_cost_amount - refund_amount
            + saved_goods_amount - return_cost_amount - repair_cost_amount
            as double
        ) as y,
        cast(sales_amount as double) as x
    from orders
),

summed as (
    select
        category,
        subcategory,
        count(*) as orders,
        sum(units_sold) as units_sold,
        sum(sales_amount) as sales_amount,
        sum(goods_cost_amount) as goods_cost_amount,
        sum(saved_goods_amount) as saved_goods_amount,
        sum(refund_amount) as refund_amount,
        sum(return_cost_amount) as return_cost_amount,
        sum(repair_cost_amount) as repair_cost_amount,
        sum(
            sales_amount - goods_cost_amount - refund_amount
            + saved_goods_amount - return_cost_amount - repair_cost_amount
        ) as contribution_amount,
        bool_and(has_goods_cost) as has_goods_cost,
        -- Decimal, so that they are the same in whatever order.
        cast(sum(cast(y * y as decimal(38, 8))) as double) as yy,
        cast(sum(cast(x * y as decimal(38, 8))) as double) as xy,
        cast(sum(cast(x * x as decimal(38, 8))) as double) as xx
    from left_over
    group by category, subcategory
),

shares as (
    select
        *,
        cast(contribution_amount as double)
        / nullif(cast(sales_amount as double), 0) as contribution_share,
        cast(sales_amount - goods_cost_amount as double)
        / nullif(cast(sales_amount as double), 0) as gross_margin_share
    from summed
),

with_errors as (
    select
        *,
        case
            when orders > 1
                then
                    1.959964 * sqrt(
                        greatest(
                            yy
                            - 2 * contribution_share * xy
                            + contribution_share * contribution_share * xx,
                            0
                        )
                        * orders / (orders - 1)
                    ) / nullif(cast(sales_amount as double), 0)
        end as margin
    from shares
)

select
    category,
    subcategory,
    units_sold,
    sales_amount,
    goods_cost_amount,
    gross_margin_share,
    refund_amount,
    saved_goods_amount,
    return_cost_amount,
    repair_cost_amount,
    contribution_amount,
    contribution_share,
    contribution_share - margin as contribution_share_lower,
    contribution_share + margin as contribution_share_upper,
    has_goods_cost,
    coalesce(contribution_share + margin < 0, false) as is_losing,
    gross_margin_share - contribution_share as margin_lost_share
from with_errors
