-- In which mood do customers write, and how many stars do they give?
--
-- grain: written_month, source
-- rows: staging.interactions on
--   rows.problem is null and (rows.sentiment is not null
--   or rows.rating is not null) and cell.source in (rows.source, 'all')
--   and cast(date_trunc('month', cast(rows.occurred_at as date)) as date) =
--   cell.written_month
--
-- written_month           first day of the month, local
-- source                  review, social, call, chat or web; all for every
--                         source
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
-- is_complete             the month ended before the report day
--
-- The sentiment is that of the source: nothing here reads the words. Its
-- interval is that of a net promoter score, texts counting as independent;
-- positive, neutral and negative stand for promoter, passive and detractor.
-- Interactions without sentiment and stars, such as page views, are in no
-- column; those with a problem are left out, see staging.interactions.

with

by_month as (
    select
        written_month,
        case when grouping(source) = 1 then 'all' else source end as source,
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
            cast(date_trunc('month', cast(occurred_at as date)) as date)
                as written_month,
            source,
            sentiment,
            rating
        from staging.interactions
        where
            problem is null
            and (sentiment is not null or rating is not null)
    )
    group by grouping sets ((written_month), (written_month, source))
),

with_intervals as (
    select
        *,
        proportion_ci(negative_texts, texts) as negative_interval,
        proportion_ci(low_ratings, ratings) as low_interval
    from by_month
)

select
    written_month,
    source,
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
    low_interval['upper'] as low_rating_share_upper,
    written_month + interval '1 month' <= $as_of as is_complete
from with_intervals
