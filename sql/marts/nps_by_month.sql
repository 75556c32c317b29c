-- What is the net promoter score, month by month?
--
-- grain: answered_month, scope, touchpoint
--
-- answered_month   first day of the month of the answers, local
-- scope            relationship or transactional: never to be pooled
-- touchpoint       delivery, return, ...; all for every answer of the scope
-- nps              share of 9 and 10 less share of 0 to 6, in points
-- nps_se           its standard error, in points
-- nps_lower        lower end of its 95 % interval (adjusted Wald)
-- nps_upper        upper end
-- answers          valid answers
-- promoters        of those, 9 or 10
-- passives         of those, 7 or 8
-- detractors       of those, 0 to 6
-- invalid_answers  answers out of range or with a fraction: in no other column
-- is_complete      the month ended before the report day
--
-- Answers count in the month they were given and without weights. Answers are
-- taken as independent: where the same customers answer several times the
-- interval is a little narrow.

with

answers as (
    select
        cast(date_trunc('month', cast(responded_at as date)) as date)
            as answered_month,
        scope,
        touchpoint,
        score
    from staging.surveys
    where
        kind = 'nps'
        and score is not null
        and responded_at is not null
),

by_touchpoint as (
    select
        answered_month,
        scope,
        case when grouping(touchpoint) = 1 then 'all' else touchpoint end
            as touchpoint,
        nps(score) as nps,
        nps_se(score) as nps_se,
        nps_ci(score) as nps_interval,
        count(*) filter (where score in (9, 10)) as promoters,
        count(*) filter (where score in (7, 8)) as passives,
        count(*) filter (where score in (0, 1, 2, 3, 4, 5, 6)) as detractors,
        n_invalid(score, 'nps') as invalid_answers
    from answers
    group by grouping sets (
        (answered_month, scope),
        (answered_month, scope, touchpoint)
    )
)

select
    answered_month,
    scope,
    touchpoint,
    nps,
    nps_se,
    nps_interval['lower'] as nps_lower,
    nps_interval['upper'] as nps_upper,
    promoters + passives + detractors as answers,
    promoters,
    passives,
    detractors,
    invalid_answers,
    answered_month + interval '1 month' <= $as_of as is_complete
from by_touchpoint
