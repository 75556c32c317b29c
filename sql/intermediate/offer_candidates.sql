-- Who is in which audience, and who may get which offer?
--
-- grain: customer_id
--
-- customer_id            customer
-- segment                RFM segment; NULL without a kept order in the window
-- preferred_channel      channel of the last purchase
-- email                  address, masked unless $show_personal_data
-- phone                  number, masked unless $show_personal_data
-- offer                  code of the offer of the segment; NULL without one
-- reason                 eligible; no_consent, risk, needs_recovery or
--                        open_ticket: the first that speaks against an offer;
--                        NULL without an offer
-- draw                   four hexadecimal digits that decide who is held out
-- monetary               value of the RFM window
-- net_amount             value of all purchases after refunds
-- signals                signs of misuse, see risk_customers
-- open_tickets           contact cases not solved
-- has_marketing_consent  may be contacted for marketing
-- is_high_value          in audience_high_value
-- is_at_risk             in audience_at_risk
-- is_new                 in audience_new
-- is_to_activate         in audience_to_activate
-- is_callback_due        in audience_callback_due
-- needs_recovery         in audience_needs_recovery
-- is_risk                in audience_risk
--
-- The audiences of audience_candidates with the signs of misuse beside them, so
-- that both are worked out once.

with

offers as (
    select
        segment,
        min(offer) as offer
    from intermediate.playbook_actions
    where
        segment_kind = 'rfm_segment'
        and offer is not null
    group by segment
)

select
    candidates.customer_id,
    candidates.segment,
    candidates.preferred_channel,
    candidates.email,
    candidates.phone,
    offers.offer,
    case
        when offers.offer is null then null
        when not candidates.has_marketing_consent then 'no_consent'
        when coalesce(risk.signals >= $risk_min_signals, false) then 'risk'
        when candidates.needs_recovery then 'needs_recovery'
        when candidates.open_tickets > 0 then 'open_ticket'
        else 'eligible'
    end as reason,
    left(
        md5(
            concat(
                $holdout_salt,
                ':',
                offers.offer,
                ':',
                cast(candidates.customer_id as varchar)
            )
        ),
        4
    ) as draw,
    candidates.monetary,
    candidates.net_amount,
    coalesce(risk.signals, 0) as signals,
    candidates.open_tickets,
    candidates.has_marketing_consent,
    candidates.is_high_value,
    candidates.is_at_risk,
    candidates.is_new,
    candidates.is_to_activate,
    candidates.is_callback_due,
    candidates.needs_recovery,
    coalesce(risk.signals >= $risk_min_signals, false) as is_risk
from intermediate.audience_candidates as candidates
left join offers
    on candidates.segment = offers.segment
left join marts.risk_customers as risk
    on candidates.customer_id = risk.customer_id
