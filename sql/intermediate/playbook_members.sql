-- Which groups of the playbook is each customer in?
--
-- grain: customer_id, segment_kind, segment
--
-- customer_id            customer
-- segment_kind           rfm_segment, returner_class or flag
-- segment                group within it
-- has_marketing_consent  may be contacted for marketing
-- net_amount             value of all purchases after refunds
--
-- Flags are needs_recovery and risk. A customer is in one group of every kind
-- at most, but in both flags where both hold.

with

places as (
    select
        candidates.customer_id,
        candidates.has_marketing_consent,
        candidates.net_amount,
        unnest([
            named_struct(
                'segment_kind', 'rfm_segment', 'segment', candidates.segment
            ),
            named_struct(
                'segment_kind', 'returner_class',
                'segment', candidates.returner_class
            ),
            named_struct(
                'segment_kind', 'flag',
                'segment',
                case when candidates.needs_recovery then 'needs_recovery' end
            ),
            named_struct(
                'segment_kind', 'flag',
                'segment',
                case when risk.signals >= $risk_min_signals then 'risk' end
            )
        ]) as place
    from marts.customers as candidates
    left join marts.risk_customers as risk
        on candidates.customer_id = risk.customer_id
)

select
    customer_id,
    place['segment_kind'] as segment_kind,
    place['segment'] as segment,
    has_marketing_consent,
    net_amount
from places
where place['segment'] is not null
