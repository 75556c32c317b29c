-- How satisfied are customers, month by month?
--
-- grain: answered_month, touchpoint
--
-- answered_month   first day of the month of the answers, local
-- touchpoint       delivery, ticket, ...; all for every answer
-- csat             satisfied / answers
-- csat_lower       lower end of its 95 % Wilson interval
-- csat_upper       upper end
-- mean_share       mean answer as a share of the way from worst to best
-- answers          valid answers
-- satisfied        of those, one of the two best of their scale
-- invalid_answers  answers out of range: in no other column
-- is_complete      the month ended before the report day
--
-- The two best answers of whatever scale was used count as satisfied, so that
-- surveys on different scales stand in one number. Answers count in the month
-- they were given.

with

answers as (
    select
        cast(date_trunc('month', cast(responded_at as date)) as date)
            as answered_month,
        touchpoint,
        problem is null as is_valid,
        problem is null and score >= scale - 1 as is_satisfied,
        case when problem is null then (score - 1) / (scale - 1) end as share
    from staging.surveys
    where
        kind = 'csat'
        and score is not null
        and responded_at is not null
),

by_touchpoint as (
    select
        answered_month,
        case when grouping(touchpoint) = 1 then 'all' else touchpoint end
            as touchpoint,
        avg(share) as mean_share,
        count(*) filter (where is_valid) as answers,
        count(*) filter (where is_satisfied) as satisfied,
        count(*) filter (where not is_valid) as invalid_answers
    from answers
    group by grouping sets (
        (answered_month),
        (answered_month, touchpoint)
    )
),

with_intervals as (
    select
        *,
        proportion_ci(satisfied, answers) as csat_interval
    from by_touchpoint
)

select
    answered_month,
    touchpoint,
    cast(satisfied as double) / nullif(answers, 0) as csat,
    csat_interval['lower'] as csat_lower,
    csat_interval['upper'] as csat_upper,
    mean_share,
    answers,
    satisfied,
    invalid_answers,
    answered_month + interval '1 month' <= $as_of as is_complete
from with_intervals
