-- How easy do customers find it, week by week?
--
-- grain: answered_week, direction, touchpoint
-- rows: intermediate.answers on
--   rows.kind = 'ces' and rows.direction = cell.direction
--   and cell.touchpoint in (rows.touchpoint, 'all')
--   and cast(date_trunc('week', rows.answered_date) as date) =
--   cell.answered_week
--
-- answered_week      Monday of the week of the answers, local
-- direction          ease, effort or unknown: what a high answer means
-- touchpoint         ticket, return, ...; all for every answer of the direction
-- ces                mean answer as given; NULL where scales differ
-- scale              highest answer of the scale; NULL where scales differ
-- easy_share         share of answers above the middle that say easy
-- easy_share_lower   lower end of its 95 % Wilson interval
-- easy_share_upper   upper end
-- difficult_share    share of answers on the other side of the middle
-- net_easy_share     easy_share less difficult_share
-- answers            valid answers
-- easy_answers       of those, easy
-- difficult_answers  of those, difficult
-- invalid_answers    answers out of range or without a direction: in no other
--                    column
-- is_complete        the week ended before the report day
--
-- The direction is that of the question and never pooled: high is easy where
-- ease was asked, and difficult where effort was. easy_share says the same
-- either way. Answers count in the week they were given. Shares are weighted
-- where answers have weights, counts never are. The interval knows that answers
-- of one customer are not independent; see intermediate.scores_by_period.

select
    period_start as answered_week,
    direction,
    touchpoint,
    mean_score as ces,
    scale,
    score as easy_share,
    score_lower as easy_share_lower,
    score_upper as easy_share_upper,
    bad_share as difficult_share,
    score - bad_share as net_easy_share,
    answers,
    good_answers as easy_answers,
    bad_answers as difficult_answers,
    invalid_answers,
    period_start + interval '7 days' <= $as_of as is_complete
from intermediate.scores_by_period
where
    period = 'week'
    and kind = 'ces'
