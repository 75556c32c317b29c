-- Reviews, posts, calls, chats and page views before the report day.
--
-- grain: interaction_id
--
-- interaction_id  interaction
-- customer_id     customer, NULL when nobody knows
-- order_id        order
-- sku             article
-- source          review, social, call, chat or web, lower case
-- step            step of the journey, lower case
-- aspect          what it is about, lower case
-- sentiment       positive, neutral or negative, lower case
-- text            words
-- problem         why it cannot be counted: unknown_sentiment, or
--                 rating_out_of_range (1 to 5); NULL if it can
-- rating          stars given, 1 to 5
-- is_negative     the sentiment is negative, or without one at most two stars
-- occurred_at     when it happened

select
    -- ids
    interaction_id,
    customer_id,
    order_id,
    sku,

    -- text
    lower(trim(source)) as source,
    lower(trim(step)) as step,
    lower(trim(aspect)) as aspect,
    lower(trim(sentiment)) as sentiment,
    trim(text) as text,
    case
        when lower(trim(sentiment)) not in ('positive', 'neutral', 'negative')
            then 'unknown_sentiment'
        when rating < 1 or rating > 5 then 'rating_out_of_range'
    end as problem,

    -- numbers
    rating,

    -- booleans
    coalesce(lower(trim(sentiment)) = 'negative', rating <= 2, false)
        as is_negative,

    -- times
    occurred_at

from raw.interactions
where
    occurred_at < $as_of_at
    and coalesce(recorded_at < $known_as_of_at, true)
