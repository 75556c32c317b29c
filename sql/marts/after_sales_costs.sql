-- What did after-sales cost, case by case and component by component?
--
-- grain: case_kind, case_id, component
--
-- case_kind      return (any request), ticket, repair (without a request),
--                refund (without a request), or customer for hidden cost
-- case_id        its id, as text
-- component      reverse_shipping, handling, ...: see cost_components
-- cost_group     return_exchange, repair, customer_service or hidden
-- cause          quality, logistics, description, ...; NULL for hidden cost
-- cost_basis     recorded: the amount is on the case; rate: what was measured
--                times a rate; standard: a rate per case, or the usual loss of
--                such goods, in place of a missing amount; model; NULL without
--                a cost
-- booked_cost_amount  cost; NULL when it is not known, and for hidden cost
-- hidden_cost_amount  estimate of hidden cost; NULL for booked cost
-- customer_id    customer, NULL when unknown
-- order_id       order
-- sku            article; NULL for tickets about no return
-- category       category of the article
-- shop_id        shop
-- channel        channel of the order
-- is_estimate    a standard or a model, not what was paid
-- is_hidden      never to be added to booked cost
-- opened_date    local day the case began; NULL for hidden cost
--
-- A component has a row where it applies, whether its cost is known or not. Add
-- booked_cost_amount and say with it the share of rows that have one. Hidden
-- cost is of the last $cost_window_days only, and of stated assumptions.

with

-- One shape for both, so that ids keep their type.
hidden as (
    select
        'customer' as case_kind,
        cast(customer_id as varchar) as case_id,
        component,
        cost_amount,
        customer_id
    from intermediate.hidden_costs
)

select
    coalesce(booked.case_kind, hidden.case_kind) as case_kind,
    coalesce(booked.case_id, hidden.case_id) as case_id,
    coalesce(booked.component, hidden.component) as component,
    coalesce(booked.cost_group, 'hidden') as cost_group,
    booked.cause,
    coalesce(
        booked.cost_basis,
        case when hidden.cost_amount is not null then 'model' end
    ) as cost_basis,
    booked.cost_amount as booked_cost_amount,
    hidden.cost_amount as hidden_cost_amount,
    coalesce(booked.customer_id, hidden.customer_id) as customer_id,
    booked.order_id,
    booked.sku,
    booked.category,
    booked.shop_id,
    booked.channel,
    coalesce(booked.cost_basis = 'standard', false)
    or hidden.case_id is not null as is_estimate,
    hidden.case_id is not null as is_hidden,
    booked.opened_date
from intermediate.booked_costs as booked
full join hidden
    on
        booked.case_kind = hidden.case_kind
        and booked.case_id = hidden.case_id
        and booked.component = hidden.component
