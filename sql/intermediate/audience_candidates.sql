-- Which named audiences does each customer belong to, and why?
--
-- grain: customer_id
--
-- customer_id            customer
-- email                  address, masked unless $show_personal_data
-- phone                  number, masked unless $show_personal_data
-- region                 where the customer lives
-- preferred_channel      channel of the last purchase
-- segment                RFM segment; NULL without a kept order in the window
-- returner_class         none, earlier, first_time, occasional or frequent
-- orders                 purchases ever
-- returned_orders        of those, with something sent back for money
-- net_amount             value of all purchases after refunds
-- monetary               value scored, of the RFM window
-- recency_days           days since the last kept order in the window
-- nps_score              last valid NPS answer
-- csat_score             last valid satisfaction answer
-- open_tickets           contact cases not solved
-- is_vip                 marked as VIP by the shop
-- has_marketing_consent  may be contacted for marketing
-- high_value_reason      vip, segment or top_value; NULL when not high value
-- activation_reason      never_bought, kept_nothing, not_of_late or segment;
--                        NULL when not to activate
-- is_high_value          VIP, champion or loyal, or among the $value_high_share
--                        with the highest value of the window
-- is_at_risk             segment at_risk, cant_lose_them, need_attention or
--                        about_to_sleep, with at least the median value
-- is_new                 first purchase in the last $new_customer_window_days
-- is_to_activate         not of high value, not at risk, not new, and asleep
-- is_callback_due        of high value, and not heard of in the last
--                        $callback_window_days
-- needs_recovery         frequent returner, and unhappy
-- first_ordered_at       first purchase
-- last_ordered_at        last purchase
-- last_contact_at        last ticket, answer or request
-- last_requested_at      last request to send something back
--
-- Audiences may overlap, but to_activate with none of high value, at risk, new.

with

contacts as (
    select
        customer_id,
        max(created_at) as contacted_at
    from staging.tickets
    where customer_id is not null
    group by customer_id
),

answers as (
    select
        customer_id,
        max(responded_at) as answered_at
    from staging.surveys
    where customer_id is not null
    group by customer_id
),

requests as (
    select
        customer_id,
        max(requested_at) as requested_at
    from intermediate.returns_with_lines
    where customer_id is not null
    group by customer_id
),

ranked as (
    select
        customers.*,
        median(customers.monetary) over () as median_monetary,
        count(customers.monetary) over () as scored_customers,
        rank() over (order by customers.monetary desc nulls last) - 1 as richer
    from marts.customers as customers
),

valued as (
    select
        *,
        case
            when is_vip then 'vip'
            when segment in ('champions', 'loyal_customers') then 'segment'
            when monetary > 0 and richer < $value_high_share * scored_customers
                then 'top_value'
        end as high_value_reason,
        coalesce(
            segment in (
                'at_risk', 'cant_lose_them', 'need_attention', 'about_to_sleep'
            )
            and monetary >= median_monetary,
            false
        ) as is_at_risk,
        coalesce(first_ordered_at >= $new_customer_window_start_at, false)
            as is_new
    from ranked
),

sleeping as (
    select
        *,
        case
            when high_value_reason is not null or is_at_risk or is_new then null
            when orders = 0 then 'never_bought'
            when
                segment is null
                and last_ordered_at >= $rfm_window_start_at
                then 'kept_nothing'
            when segment is null then 'not_of_late'
            when segment in ('hibernating', 'lost', 'about_to_sleep')
                then 'segment'
        end as activation_reason
    from valued
)

select
    sleeping.customer_id,
    people.email,
    people.phone,
    sleeping.region,
    sleeping.preferred_channel,
    sleeping.segment,
    sleeping.returner_class,
    sleeping.orders,
    sleeping.returned_orders,
    sleeping.net_amount,
    sleeping.monetary,
    sleeping.recency_days,
    sleeping.nps_score,
    sleeping.csat_score,
    sleeping.open_tickets,
    sleeping.is_vip,
    sleeping.has_marketing_consent,
    sleeping.high_value_reason,
    sleeping.activation_reason,
    sleeping.high_value_reason is not null as is_high_value,
    sleeping.is_at_risk,
    sleeping.is_new,
    sleeping.activation_reason is not null as is_to_activate,
    sleeping.high_value_reason is not null
    and coalesce(
        greatest(
            contacts.contacted_at, answers.answered_at, requests.requested_at
        ) < $callback_window_start_at,
        true
    ) as is_callback_due,
    sleeping.needs_recovery,
    sleeping.first_ordered_at,
    sleeping.last_ordered_at,
    greatest(
        contacts.contacted_at, answers.answered_at, requests.requested_at
    ) as last_contact_at,
    requests.requested_at as last_requested_at
from sleeping
left join intermediate.contact_details as people
    on sleeping.customer_id = people.customer_id
left join contacts
    on sleeping.customer_id = contacts.customer_id
left join answers
    on sleeping.customer_id = answers.customer_id
left join requests
    on sleeping.customer_id = requests.customer_id
