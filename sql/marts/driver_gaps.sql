-- How much better do promoters rate an attribute than detractors, also among
-- those who rate another attribute alike?
--
-- grain: scope, driver, given_driver
--
-- scope              relationship or transactional: never to be pooled
-- driver             attribute rated in the questionnaire
-- given_driver       attribute those compared rate alike; none for all answers
-- promoters          promoters who rated the driver, and given_driver
-- detractors         detractors
-- promoter_rating    their mean rating, as given
-- detractor_rating   the same of detractors
-- difference         promoters less detractors: within each rating of
--                    given_driver, and then averaged
-- difference_lower   lower end of its 95 % interval
-- difference_upper   upper end
-- explained_share    part of the difference alone (given_driver none) that is
--                    gone with given_driver held fixed; NULL for none
--
-- Answers of the last $history_weeks complete weeks and the days since. What is
-- near 0 with another attribute held fixed moves with it and adds nothing:
-- shares of importance (marts.nps_drivers) divide such credit between the two.
-- Ratings with fewer than five promoters or detractors are left out of the
-- average, whose weights are those of the least error. Intervals are not
-- adjusted for the number of pairs, and answers of one customer count as
-- independent. Who is unhappy rates everything lower: no difference is an
-- effect. Survey weights are not used.

with

ratings as (
    select
        scope,
        driver,
        response_id,
        driver_value,
        is_good
    from intermediate.answers_with_drivers
    where
        kind = 'nps'
        and driver_set = 'ratings'
        and (is_good or is_bad)
),

compared as (
    select
        scope,
        driver,
        'none' as given_driver,
        cast(0 as double) as given_value,
        driver_value,
        is_good
    from ratings
    union all
    select
        ratings.scope,
        ratings.driver,
        givens.driver as given_driver,
        cast(givens.driver_value as double) as given_value,
        ratings.driver_value,
        ratings.is_good
    from ratings
    inner join ratings as givens
        on
            ratings.scope = givens.scope
            and ratings.response_id = givens.response_id
    where ratings.driver <> givens.driver
),

strata as (
    select
        scope,
        driver,
        given_driver,
        given_value,
        count(*) filter (where is_good) as promoters,
        count(*) filter (where not is_good) as detractors,
        avg(driver_value) filter (where is_good) as promoter_rating,
        avg(driver_value) filter (where not is_good) as detractor_rating,
        var_samp(driver_value) filter (where is_good) as promoter_variance,
        var_samp(driver_value) filter (where not is_good)
            as detractor_variance
    from compared
    group by scope, driver, given_driver, given_value
),

-- Weights for which the error is least, if ratings vary alike.
weighted as (
    select
        *,
        case
            when promoters >= 5 and detractors >= 5
                then
                    cast(promoters as double) * detractors
                    / (promoters + detractors)
        end as weight
    from strata
),

summed as (
    select
        scope,
        driver,
        given_driver,
        sum(promoters) as promoters,
        sum(detractors) as detractors,
        sum(promoters * promoter_rating) / nullif(sum(promoters), 0)
            as promoter_rating,
        sum(detractors * detractor_rating) / nullif(sum(detractors), 0)
            as detractor_rating,
        sum(weight * (promoter_rating - detractor_rating)) / sum(weight)
            as difference,
        sqrt(
            sum(
                weight * weight * (
                    promoter_variance / promoters
                    + detractor_variance / detractors
                )
            )
        ) / sum(weight) as difference_error
    from weighted
    group by scope, driver, given_driver
)

select
    scope,
    driver,
    given_driver,
    promoters,
    detractors,
    promoter_rating,
    detractor_rating,
    difference,
    difference - 1.959964 * difference_error as difference_lower,
    difference + 1.959964 * difference_error as difference_upper,
    case
        when given_driver <> 'none'
            then
                1 - difference / nullif(
                    max(case when given_driver = 'none' then difference end)
                        over (partition by scope, driver),
                    0
                )
    end as explained_share
from summed
