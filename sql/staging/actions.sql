-- What had been done about feedback by the report day.
--
-- grain: feedback_id
--
-- feedback_id    survey response, ticket or review it answers, as text
-- customer_id    customer
-- source         survey, ticket or review, lower case
-- owner          who acts
-- measure        what was done, lower case; NULL until it was
-- target_metric  measure it should move, lower case
-- problem        why it cannot be counted: acted_before_received; NULL if it
--                can
-- received_at    when the feedback came in
-- routed_at      when it was handed to the owner
-- acted_at       when something was done
-- notified_at    when the customer was told
--
-- Instants on or after the report day are NULL, and so is the measure before
-- it was taken. Who the owner is cannot be replayed.

select
    -- ids
    feedback_id,
    customer_id,

    -- text
    lower(trim(source)) as source,
    trim(owner) as owner,
    case when acted_at < $as_of_at then lower(trim(measure)) end as measure,
    lower(trim(target_metric)) as target_metric,
    case
        when acted_at < received_at and acted_at < $as_of_at
            then 'acted_before_received'
    end as problem,

    -- times
    received_at,
    case when routed_at < $as_of_at then routed_at end as routed_at,
    case when acted_at < $as_of_at then acted_at end as acted_at,
    case when notified_at < $as_of_at then notified_at end as notified_at

from raw.actions
where
    coalesce(received_at < $as_of_at, routed_at < $as_of_at, true)
    and coalesce(recorded_at < $known_as_of_at, true)
