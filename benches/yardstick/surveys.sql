-- One row per answer and kind, from questionnaires that hold all three.

select
    survey_id as response_id, 'nps' as kind, customer_id, 'transactional' as scope,
    channel, order_id, cast(nps as double) as score, survey_ts as responded_at
from source.surveys
where nps is not null

union all

select
    survey_id as response_id, 'csat' as kind, customer_id, 'transactional' as scope,
    channel, order_id, cast(csat as double) as score, survey_ts as responded_at
from source.surveys
where csat is not null

union all

select
    survey_id as response_id, 'ces' as kind, customer_id, 'transactional' as scope,
    channel, order_id, cast(ces as double) as score, survey_ts as responded_at
from source.surveys
where ces is not null
