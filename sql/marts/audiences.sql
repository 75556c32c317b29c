-- How large is each named audience, what is it worth, who may be written to?
--
-- grain: audience
-- rows: intermediate.offer_candidates on
--   case cell.audience when 'high_value' then rows.is_high_value
--   when 'at_risk' then rows.is_at_risk when 'new' then rows.is_new
--   when 'to_activate' then rows.is_to_activate
--   when 'callback_due' then rows.is_callback_due
--   when 'offers' then rows.reason = 'eligible'
--   when 'needs_recovery' then rows.needs_recovery
--   when 'risk' then rows.is_risk end
--
-- audience            high_value, at_risk, new, to_activate, callback_due,
--                     offers, needs_recovery or risk: the list is
--                     audience_<name>
-- customers           customers in it; for offers those who are eligible
-- customer_share      of all customers
-- net_amount          value of all their purchases after refunds
-- net_share           of that of all customers
-- consented           of the customers, may be contacted for marketing
-- consented_share     consented / customers
-- held_out            of the customers, not to be written to, for comparison;
--                     NULL but for offers
-- with_open_ticket    of the customers, waiting for an answer
--
-- Audiences overlap: do not add them. An audience of nobody has no row.

with

places as (
    select
        net_amount,
        has_marketing_consent,
        open_tickets,
        reason = 'eligible'
        and concat('0', draw)
        < lpad(
            to_hex(cast(floor($offer_holdout_share * 65536) as bigint)),
            5,
            '0'
        ) as is_held_out,
        count(*) over () as all_customers,
        sum(net_amount) over () as all_net_amount,
        unnest([
            case when is_high_value then 'high_value' end,
            case when is_at_risk then 'at_risk' end,
            case when is_new then 'new' end,
            case when is_to_activate then 'to_activate' end,
            case when is_callback_due then 'callback_due' end,
            case when reason = 'eligible' then 'offers' end,
            case when needs_recovery then 'needs_recovery' end,
            case when is_risk then 'risk' end
        ]) as audience
    from intermediate.offer_candidates
)

select
    audience,
    count(*) as customers,
    cast(count(*) as double) / max(all_customers) as customer_share,
    sum(net_amount) as net_amount,
    cast(sum(net_amount) as double)
    / nullif(cast(max(all_net_amount) as double), 0) as net_share,
    count(*) filter (where has_marketing_consent) as consented,
    cast(count(*) filter (where has_marketing_consent) as double) / count(*)
        as consented_share,
    case
        when audience = 'offers' then count(*) filter (where is_held_out)
    end as held_out,
    count(*) filter (where open_tickets > 0) as with_open_ticket
from places
where audience is not null
group by audience
