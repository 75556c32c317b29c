-- Which attributes matter most and are rated worst?
--
-- grain: scope, driver
-- rows: intermediate.answers_with_drivers on
--   rows.kind = 'nps' and rows.driver_set = 'ratings'
--   and rows.scope = cell.scope and rows.driver = cell.driver
--
-- scope             relationship or transactional: never to be pooled
-- driver            attribute rated in the questionnaire
-- quadrant          concentrate_here: important and rated low;
--                   keep_up_good_work: important and rated high; low_priority;
--                   possible_overkill: rated high and not important; NULL
--                   without a model
-- importance_share  share of the explained variance of the answers to
--                   recommendation
-- importance_cut    mean of the importance of the attributes: on it or above is
--                   high
-- mean_rating       mean rating
-- rating_cut        mean of the mean ratings: on it or above is high
-- driver_answers    answers that rate it
-- r_squared         share of the variance all attributes of the scope explain
--                   together
--
-- Importance is derived (Shapley, see nps_drivers), not asked, and is an
-- association. Both cuts lie at the mean of the attributes, so that some are
-- always low (Martilla and James 1977): an attribute beyond a cut by little is
-- not different from one before it. Survey weights are not used.

with

cut as (
    select
        scope,
        driver,
        shapley_share as importance_share,
        avg(shapley_share) over (partition by scope) as importance_cut,
        mean_value as mean_rating,
        avg(case when shapley_share is not null then mean_value end)
            over (partition by scope) as rating_cut,
        driver_answers,
        r_squared
    from marts.nps_drivers
    where driver_set = 'ratings'
)

select
    scope,
    driver,
    case
        when importance_share >= importance_cut and mean_rating < rating_cut
            then 'concentrate_here'
        when importance_share >= importance_cut then 'keep_up_good_work'
        when importance_share is null then null
        when mean_rating < rating_cut then 'low_priority'
        else 'possible_overkill'
    end as quadrant,
    importance_share,
    importance_cut,
    mean_rating,
    rating_cut,
    driver_answers,
    r_squared
from cut
