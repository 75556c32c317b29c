-- What should be done for each customer, by whom, with which offer?
--
-- grain: customer_id, segment_kind, segment, action
--
-- customer_id            customer
-- segment_kind           rfm_segment, returner_class or flag
-- segment                group the measure is meant for
-- action                 code of the measure
-- action_en              what a page calls it in English
-- action_zh              what a page calls it in Chinese
-- owner                  team that does it
-- offer                  code of an offer; NULL without one, and without
--                        consent or beside a flag for offers of other groups
-- service_level          priority, standard, basic or reviewed
-- is_first               the measure to begin with: flags before returner
--                        classes before RFM segments
-- has_marketing_consent  may be contacted for marketing
-- net_amount             value of all purchases after refunds
--
-- Measures without an offer need no consent where they are service. Offers are
-- drawn and held out in audience_offers; take arms from there.

with

members as (
    select
        *,
        bool_or(segment_kind = 'flag') over (partition by customer_id)
            as has_flag
    from intermediate.playbook_members
)

select
    members.customer_id,
    members.segment_kind,
    members.segment,
    actions.action,
    actions.action_en,
    actions.action_zh,
    actions.owner,
    case
        when members.segment_kind = 'flag' then actions.offer
        when members.has_marketing_consent and not members.has_flag
            then actions.offer
    end as offer,
    actions.service_level,
    row_number() over (
        partition by members.customer_id
        order by
            case members.segment_kind
                when 'flag' then 1
                when 'returner_class' then 2
                else 3
            end,
            members.segment desc,
            actions.action
    ) = 1 as is_first,
    members.has_marketing_consent,
    members.net_amount
from members
inner join intermediate.playbook_actions as actions
    on
        members.segment_kind = actions.segment_kind
        and members.segment = actions.segment
