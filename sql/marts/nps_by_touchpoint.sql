-- What is the net promoter score at each touchpoint?
--
-- grain: scope, touchpoint
-- rows: intermediate.answers on
--   rows.kind = 'nps' and rows.scope = cell.scope
--   and rows.touchpoint = cell.touchpoint
--   and rows.responded_at >= $history_start_at
--
-- scope            relationship or transactional: never to be pooled
-- touchpoint       after which step of the journey was asked: delivery, return,
--                  ticket, ...
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
--
-- Answers of the last $history_weeks complete weeks and the days since. Shares
-- are weighted where answers have weights, counts never are. The interval knows
-- that answers of one customer are not independent; see
-- intermediate.scores_by_group.

select
    scope,
    member as touchpoint,
    100 * score as nps,
    100 * score_se as nps_se,
    100 * score_lower as nps_lower,
    100 * score_upper as nps_upper,
    answers,
    good_answers as promoters,
    answers - good_answers - bad_answers as passives,
    bad_answers as detractors,
    invalid_answers
from intermediate.scores_by_group
where
    dimension = 'touchpoint'
    and kind = 'nps'
