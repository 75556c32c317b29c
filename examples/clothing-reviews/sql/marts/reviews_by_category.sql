-- What do the reviews say of each kind of article?
--
-- grain: category, subcategory
--
-- category           department of the shop; unknown where the file has none
-- subcategory        class within it
-- articles           articles reviewed
-- reviews            reviews
-- csat               share of reviews with four or five stars
-- csat_lower         lower end of its 95 % Wilson interval
-- csat_upper         upper end
-- mean_rating        mean of the stars
-- recommended        reviews that recommend the article
-- recommended_share  recommended / reviews
-- recommended_lower  lower end of its 95 % Wilson interval
-- recommended_upper  upper end
-- return_texts       reviews whose text has the word return in it
--
-- csat_by_product_category needs orders: a survey names an order, not an
-- article. Reviewers are not known, so reviews count as independent.

with

counted as (
    select
        coalesce(department, 'unknown') as category,
        coalesce(product_class, 'unknown') as subcategory,
        count(distinct product_id) as articles,
        count(*) as reviews,
        count(*) filter (where rating >= 4) as satisfied,
        avg(rating) as mean_rating,
        count(*) filter (where recommended = 1) as recommended,
        count(*) filter (where lower(review_text) like '%return%')
            as return_texts
    from source.reviews
    group by 1, 2
),

with_intervals as (
    select
        *,
        proportion_ci(satisfied, reviews) as csat_interval,
        proportion_ci(recommended, reviews) as recommended_interval
    from counted
)

select
    category,
    subcategory,
    articles,
    reviews,
    cast(satisfied as double) / reviews as csat,
    csat_interval['lower'] as csat_lower,
    csat_interval['upper'] as csat_upper,
    mean_rating,
    recommended,
    cast(recommended as double) / reviews as recommended_share,
    recommended_interval['lower'] as recommended_lower,
    recommended_interval['upper'] as recommended_upper,
    return_texts
from with_intervals
