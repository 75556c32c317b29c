-- What do customers praise and blame about each article?
--
-- grain: sku, aspect
-- rows: staging.interactions on
--   rows.problem is null and (rows.sentiment is not null
--   or rows.rating is not null) and rows.sku = cell.sku
--   and cell.aspect in (coalesce(rows.aspect, 'unknown'), 'all')
--   and rows.occurred_at >= $history_start_at
--
-- sku                     article
-- aspect                  what it is about: quality, delivery, packaging, ...;
--                         unknown when the source does not say; all for every
--                         text
-- texts                   reviews, posts, ... with a sentiment
-- positive_texts          of those, positive
-- neutral_texts           of those, neutral
-- negative_texts          of those, negative
-- net_sentiment           (positive - negative) / texts, -1 to 1
-- net_sentiment_lower     lower end of its 95 % interval (adjusted Wald)
-- net_sentiment_upper     upper end
-- negative_share          negative_texts / texts
-- negative_share_lower    lower end of its 95 % interval (Wilson)
-- negative_share_upper    upper end
-- ratings                 reviews with stars
-- mean_rating             mean of the stars, 1 to 5
-- low_ratings             of those, one or two stars
-- low_rating_share        low_ratings / ratings
-- low_rating_share_lower  lower end of its 95 % interval (Wilson)
-- low_rating_share_upper  upper end
--
-- Texts of the last $history_weeks complete weeks and the days since. The
-- sentiment is that of the source: nothing here reads the words. Its interval
-- is that of a net promoter score, texts counting as independent; positive,
-- neutral and negative stand for promoter, passive and detractor. A text has
-- one aspect, that of the source; one that praises the goods and blames the
-- parcel is whatever the source made of it. Texts with a problem are left out,
-- see staging.interactions.

with

by_aspect as (
    select
        sku,
        case when grouping(aspect) = 1 then 'all' else aspect end as aspect,
        count(sentiment) as texts,
        count(*) filter (where sentiment = 'positive') as positive_texts,
        count(*) filter (where sentiment = 'neutral') as neutral_texts,
        count(*) filter (where sentiment = 'negative') as negative_texts,
        net_sentiment(sentiment) as net_sentiment,
        -- The interval of a difference of two shares, as promoters less
        -- detractors are one.
        nps_ci(
            case sentiment
                when 'positive' then 10
                when 'neutral' then 7
                when 'negative' then 0
            end
        ) as net_interval,
        count(rating) as ratings,
        avg(rating) as mean_rating,
        count(*) filter (where rating <= 2) as low_ratings
    from (
        select
            sku,
            coalesce(aspect, 'unknown') as aspect,
            sentiment,
            rating
        from staging.interactions
        where
            problem is null
            and (sentiment is not null or rating is not null)
            and occurred_at >= $history_start_at
            and sku is not null
    )
    group by grouping sets ((sku), (sku, aspect))
),

with_intervals as (
    select
        *,
        proportion_ci(negative_texts, texts) as negative_interval,
        proportion_ci(low_ratings, ratings) as low_interval
    from by_aspect
)

select
    sku,
    aspect,
    texts,
    positive_texts,
    neutral_texts,
    negative_texts,
    net_sentiment,
    net_interval['lower'] / 100 as net_sentiment_lower,
    net_interval['upper'] / 100 as net_sentiment_upper,
    cast(negative_texts as double) / nullif(texts, 0) as negative_share,
    negative_interval['lower'] as negative_share_lower,
    negative_interval['upper'] as negative_share_upper,
    ratings,
    mean_rating,
    low_ratings,
    cast(low_ratings as double) / nullif(ratings, 0) as low_rating_share,
    low_interval['lower'] as low_rating_share_lower,
    low_interval['upper'] as low_rating_share_upper
from with_intervals
