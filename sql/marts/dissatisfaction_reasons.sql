-- What had those who are unhappy gone through, and the happy ones not?
--
-- grain: kind, scope, direction, driver_set, driver
-- rows: intermediate.answers_with_drivers on
--   rows.kind = cell.kind and rows.scope = cell.scope
--   and rows.direction = cell.direction and rows.driver_set = cell.driver_set
--   and rows.driver = cell.driver and rows.is_weak and (rows.is_bad
--   or rows.is_good)
--
-- kind                      nps, csat or ces
-- scope                     relationship or transactional for nps, else all
-- direction                 ease, effort or unknown for ces, else none
-- driver_set                ratings: attributes rated below the middle;
--                           operations: what had happened before;
--                           return_reasons: the reason of the last return
-- driver                    attribute, experience or reason
-- reason_rank               1 for the most frequent of the set among unhappy
--                           answers; ties share a rank
-- unhappy_answers           detractors, dissatisfied or difficult answers that
--                           know the driver
-- unhappy_with              of those, to whom it applies
-- unhappy_with_share        unhappy_with / unhappy_answers
-- unhappy_with_share_lower  lower end of its 95 % interval (Wilson)
-- unhappy_with_share_upper  upper end
-- happy_answers             promoters, satisfied or easy answers that know it
-- happy_with                of those, to whom it applies
-- happy_with_share          happy_with / happy_answers
-- share_difference          unhappy_with_share - happy_with_share
-- share_difference_lower    lower end of its 95 % interval (Newcombe)
-- share_difference_upper    upper end
-- lift                      unhappy_with_share / happy_with_share
--
-- Answers of the last $history_weeks complete weeks and the days since. Within
-- $experience_days before the answer. What is frequent among the unhappy may be
-- so among the happy: read the difference, and only where its interval leaves
-- out 0. Answers count as independent. Survey weights are not used.

with

by_driver as (
    select
        kind,
        scope,
        direction,
        driver_set,
        driver,
        count(*) filter (where is_bad) as unhappy,
        count(*) filter (where is_bad and is_weak) as unhappy_with,
        count(*) filter (where is_good) as happy,
        count(*) filter (where is_good and is_weak) as happy_with
    from intermediate.answers_with_drivers
    group by kind, scope, direction, driver_set, driver
),

-- A reason is only known where there was a return, but a share of all answers:
-- those of which it is known whether there was one.
of_all as (
    select
        kind,
        scope,
        direction,
        driver_set,
        driver,
        case
            when driver_set = 'return_reasons'
                then
                    max(case when driver_set = 'operations' then unhappy end)
                        over answers_like_these
            else unhappy
        end as unhappy_answers,
        unhappy_with,
        case
            when driver_set = 'return_reasons'
                then
                    max(case when driver_set = 'operations' then happy end)
                        over answers_like_these
            else happy
        end as happy_answers,
        happy_with
    from by_driver
    window answers_like_these as (partition by kind, scope, direction)
),

with_intervals as (
    select
        *,
        proportion_ci(unhappy_with, unhappy_answers) as unhappy_interval,
        prop_diff_ci(unhappy_with, unhappy_answers, happy_with, happy_answers)
            as difference,
        cast(unhappy_with as double) / nullif(unhappy_answers, 0)
            as unhappy_with_share,
        cast(happy_with as double) / nullif(happy_answers, 0)
            as happy_with_share
    from of_all
)

select
    kind,
    scope,
    direction,
    driver_set,
    driver,
    rank() over (
        partition by kind, scope, direction, driver_set
        order by unhappy_with_share desc nulls last
    ) as reason_rank,
    unhappy_answers,
    unhappy_with,
    unhappy_with_share,
    unhappy_interval['lower'] as unhappy_with_share_lower,
    unhappy_interval['upper'] as unhappy_with_share_upper,
    happy_answers,
    happy_with,
    happy_with_share,
    difference['diff'] as share_difference,
    difference['lower'] as share_difference_lower,
    difference['upper'] as share_difference_upper,
    unhappy_with_share / nullif(happy_with_share, 0) as lift
from with_intervals
