-- How satisfied are customers with each article?
--
-- grain: sku
--
-- sku              article
-- name             name on the page
-- category         first level of the assortment
-- csat             share of satisfied answers
-- csat_lower       lower end of its 95 % Wilson interval
-- csat_upper       upper end
-- mean_share       mean answer as a share of the way from worst to best
-- answers          valid answers
-- satisfied        of those, one of the two best of their scale
-- dissatisfied     of the answers, one of the two worst
-- invalid_answers  answers out of range: in no other column
--
-- The two best answers of whatever scale was used count as satisfied, so that
-- surveys on different scales stand in one number. Answers of the last
-- $history_weeks complete weeks and the days since. Only answers about an order
-- or a return: of the article sent back, else of the dearest line of the order.
-- Shares are weighted where answers have weights, counts never are. The
-- interval knows that answers of one customer are not independent; see
-- intermediate.scores_by_group.

with

-- Members of a dimension are text, articles keep the type of their source.
articles as (
    select
        sku,
        name,
        category,
        cast(sku as varchar) as member
    from staging.products
)

select
    articles.sku,
    articles.name,
    articles.category,
    scores.score as csat,
    scores.score_lower as csat_lower,
    scores.score_upper as csat_upper,
    scores.mean_share,
    scores.answers,
    scores.good_answers as satisfied,
    scores.bad_answers as dissatisfied,
    scores.invalid_answers
from intermediate.scores_by_group as scores
inner join articles
    on scores.member = articles.member
where
    scores.dimension = 'sku'
    and scores.kind = 'csat'
