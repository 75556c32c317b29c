-- What did each case of after-sales cost in all?
--
-- grain: case_kind, case_id
--
-- case_kind       return (any request), ticket, repair (without a request) or
--                 refund (without a request)
-- case_id         its id, as text
-- cause           quality, logistics, description, ..., as in booked_costs
-- request_kind    return, exchange, repair or refund_only; NULL for others
-- cost_amount     booked cost as far as known; NULL when none of it is
-- return_exchange_cost_amount   part for returns and exchanges
-- repair_cost_amount    part for repairs
-- customer_service_cost_amount  part for contacts and goodwill
-- standard_cost_amount  part that is a standard in place of a missing amount
-- customer_id     customer, NULL when unknown
-- order_id        order
-- sku             article; NULL for tickets and refunds about no return
-- category        category of the article
-- shop_id         shop
-- channel         channel of the order
-- opened_date     local day the case began
-- opened_at       when the case began
--
-- Only cases to which some component applies are here: a request that never
-- came to anything cost nothing. A part is NULL where nothing of it is known or
-- it does not apply.

select
    case_kind,
    case_id,
    min(cause) as cause,
    min(request_kind) as request_kind,
    sum(cost_amount) as cost_amount,
    sum(cost_amount) filter (where cost_group = 'return_exchange')
        as return_exchange_cost_amount,
    sum(cost_amount) filter (where cost_group = 'repair')
        as repair_cost_amount,
    sum(cost_amount) filter (where cost_group = 'customer_service')
        as customer_service_cost_amount,
    sum(cost_amount) filter (where cost_basis = 'standard')
        as standard_cost_amount,
    min(customer_id) as customer_id,
    min(order_id) as order_id,
    min(sku) as sku,
    min(category) as category,
    min(shop_id) as shop_id,
    min(channel) as channel,
    min(opened_date) as opened_date,
    min(opened_at) as opened_at
from intermediate.booked_costs
group by case_kind, case_id
