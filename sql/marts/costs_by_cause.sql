-- What is behind the cost of after-sales: quality, logistics, description?
--
-- grain: cause
-- rows: intermediate.case_costs on
--   rows.cause = cell.cause and rows.opened_at >= $cost_window_start_at
--
-- cause                 quality, logistics, description, fit, use, service,
--                       price, abuse, customer or unknown
-- cases                 cases that began in the window and to which a cost
--                       applies
-- costed_cases          of those, with at least one cost known
-- costed_share          costed_cases / cases
-- cost_amount           booked cost of the cases as far as known; NULL when
--                       there are cases and none has a known cost
-- return_exchange_cost_amount   part for returns and exchanges
-- repair_cost_amount    part for repairs
-- customer_service_cost_amount  part for contacts and goodwill
-- standard_cost_amount  part that is a standard in place of a missing amount
-- cost_share            of all booked cost of the window
-- cost_per_case_amount  cost_amount / costed_cases
-- requests              of the cases, requests to return, exchange or repair
-- tickets               of the cases, tickets
--
-- Cases that began in the last $cost_window_days. A return has the cause of its
-- reason, a ticket that of its return or else of what it is about: see
-- intermediate.cost_causes. A cause is what was recorded, not what was proven.

with

costs as (
    select
        cause,
        count(*) as cases,
        count(cost_amount) as costed_cases,
        sum(cost_amount) as cost_amount,
        sum(return_exchange_cost_amount) as return_exchange_cost_amount,
        sum(repair_cost_amount) as repair_cost_amount,
        sum(customer_service_cost_amount) as customer_service_cost_amount,
        sum(standard_cost_amount) as standard_cost_amount,
        count(*) filter (where case_kind = 'return') as requests,
        count(*) filter (where case_kind = 'ticket') as tickets
    from intermediate.case_costs
    where opened_at >= $cost_window_start_at
    group by cause
)

select
    cause,
    cases,
    costed_cases,
    cast(costed_cases as double) / cases as costed_share,
    cost_amount,
    coalesce(return_exchange_cost_amount, 0) as return_exchange_cost_amount,
    coalesce(repair_cost_amount, 0) as repair_cost_amount,
    coalesce(customer_service_cost_amount, 0) as customer_service_cost_amount,
    coalesce(standard_cost_amount, 0) as standard_cost_amount,
    cast(cost_amount as double)
    / nullif(cast(sum(cost_amount) over () as double), 0) as cost_share,
    cast(cost_amount as double) / nullif(costed_cases, 0)
        as cost_per_case_amount,
    requests,
    tickets
from costs
