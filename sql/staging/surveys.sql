-- Questions asked of customers and their answers, as they stood on the report
-- day.
--
-- grain: response_id, kind
--
-- response_id   questionnaire, answered or not
-- kind          nps, csat or ces
-- customer_id   customer
-- shop_id       shop
-- order_id      order it is about
-- return_id     return it is about
-- ticket_id     ticket it is about
-- scope         relationship or transactional; transactional when the source
--               does not say
-- touchpoint    purchase, delivery, return, ticket, ..., lower case; unknown
--               when the source does not say
-- channel       mail, app, phone, ..., lower case
-- direction     ease or effort, for ces
-- comment       words of the customer
-- problem       why the answer cannot be counted: score_out_of_range,
--               fractional_score or negative_weight; NULL if it can or there
--               is none
-- scale         highest answer of the scale: 10 for nps, 5 for csat and 7 for
--               ces where the source does not say
-- score         answer, NULL when not answered
-- weight        survey weight, 1 when the source has none
-- sent_at       when it was sent
-- responded_at  when it was answered; when it was sent where the source does
--               not say
--
-- Questionnaires sent on or after the report day are not there; answers given
-- then are not seen.

with

-- What had been answered before the report day.
replayed as (
    select
        response_id,
        lower(trim(kind)) as kind,
        customer_id,
        shop_id,
        order_id,
        return_id,
        ticket_id,
        scope,
        touchpoint,
        channel,
        direction,
        case lower(trim(kind))
            when 'nps' then 10
            when 'csat' then coalesce(scale, 5)
            else coalesce(scale, 7)
        end as scale,
        weight,
        case
            when coalesce(responded_at, sent_at) >= $as_of_at then null
            else score
        end as score,
        case
            when coalesce(responded_at, sent_at) >= $as_of_at then null
            else comment
        end as comment,
        sent_at,
        case
            when
                coalesce(responded_at, sent_at) < $as_of_at
                and score is not null
                then coalesce(responded_at, sent_at)
        end as responded_at
    from raw.surveys
    where
        coalesce(sent_at < $as_of_at, responded_at < $as_of_at, true)
        and coalesce(recorded_at < $known_as_of_at, true)
)

select
    -- ids
    response_id,
    kind,
    customer_id,
    shop_id,
    order_id,
    return_id,
    ticket_id,

    -- text
    coalesce(lower(trim(scope)), 'transactional') as scope,
    coalesce(lower(trim(touchpoint)), 'unknown') as touchpoint,
    lower(trim(channel)) as channel,
    lower(trim(direction)) as direction,
    trim(comment) as comment,
    case
        when score > scale then 'score_out_of_range'
        when score < case when kind = 'nps' then 0 else 1 end
            then 'score_out_of_range'
        when kind = 'nps' and score <> floor(score) then 'fractional_score'
        when weight < 0 and score is not null then 'negative_weight'
    end as problem,

    -- numbers
    scale,
    score,
    coalesce(weight, 1) as weight,

    -- times
    sent_at,
    responded_at

from replayed
