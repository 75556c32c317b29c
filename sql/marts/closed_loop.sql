-- What became of each piece of critical feedback?
--
-- grain: source, feedback_id
--
-- source             survey, ticket or review
-- feedback_id        questionnaire, case or interaction, as text
-- customer_id        customer
-- owner              who acts; NULL until handed to somebody
-- measure            what was done; NULL until it was
-- target_metric      measure it should move
-- stage              open, routed, acted or closed: the customer was told
-- problem            why it is in no share: acted_before_received; NULL if it
--                    is
-- received_at        when the feedback came in
-- routed_at          when it was handed to the owner
-- acted_at           when something was done
-- notified_at        when the customer was told
-- route_hours        from received to routed
-- act_hours          from received to acted
-- reply_hours        from received to the customer being told
-- is_routed_in_time  routed within $feedback_route_hours; NULL while there is
--                    time
-- is_acted_in_time   acted within $feedback_act_hours; NULL while there is time
-- is_overdue         nothing was done, and the time for it is over
-- score_kind         nps, csat or ces: the target, else the first bad answer,
--                    else the first; NULL where the feedback is no survey
-- score_before       answer to it
-- score_after        next valid answer of the customer to the same kind of
--                    question; after something was done, where it was
-- score_change       score_after - score_before
--
-- Feedback is what somebody should look at: answers of detractors, dissatisfied
-- and difficult ones, negative reviews and posts, and all that was handed to an
-- owner. Cases of the desk have clocks of their own and are in here only where
-- they were handed on. A change of score after an action is not its effect: who
-- complained answers better next time anyway; see score_changes_by_measure.

with

-- What the customer next answered to the same kind of question.
answers as (
    select
        response_id,
        customer_id,
        anonymous_id,
        kind,
        scale,
        score,
        is_bad,
        responded_at,
        lead(score) over later as next_score,
        lead(scale) over later as next_scale,
        lead(responded_at) over later as next_at
    from intermediate.answers
    where value is not null
    window later as (
        partition by customer_id, anonymous_id, kind, scope, direction
        order by responded_at, response_id
    )
),

-- A questionnaire with several bad answers is one piece of feedback.
questionnaires as (
    select
        cast(response_id as varchar) as feedback_id,
        max(customer_id) as customer_id,
        bool_or(is_bad) as is_bad,
        min(responded_at) as received_at,
        max(case when kind = 'nps' then score end) as nps_score,
        max(case when kind = 'csat' then score end) as csat_score,
        max(case when kind = 'ces' then score end) as ces_score,
        coalesce(bool_or(is_bad and kind = 'nps'), false) as is_nps_bad,
        coalesce(bool_or(is_bad and kind = 'csat'), false) as is_csat_bad,
        max(case when kind = 'nps' then next_score end) as nps_next,
        max(case when kind = 'csat' and next_scale = scale then next_score end)
            as csat_next,
        max(case when kind = 'ces' and next_scale = scale then next_score end)
            as ces_next,
        max(case when kind = 'nps' then next_at end) as nps_next_at,
        max(case when kind = 'csat' then next_at end) as csat_next_at,
        max(case when kind = 'ces' then next_at end) as ces_next_at
    from answers
    group by response_id
),

critical as (
    select
        'survey' as source,
        feedback_id,
        customer_id,
        received_at,
        is_bad
    from questionnaires
    union all
    select
        'review' as source,
        cast(interaction_id as varchar) as feedback_id,
        customer_id,
        occurred_at as received_at,
        is_negative as is_bad
    from staging.interactions
    where problem is null
),

feedback as (
    select
        coalesce(actions.source, critical.source) as source,
        coalesce(actions.feedback_id, critical.feedback_id) as feedback_id,
        coalesce(actions.customer_id, critical.customer_id) as customer_id,
        case when actions.routed_at is not null then actions.owner end as owner,
        actions.measure,
        actions.target_metric,
        actions.problem,
        coalesce(actions.received_at, critical.received_at) as received_at,
        actions.routed_at,
        actions.acted_at,
        actions.notified_at
    from critical
    full join staging.actions
        on
            critical.source = actions.source
            and critical.feedback_id = actions.feedback_id
    where
        critical.is_bad
        or actions.feedback_id is not null
),

with_hours as (
    select
        *,
        (cast(routed_at as bigint) - cast(received_at as bigint))
        / 3600000000.0 as route_hours,
        (cast(acted_at as bigint) - cast(received_at as bigint))
        / 3600000000.0 as act_hours,
        (cast(notified_at as bigint) - cast(received_at as bigint))
        / 3600000000.0 as reply_hours,
        (cast($as_of_at as bigint) - cast(received_at as bigint))
        / 3600000000.0 as age_hours
    from feedback
),

with_kind as (
    select
        with_hours.*,
        case
            when with_hours.target_metric = 'nps' and nps_score is not null
                then 'nps'
            when with_hours.target_metric = 'csat' and csat_score is not null
                then 'csat'
            when with_hours.target_metric = 'ces' and ces_score is not null
                then 'ces'
            when questionnaires.is_nps_bad then 'nps'
            when questionnaires.is_csat_bad then 'csat'
            when questionnaires.is_bad then 'ces'
            when nps_score is not null then 'nps'
            when csat_score is not null then 'csat'
            when ces_score is not null then 'ces'
        end as score_kind,
        questionnaires.nps_score,
        questionnaires.csat_score,
        questionnaires.ces_score,
        questionnaires.nps_next,
        questionnaires.csat_next,
        questionnaires.ces_next,
        questionnaires.nps_next_at,
        questionnaires.csat_next_at,
        questionnaires.ces_next_at
    from with_hours
    left join questionnaires
        on
            with_hours.source = 'survey'
            and with_hours.feedback_id = questionnaires.feedback_id
),

with_scores as (
    select
        *,
        case score_kind
            when 'nps' then nps_score
            when 'csat' then csat_score
            when 'ces' then ces_score
        end as score_before,
        case score_kind
            when 'nps' then nps_next
            when 'csat' then csat_next
            when 'ces' then ces_next
        end as next_score,
        case score_kind
            when 'nps' then nps_next_at
            when 'csat' then csat_next_at
            when 'ces' then ces_next_at
        end as next_at
    from with_kind
),

-- What was answered before something was done is no answer to it.
with_later_scores as (
    select
        *,
        case
            when next_at > coalesce(acted_at, received_at) then next_score
        end as score_after
    from with_scores
)

select
    source,
    feedback_id,
    customer_id,
    owner,
    measure,
    target_metric,
    case
        when notified_at is not null then 'closed'
        when acted_at is not null then 'acted'
        when routed_at is not null then 'routed'
        else 'open'
    end as stage,
    problem,
    received_at,
    routed_at,
    acted_at,
    notified_at,
    route_hours,
    act_hours,
    reply_hours,
    case
        when coalesce(route_hours, age_hours) > $feedback_route_hours then false
        when route_hours is not null then true
    end as is_routed_in_time,
    case
        when coalesce(act_hours, age_hours) > $feedback_act_hours then false
        when act_hours is not null then true
    end as is_acted_in_time,
    coalesce(acted_at is null and age_hours > $feedback_act_hours, false)
        as is_overdue,
    score_kind,
    score_before,
    score_after,
    score_after - score_before as score_change
from with_later_scores
