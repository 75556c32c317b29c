-- Which customers show signs that returns, refunds or payment are misused?
--
-- grain: customer_id
-- rows: marts.returns on
--   rows.customer_id = cell.customer_id and (rows.problem is null
--   or rows.problem = 'rejected')
--   and rows.requested_at >= $returner_window_start_at
--
-- customer_id            customer with a request, a chargeback, an unpaid order
--                        or a refused delivery in the window
-- orders                 purchases in the window
-- returned_orders        of those, with something sent back that was not the
--                        seller's fault
-- order_return_rate      returned_orders / orders; NULL without purchases
-- order_return_rate_lower  lower end of its 95 % Wilson interval
-- order_return_rate_upper  upper end
-- usual_return_rate      returned_orders / orders of all known customers
-- requests               requests in the window, of whatever kind
-- refund_only_requests   of those, for money while the goods stay
-- refund_only_share      refund_only_requests / requests
-- refund_only_amount     refunded on them so far
-- high_claims            requests for money, not by the seller's fault, of
--                        goods worth at least high_claim_amount
-- high_claim_amount      the $high_claim_quantile of what requests of all
--                        customers were worth
-- rejected_requests      requests refused after inspection
-- fraud_requests         requests recorded with the reason fraud
-- bracketed_articles     articles of which several units were in one order and
--                        all but one were sent back
-- chargebacks            refunds taken back by the bank
-- chargeback_amount      their amount
-- unpaid_orders          orders placed and not paid so far; those cancelled
--                        unpaid are not in it
-- refused_deliveries     orders refused at the door
-- accounts               accounts of other systems that belong to the customer
-- has_high_return_rate   order_return_rate_lower is above usual_return_rate
-- has_refund_only_pattern  two or more requests for money while goods stay, and
--                        at least half of the requests
-- has_high_claims        two or more high claims
-- has_bracketing         two or more bracketed articles
-- has_chargeback         a chargeback
-- has_payment_default    two or more unpaid orders or refused deliveries
-- has_rejected_claims    two or more refused requests, or one recorded as fraud
-- signals                how many of these seven hold
-- risk_score             signals / 7
-- sales_amount           net sales in the window
--
-- The last $returner_window_days: orders placed, requests made and refunds paid
-- in it. Evidence, not a verdict: every sign has honest explanations, returns
-- that are the seller's fault are left out of the rate, and someone looks
-- before anything is refused. Sizes are not known: units of articles with one name
-- stand for them. Addresses are not in the lake; what
-- the customer costs is in costs_by_customer.

with

orders as (
    select
        customer_id,
        count(*) as orders,
        count(*) filter (where has_own_return) as returned_orders,
        sum(net_amount) as sales_amount
    from intermediate.purchases
    where
        customer_id is not null
        and ordered_at >= $returner_window_start_at
    group by customer_id
),

unpaid as (
    select
        customer_id,
        count(*) filter (where problem = 'unpaid') as unpaid_orders,
        count(*) filter (where problem is null and status = 'rejected')
            as refused_deliveries
    from staging.orders
    where
        customer_id is not null
        and ordered_at >= $returner_window_start_at
        and (problem = 'unpaid' or status = 'rejected')
    group by customer_id
),

claims as (
    select
        *,
        cast(
            quantile_type(cast(line_amount as double), $high_claim_quantile)
                over () as decimal(18, 2)
        ) as high_claim_amount
    from intermediate.returns_with_lines
    where
        customer_id is not null
        and requested_at >= $returner_window_start_at
        and (problem is null or problem = 'rejected')
),

requests as (
    select
        customer_id,
        count(*) as requests,
        count(*) filter (where kind = 'refund_only') as refund_only_requests,
        sum(refund_amount) filter (where kind = 'refund_only')
            as refund_only_amount,
        count(*) filter (
            where
            kind in ('return', 'refund_only')
            and not is_seller_fault
            and line_amount >= high_claim_amount
        ) as high_claims,
        count(*) filter (where problem = 'rejected') as rejected_requests,
        count(*) filter (where reason = 'fraud') as fraud_requests,
        max(high_claim_amount) as high_claim_amount
    from claims
    group by customer_id
),

-- Only orders of which something came back are looked up among the lines sold.
returned_lines as (
    select
        order_id,
        line_no,
        min(customer_id) as customer_id,
        sum(units) as units
    from claims
    where
        kind = 'return'
        and problem is null
        and not is_seller_fault
    group by order_id, line_no
),

returned_orders as (
    select
        order_id,
        min(customer_id) as customer_id
    from returned_lines
    group by order_id
),

articles as (
    select
        returned_orders.customer_id,
        order_items.order_id,
        coalesce(products.name, cast(order_items.sku as varchar)) as article,
        sum(order_items.quantity) as units,
        sum(least(coalesce(returned_lines.units, 0), order_items.quantity))
            as returned_units
    from returned_orders
    inner join staging.order_items
        on
            returned_orders.order_id = order_items.order_id
            and order_items.problem is null
    left join returned_lines
        on
            order_items.order_id = returned_lines.order_id
            and order_items.line_no = returned_lines.line_no
    left join staging.products
        on order_items.sku = products.sku
    group by
        returned_orders.customer_id,
        order_items.order_id,
        coalesce(products.name, cast(order_items.sku as varchar))
),

