-- What does every answer to a survey say, on one scale from bad to good?
--
-- grain: response_id, kind
--
-- response_id    questionnaire
-- kind           nps, csat or ces
-- customer_id    customer, NULL when nobody knows
-- anonymous_id   the questionnaire where nobody knows the customer, else NULL:
--                with customer_id it tells the people who answered apart
-- order_id       order it is about
-- return_id      return it is about
-- ticket_id      ticket it is about
-- scope          relationship or transactional for nps, all for the others
-- direction      ease, effort or unknown for ces, none for the others
-- touchpoint     purchase, delivery, return, ticket, ...
-- channel        how it was asked: mail, app, phone, ...; unknown when the
--                source does not say
-- comment        words of the customer
-- scale          highest answer of the scale
-- score          answer as given
-- weight         survey weight, 1 when the source has none
-- value          what the score of a group is the mean of: 1, 0 or -1 for nps,
--                1 or 0 for the others; NULL when the answer is not valid
-- share          how far the answer is on the way from worst to best
-- is_valid       the answer counts
-- is_good        promoter, one of the two best for csat, easy for ces
-- is_bad         detractor, one of the two worst for csat, difficult for ces
-- answered_date  local day of the answer
-- sent_at        when the question was sent
-- responded_at   when it was answered
--
-- Answers to ces without a direction are valid but neither good nor bad: they
-- have no value. Where effort was asked, low answers are the easy ones.

with

answered as (
    select
        *,
        problem is null as is_valid,
        case
            when problem is not null then null
            when kind = 'nps' then score / 10
            when kind = 'csat' or direction = 'ease'
                then (score - 1) / (scale - 1)
            when direction = 'effort' then (scale - score) / (scale - 1)
        end as share
    from staging.surveys
    where
        score is not null
        and responded_at is not null
),

judged as (
    select
        *,
        case
            when share is null then false
            when kind = 'nps' then score >= 9
            when kind = 'csat' then score >= scale - 1
            when kind = 'ces' then share > 0.5
        end as is_good,
        case
            when share is null then false
            when kind = 'nps' then score <= 6
            when kind = 'csat' then score <= 2
            when kind = 'ces' then share < 0.5
        end as is_bad
    from answered
)

select
    response_id,
    kind,
    customer_id,
    case when customer_id is null then response_id end as anonymous_id,
    order_id,
    return_id,
    ticket_id,
    case when kind = 'nps' then scope else 'all' end as scope,
    case when kind = 'ces' then coalesce(direction, 'unknown') else 'none' end
        as direction,
    touchpoint,
    coalesce(channel, 'unknown') as channel,
    comment,
    scale,
    score,
    weight,
    case
        when share is null then null
        when is_good then 1.0
        when is_bad and kind = 'nps' then -1.0
        else 0.0
    end as value,
    share,
    is_valid,
    is_good,
    is_bad,
    cast(responded_at as date) as answered_date,
    sent_at,
    responded_at
from judged
