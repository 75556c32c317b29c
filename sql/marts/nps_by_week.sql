-- What is the net promoter score, week by week?
--
-- grain: answered_week, scope, touchpoint
-- rows: intermediate.answers on
--   rows.kind = 'nps' and rows.scope = cell.scope
--   and cell.touchpoint in (rows.touchpoint, 'all')
--   and cast(date_trunc('week', rows.answered_date) as date) =
--   cell.answered_week
--
-- answered_week    Monday of the week of the answers, local
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
-- invalid_answers  answers out of range, with a fraction or of negative weight:
--                  in no other column
-- is_complete      the week ended before the report day
--
-- Answers count in the week they were given. Shares are weighted where answers
-- have weights, counts never are. The interval knows that answers of one
-- customer are not independent; see intermediate.scores_by_period.

select
    period_start as answered_week,
    scope,
    touchpoint,
    100 * score as nps,
    100 * score_se as nps_se,
    100 * score_lower as nps_lower,
    100 * score_upper as nps_upper,
    answers,
    good_answers as promoters,
    answers - good_answers - bad_answers as passives,
    bad_answers as detractors,
    invalid_answers,
    period_start + interval '7 days' <= $as_of as is_complete
from intermediate.scores_by_period
where
    period = 'week'
    and kind = 'nps'
