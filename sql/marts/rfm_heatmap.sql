-- What are customers worth, and how much do they return, by recency and
-- frequency?
--
-- grain: r, f
-- rows: marts.rfm on rows.r = cell.r and rows.f = cell.f
--
-- r                recency score, high is recent
-- f                frequency score, high is often
-- customers        customers with these scores
-- mean_monetary    mean value of a customer
-- orders           their orders in the RFM window
-- returned_orders  orders of which something was sent back for money
-- return_rate      returned_orders / orders
--
-- Cells without customers have no row.

select
    r,
    f,
    count(*) as customers,
    cast(sum(monetary) as double) / count(*) as mean_monetary,
    sum(orders) as orders,
    sum(returned_orders) as returned_orders,
    return_rate(returned_orders, orders) as return_rate
from marts.rfm
group by r, f
