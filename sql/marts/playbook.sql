-- What should be done for each group of customers, and how many does it touch?
--
-- grain: segment_kind, segment, action
-- rows: marts.playbook_by_customer on
--   rows.segment_kind = cell.segment_kind and rows.segment = cell.segment
--   and rows.action = cell.action
--
-- segment_kind    rfm_segment, returner_class, flag or reason
-- segment         group within it
-- action          code of the measure
-- action_en       what a page calls it in English
-- action_zh       what a page calls it in Chinese
-- owner           team that does it
-- offer           code of the offer that goes with it; NULL without one
-- service_level   priority, standard, basic or reviewed; NULL for reasons
-- customers       customers of the group now; for reasons NULL
-- consented       of those, may be contacted for marketing; for reasons NULL
-- net_amount      value of all their purchases after refunds; for reasons NULL
-- requests        returns and exchanges with the reason in the last
--                 $returner_window_days; NULL for groups of customers
--
-- The measures are rows of intermediate.playbook_actions, which a workspace
-- replaces. That a measure stands here does not say that it works.

with

segments as (
    select
        segment_kind,
        segment,
        count(*) as customers,
        count(*) filter (where has_marketing_consent) as consented,
        sum(net_amount) as net_amount
    from intermediate.playbook_members
    group by segment_kind, segment
),

reasons as (
    select
        reason,
        count(*) as requests
    from intermediate.returns_with_lines
    where
        problem is null
        and kind in ('return', 'exchange')
        and requested_at >= $returner_window_start_at
    group by reason
),

with_sizes as (
    select
        actions.segment_kind,
        actions.segment,
        actions.action,
        actions.action_en,
        actions.action_zh,
        actions.owner,
        actions.offer,
        actions.service_level,
        case
            when actions.segment_kind <> 'reason'
                then coalesce(segments.customers, 0)
        end as customers,
        case
            when actions.segment_kind <> 'reason'
                then coalesce(segments.consented, 0)
        end as consented,
        case
            when actions.segment_kind <> 'reason'
                then coalesce(segments.net_amount, 0)
        end as net_amount,
        case
            when actions.segment_kind = 'reason'
                then coalesce(reasons.requests, 0)
        end as requests,
        count(segments.segment) over () + count(reasons.reason) over ()
            as known_segments
    from intermediate.playbook_actions as actions
    left join segments
        on
            actions.segment_kind = segments.segment_kind
            and actions.segment = segments.segment
    left join reasons
        on
            actions.segment_kind = 'reason'
            and actions.segment = reasons.reason
)

-- Without a single customer or request there is nothing to do.
select
    segment_kind,
    segment,
    action,
    action_en,
    action_zh,
    owner,
    offer,
    service_level,
    customers,
    consented,
    net_amount,
    requests
from with_sizes
where known_segments > 0
