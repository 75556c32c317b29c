-- What may have moved each answer: ratings of attributes and what had happened.
--
-- grain: response_id, kind, driver_set, driver
--
-- response_id     questionnaire
-- kind            nps, csat or ces
-- scope           relationship or transactional for nps, else all
-- direction       ease, effort or unknown for ces, else none
-- customer_id     customer
-- driver_set      ratings: attributes rated in the questionnaire; operations:
--                 what had happened before; return_reasons: the reason of the
--                 last return, if there was one
-- driver          attribute, experience or reason
-- score           answer as given
-- is_good         promoter, satisfied, easy
-- is_bad          detractor, dissatisfied, difficult
-- driver_value    rating as given; 1 or 0 for what happened or did not
-- is_weak         rated below the middle of the scale, or happened
--
-- Valid answers of the last $history_weeks complete weeks and the days since.
-- operations has a row for each of its five experiences and every answer of a
-- known customer; return_reasons only rows of what happened. The scale of all
-- ratings is 1 to 5, to 7 or to 10: the smallest that holds the highest rating.

with

answers as (
    select
        response_id,
        kind,
        scope,
        direction,
        customer_id,
        score,
        is_good,
        is_bad
    from intermediate.answers
    where
        value is not null
        and responded_at >= $history_start_at
),

rating_scale as (
    select
        case
            when max(rating) > 7 then 10.0
            when max(rating) > 5 then 7.0
            else 5.0
        end as highest
    from staging.survey_drivers
    where problem is null
),

rated as (
    select
        answers.*,
        'ratings' as driver_set,
        ratings.driver,
        ratings.rating as driver_value,
        ratings.rating < (1 + rating_scale.highest) / 2 as is_weak
    from answers
    inner join staging.survey_drivers as ratings
        on answers.response_id = ratings.response_id
    cross join rating_scale
    where
        ratings.problem is null
        and ratings.rating is not null
),

experienced as (
    select
        answers.*,
        unnest([
            named_struct(
                'set', 'operations', 'name', 'return',
                'happened', experiences.has_return
            ),
            named_struct(
                'set', 'operations', 'name', 'faulty_goods',
                'happened', experiences.has_faulty_return
            ),
            named_struct(
                'set', 'operations', 'name', 'late_delivery',
                'happened', experiences.has_late_delivery
            ),
            named_struct(
                'set', 'operations', 'name', 'ticket',
                'happened', experiences.has_ticket
            ),
            named_struct(
                'set', 'operations', 'name', 'slow_reply',
                'happened', experiences.has_slow_reply
            ),
            named_struct(
                'set', 'return_reasons', 'name', experiences.last_reason,
                'happened', true
            )
        ]) as experience
    from answers
    inner join intermediate.experiences
        on
            answers.response_id = experiences.response_id
            and answers.kind = experiences.kind
)

select
    response_id,
    kind,
    scope,
    direction,
    customer_id,
    driver_set,
    driver,
    score,
    is_good,
    is_bad,
    driver_value,
    is_weak
from rated
union all
select
    response_id,
    kind,
    scope,
    direction,
    customer_id,
    experience['set'] as driver_set,
    experience['name'] as driver,
    score,
    is_good,
    is_bad,
    case when experience['happened'] then 1.0 else 0.0 end as driver_value,
    experience['happened'] as is_weak
from experienced
where experience['name'] is not null
