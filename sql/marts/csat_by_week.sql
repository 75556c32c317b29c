-- How satisfied are customers, week by week?
--
-- grain: answered_week, touchpoint
-- rows: intermediate.answers on
--   rows.kind = 'csat' and cell.touchpoint in (rows.touchpoint, 'all')
--   and cast(date_trunc('week', rows.answered_date) as date) =
--   cell.answered_week
--
-- answered_week    Monday of the week of the answers, local
-- touchpoint       delivery, ticket, ...; all for every answer
-- csat             share of satisfied answers
-- csat_lower       lower end of its 95 % Wilson interval
-- csat_upper       upper end
-- mean_share       mean answer as a share of the way from worst to best
-- answers          valid answers
-- satisfied        of those, one of the two best of their scale
-- invalid_answers  answers out of range: in no other column
-- is_complete      the week ended before the report day
--
-- The two best answers of whatever scale was used count as satisfied, so that
-- surveys on different scales stand in one number. Answers count in the week
-- they were given. Shares are weighted where answers have weights, counts never
-- are. The interval knows that answers of one customer are not independent; see
-- intermediate.scores_by_period.

select
    period_start as answered_week,
    touchpoint,
    score as csat,
    score_lower as csat_lower,
    score_upper as csat_upper,
    mean_share,
    answers,
    good_answers as satisfied,
    invalid_answers,
    period_start + interval '7 days' <= $as_of as is_complete
from intermediate.scores_by_period
where
    period = 'week'
    and kind = 'csat'
