-- Which totals does finance have, shop by shop and month by month?
--
-- grain: shop_id, month, measure
--
-- shop_id   shop as text; unknown where there is none
-- month     first day of the month, in a file also 2026-01
-- measure   orders, sales, returns or refunds
-- amount    orders and returns are numbers of them, sales and refunds money
-- currency  ISO 4217 code of money; of numbers it may be left out
--
-- None are built in: `aftersight reconcile --finance FILE` brings them, or a
-- workspace by a file under [rules].

select
    totals.shop_id,
    totals.month,
    totals.measure,
    totals.amount,
    totals.currency
from (
    values
    (
        'shop',
        date '2000-01-01',
        'orders',
        cast(0 as decimal(28, 4)),
        'CNY'
    )
) as totals (shop_id, month, measure, amount, currency)
where totals.shop_id is null