bracketed as (
    select
        customer_id,
        count(*) as bracketed_articles
    from articles
    where
        units >= 2
        and returned_units = units - 1
    group by customer_id
),

chargebacks as (
    select
        coalesce(orders.customer_id, refunds.customer_id) as customer_id,
        count(*) as chargebacks,
        sum(refunds.amount) as chargeback_amount
    from staging.refunds
    left join staging.orders
        on refunds.order_id = orders.order_id
    where
        refunds.kind = 'chargeback'
        and refunds.problem is null
        and refunds.refunded_at >= $returner_window_start_at
    group by coalesce(orders.customer_id, refunds.customer_id)
),

accounts as (
    select
        customer_id,
        count(*) as accounts
    from staging.id_map
    group by customer_id
),

usual as (
    select
        *,
        cast(sum(returned_orders) over () as double)
        / nullif(sum(orders) over (), 0) as usual_return_rate
    from orders
),

suspects as (
    select customer_id from requests
    union
    select customer_id from unpaid
    union
    select customer_id from chargebacks
    where customer_id is not null
),

evidence as (
    select
        suspects.customer_id,
        coalesce(usual.orders, 0) as orders,
        coalesce(usual.returned_orders, 0) as returned_orders,
        proportion_ci(
            coalesce(usual.returned_orders, 0), coalesce(usual.orders, 0)
        ) as return_interval,
        max(usual.usual_return_rate) over () as usual_return_rate,
        coalesce(requests.requests, 0) as requests,
        coalesce(requests.refund_only_requests, 0) as refund_only_requests,
        coalesce(requests.refund_only_amount, 0) as refund_only_amount,
        coalesce(requests.high_claims, 0) as high_claims,
        max(requests.high_claim_amount) over () as high_claim_amount,
        coalesce(requests.rejected_requests, 0) as rejected_requests,
        coalesce(requests.fraud_requests, 0) as fraud_requests,
        coalesce(bracketed.bracketed_articles, 0) as bracketed_articles,
        coalesce(chargebacks.chargebacks, 0) as chargebacks,
        coalesce(chargebacks.chargeback_amount, 0) as chargeback_amount,
        coalesce(unpaid.unpaid_orders, 0) as unpaid_orders,
        coalesce(unpaid.refused_deliveries, 0) as refused_deliveries,
        coalesce(accounts.accounts, 0) as accounts,
        coalesce(usual.sales_amount, 0) as sales_amount
    from suspects
    left join usual
        on suspects.customer_id = usual.customer_id
    left join requests
        on suspects.customer_id = requests.customer_id
    left join bracketed
        on suspects.customer_id = bracketed.customer_id
    left join chargebacks
        on suspects.customer_id = chargebacks.customer_id
    left join unpaid
        on suspects.customer_id = unpaid.customer_id
    left join accounts
        on suspects.customer_id = accounts.customer_id
),

signs as (
    select
        *,
        coalesce(return_interval['lower'] > usual_return_rate, false)
            as has_high_return_rate,
        refund_only_requests >= 2
        and refund_only_requests * 2 >= requests as has_refund_only_pattern,
        high_claims >= 2 as has_high_claims,
        bracketed_articles >= 2 as has_bracketing,
        chargebacks > 0 as has_chargeback,
        unpaid_orders + refused_deliveries >= 2 as has_payment_default,
        rejected_requests >= 2 or fraud_requests > 0 as has_rejected_claims
    from evidence
),

counted as (
    select
        *,
        cast(has_high_return_rate as integer)
        + cast(has_refund_only_pattern as integer)
        + cast(has_high_claims as integer)
        + cast(has_bracketing as integer)
        + cast(has_chargeback as integer)
        + cast(has_payment_default as integer)
        + cast(has_rejected_claims as integer) as signals
    from signs
)

select
    customer_id,
    orders,
    returned_orders,
    cast(returned_orders as double) / nullif(orders, 0) as order_return_rate,
    return_interval['lower'] as order_return_rate_lower,
    return_interval['upper'] as order_return_rate_upper,
    usual_return_rate,
    requests,
    refund_only_requests,
    cast(refund_only_requests as double) / nullif(requests, 0)
        as refund_only_share,
    refund_only_amount,
    high_claims,
    high_claim_amount,
    rejected_requests,
    fraud_requests,
    bracketed_articles,
    chargebacks,
    chargeback_amount,
    unpaid_orders,
    refused_deliveries,
    accounts,
    has_high_return_rate,
    has_refund_only_pattern,
    has_high_claims,
    has_bracketing,
    has_chargeback,
    has_payment_default,
    has_rejected_claims,
    signals,
    signals / 7.0 as risk_score,
    sales_amount
from counted
