-- How much net promoter score would there be to gain, driver by driver?
--
-- grain: scope, driver_set, driver
-- rows: intermediate.answers_with_drivers on
--   rows.kind = 'nps' and rows.scope = cell.scope
--   and rows.driver_set = cell.driver_set and rows.driver = cell.driver
--
-- scope            relationship or transactional: never to be pooled
-- driver_set       ratings or operations, as in nps_drivers
-- driver           attribute or experience
-- gain_rank        1 for the largest gain of the set; ties share a rank
-- nps              net promoter score of the answers that know the driver, in
--                  points
-- nps_without      the same if every detractor of the driver were a passive
-- gain             nps_without - nps, in points
-- gain_lower       lower end of its 95 % interval (Wilson)
-- gain_upper       upper end
-- answers          answers that know the driver
-- detractors       of those, 0 to 6
-- weak_detractors  of those, who rated it below the middle or had it happen
--
-- Answers of the last $history_weeks complete weeks and the days since. An
-- arithmetic upper bound and not a forecast: it takes the driver as the only
-- reason of each of its detractors, and a detractor of several drivers is in
-- the gain of each, so gains do not add up. Answers count alike and as
-- independent. Survey weights are not used, so that with them nps is not that
-- of nps_by_touchpoint.

with

by_driver as (
    select
        scope,
        driver_set,
        driver,
        count(*) as answers,
        count(*) filter (where is_good) as promoters,
        count(*) filter (where is_bad) as detractors,
        count(*) filter (where is_bad and is_weak) as weak_detractors
    from intermediate.answers_with_drivers
    where
        kind = 'nps'
        and driver_set <> 'return_reasons'
    group by scope, driver_set, driver
),

with_intervals as (
    select
        *,
        proportion_ci(weak_detractors, answers) as gain_interval
    from by_driver
)

select
    scope,
    driver_set,
    driver,
    rank() over (
        partition by scope, driver_set
        order by cast(weak_detractors as double) / answers desc
    ) as gain_rank,
    100.0 * (promoters - detractors) / answers as nps,
    100.0 * (promoters - detractors + weak_detractors) / answers as nps_without,
    100.0 * weak_detractors / answers as gain,
    100 * gain_interval['lower'] as gain_lower,
    100 * gain_interval['upper'] as gain_upper,
    answers,
    detractors,
    weak_detractors
from with_intervals
