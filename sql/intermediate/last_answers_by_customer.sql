-- What each customer last said, by kind of survey.
--
-- grain: customer_id
--
-- customer_id        customer who answered at least once
-- nps_score          last valid answer to a question of $nps_scope, 0 to 10
-- nps_weight         survey weight of that answer, 1 when the source has none
-- csat_score         last valid satisfaction answer, on its scale
-- csat_share         the same as a part of its scale: 0 the worst answer, 1 the
--                    best
-- ces_score          last valid effort answer, on its scale
-- nps_answers        valid answers to questions of $nps_scope
-- csat_answers       valid satisfaction answers
-- ces_answers        valid effort answers
-- nps_answered_at    when the last NPS question was answered
-- csat_answered_at   when the last satisfaction question was answered
-- ces_answered_at    when the last effort question was answered

select
    customer_id,
    last_value(score order by responded_at, response_id)
    filter (where kind = 'nps') as nps_score,
    last_value(weight order by responded_at, response_id)
    filter (where kind = 'nps') as nps_weight,
    last_value(score order by responded_at, response_id)
    filter (where kind = 'csat') as csat_score,
    last_value((score - 1) / (scale - 1.0) order by responded_at, response_id)
    filter (where kind = 'csat') as csat_share,
    last_value(score order by responded_at, response_id)
    filter (where kind = 'ces') as ces_score,
    count(*) filter (where kind = 'nps') as nps_answers,
    count(*) filter (where kind = 'csat') as csat_answers,
    count(*) filter (where kind = 'ces') as ces_answers,
    max(responded_at) filter (where kind = 'nps') as nps_answered_at,
    max(responded_at) filter (where kind = 'csat') as csat_answered_at,
    max(responded_at) filter (where kind = 'ces') as ces_answered_at
from staging.surveys
where
    customer_id is not null
    and score is not null
    and responded_at is not null
    and problem is null
    and (kind <> 'nps' or scope = $nps_scope)
group by customer_id
