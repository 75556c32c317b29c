-- Which customers' refunds should a person look at before money goes out?
--
-- grain: customer_id
-- rows: marts.returns on
--   rows.customer_id = cell.customer_id and (rows.problem is null
--   or rows.problem = 'rejected')
--   and rows.requested_at >= $returner_window_start_at
--
-- customer_id            customer
-- email                  address, masked unless $show_personal_data (personal
--                        data)
-- signals                how many signs hold, see risk_customers
-- signs                  the signs, codes separated by a blank
-- orders                 purchases of the returner window
-- returned_orders        of those, sent back and not by the seller's fault
-- order_return_rate      returned_orders / orders
-- usual_return_rate      the same of all known customers
-- requests               requests in the window
-- refund_only_requests   of those, for money while the goods stay
-- high_claims            requests of high value
-- rejected_requests      requests refused after inspection
-- bracketed_articles     articles of which all units but one were sent back
-- chargebacks            refunds taken back by the bank
-- unpaid_orders          orders never paid
-- refused_deliveries     orders refused at the door
-- sales_amount           net sales in the window
--
-- At least $risk_min_signals signs. A reason to look, not to refuse: every sign
-- has honest explanations.

select
    risk.customer_id,
    candidates.email,
    risk.signals,
    concat_ws(
        ' ',
        case when risk.has_high_return_rate then 'return_rate' end,
        case when risk.has_refund_only_pattern then 'refund_only' end,
        case when risk.has_high_claims then 'high_claims' end,
        case when risk.has_bracketing then 'bracketing' end,
        case when risk.has_chargeback then 'chargeback' end,
        case when risk.has_payment_default then 'payment' end,
        case when risk.has_rejected_claims then 'rejected_claims' end
    ) as signs,
    risk.orders,
    risk.returned_orders,
    risk.order_return_rate,
    risk.usual_return_rate,
    risk.requests,
    risk.refund_only_requests,
    risk.high_claims,
    risk.rejected_requests,
    risk.bracketed_articles,
    risk.chargebacks,
    risk.unpaid_orders,
    risk.refused_deliveries,
    risk.sales_amount
from marts.risk_customers as risk
left join intermediate.contact_details as candidates
    on risk.customer_id = candidates.customer_id
where risk.signals >= $risk_min_signals
