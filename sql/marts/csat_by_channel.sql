-- How satisfied are customers by the channel it was asked through?
--
-- grain: channel
-- rows: intermediate.answers on
--   rows.kind = 'csat' and rows.channel = cell.channel
--   and rows.responded_at >= $history_start_at
--
-- channel          how it was asked: mail, app, phone, ...
-- csat             share of satisfied answers
-- csat_lower       lower end of its 95 % Wilson interval
-- csat_upper       upper end
-- mean_share       mean answer as a share of the way from worst to best
-- answers          valid answers
-- satisfied        of those, one of the two best of their scale
-- dissatisfied     of the answers, one of the two worst
-- invalid_answers  answers out of range: in no other column
--
-- The two best answers of whatever scale was used count as satisfied, so that
-- surveys on different scales stand in one number. Answers of the last
-- $history_weeks complete weeks and the days since. People who answer by
-- another channel are other people: a difference between channels is no effect
-- of the channel. Shares are weighted where answers have weights, counts never
-- are. The interval knows that answers of one customer are not independent; see
-- intermediate.scores_by_group.

select
    member as channel,
    score as csat,
    score_lower as csat_lower,
    score_upper as csat_upper,
    mean_share,
    answers,
    good_answers as satisfied,
    bad_answers as dissatisfied,
    invalid_answers
from intermediate.scores_by_group
where
    dimension = 'channel'
    and kind = 'csat'
