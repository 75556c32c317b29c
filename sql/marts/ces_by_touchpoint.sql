-- How easy do customers find it at each touchpoint?
--
-- grain: direction, touchpoint
-- rows: intermediate.answers on
--   rows.kind = 'ces' and rows.direction = cell.direction
--   and rows.touchpoint = cell.touchpoint
--   and rows.responded_at >= $history_start_at
--
-- direction          ease, effort or unknown: what a high answer means
-- touchpoint         after which step of the journey was asked: delivery,
--                    return, ticket, ...
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
--
-- The direction is that of the question and never pooled: high is easy where
-- ease was asked, and difficult where effort was. easy_share says the same
-- either way. Answers of the last $history_weeks complete weeks and the days
-- since. Shares are weighted where answers have weights, counts never are. The
-- interval knows that answers of one customer are not independent; see
-- intermediate.scores_by_group.

select
    direction,
    member as touchpoint,
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
    invalid_answers
from intermediate.scores_by_group
where
    dimension = 'touchpoint'
    and kind = 'ces'
