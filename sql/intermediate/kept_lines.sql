-- What did known customers buy, line by line, and what of it did they keep?
--
-- grain: order_id, line_no
--
-- order_id       purchase of a known customer
-- line_no        line of the order
-- customer_id    buyer
-- sku            article
-- category       category of the article, else of the line; unknown without
--                either
-- units          units sold
-- units_kept     units less those sent back for money; 0 where nothing of the
--                order was kept
-- net_amount     net sales of the line
-- kept_amount    the part of it that was kept, by units
-- ordered_date   local day of the order
--
-- Price adjustments and other refunds without goods are not in kept_amount, so
-- it sums to a little more than that of the purchases that were kept. Nothing
-- was kept of goods refused at the door or refunded before they were sent.

select
    purchases.order_id,
    order_items.line_no,
    purchases.customer_id,
    order_items.sku,
    coalesce(products.category, order_items.category, 'unknown') as category,
    order_items.quantity as units,
    case
        when purchases.is_kept
            then order_items.quantity
            - least(coalesce(returned.units_returned, 0), order_items.quantity)
        else 0
    end as units_kept,
    order_items.net_amount,
    case
        when purchases.is_kept
            then cast(
                order_items.net_amount
                * (
                    order_items.quantity
                    - least(
                        coalesce(returned.units_returned, 0),
                        order_items.quantity
                    )
                )
                / order_items.quantity as decimal(18, 2)
            )
        else 0
    end as kept_amount,
    purchases.ordered_date
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
where purchases.customer_id is not null
