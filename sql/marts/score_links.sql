-- Do satisfied customers, and those with little effort, also recommend?
--
-- grain: scores, scope, touchpoint
--
-- scores           csat_nps, ces_nps or csat_ces
-- scope            scope of the NPS question; all for csat_ces
-- touchpoint       delivery, return, ...; all for every questionnaire of the
--                  scope
-- answers          questionnaires with both answers valid
-- pearson          correlation of the two, each as its share of the way from
--                  worst to best
-- pearson_lower    lower end of its 95 % interval
-- pearson_upper    upper end
-- pearson_p_value  probability of a correlation as large if there were none
-- spearman         correlation of the ranks: any rising relation counts
-- spearman_lower   lower end of its 95 % interval
-- spearman_upper   upper end
-- nps_difference   net promoter score of those who gave a good answer to the
--                  first question (satisfied, easy) less that of the others,
--                  in points; NULL for csat_ces
-- nps_difference_lower  lower end of its 95 % interval
-- nps_difference_upper  upper end
--
-- At the level of the questionnaire: both answers by the same person at the
-- same moment. Answers to ces are turned so that high is easy, whatever was
-- asked; where nobody knows what was, they are left out. Answers given in one
-- breath go together more than the experiences behind them do. All of the past;
-- questionnaires count as independent. Limits of a correlation need four; those
-- of nps_difference are of large samples, and with few answers too narrow.
-- Survey weights are not used.

with

questionnaires as (
    select
        response_id,
        touchpoint,
        max(case when kind = 'nps' then scope end) as scope,
        max(case when kind = 'nps' then share end) as nps_share,
        max(case when kind = 'csat' then share end) as csat_share,
        max(case when kind = 'ces' then share end) as ces_share,
        max(case when kind = 'nps' then score end) as nps_score,
        bool_or(is_good) filter (where kind = 'csat') as is_satisfied,
        bool_or(is_good) filter (where kind = 'ces') as is_easy
    from intermediate.answers
    where is_valid
    group by response_id, touchpoint
),

paired as (
    select
        touchpoint,
        unnest([
            named_struct(
                'scores', 'csat_nps', 'scope', scope,
                'x', csat_share, 'y', nps_share,
                'score', nps_score, 'is_good', is_satisfied
            ),
            named_struct(
                'scores', 'ces_nps', 'scope', scope,
                'x', ces_share, 'y', nps_share,
                'score', nps_score, 'is_good', is_easy
            ),
            named_struct(
                'scores', 'csat_ces', 'scope', 'all',
                'x', csat_share, 'y', ces_share,
                'score', cast(null as double), 'is_good', cast(null as boolean)
            )
        ]) as pair
    from questionnaires
),

complete as (
    select
        touchpoint,
        pair['scores'] as scores,
        pair['scope'] as scope,
        pair['x'] as x,
        pair['y'] as y,
        pair['score'] as score,
        pair['is_good'] as is_good
    from paired
    where
        pair['x'] is not null
        and pair['y'] is not null
),

by_touchpoint as (
    select
        scores,
        scope,
        case when grouping(touchpoint) = 1 then 'all' else touchpoint end
            as touchpoint,
        count(*) as answers,
        pearson_ci(x, y) as pearson,
        spearman(x, y) as spearman,
        nps_test(score, is_good) as nps_difference
    from complete
    group by grouping sets ((scores, scope), (scores, scope, touchpoint))
)

select
    scores,
    scope,
    touchpoint,
    answers,
    pearson['r'] as pearson,
    pearson['lower'] as pearson_lower,
    pearson['upper'] as pearson_upper,
    pearson['p_value'] as pearson_p_value,
    spearman['r'] as spearman,
    spearman['lower'] as spearman_lower,
    spearman['upper'] as spearman_upper,
    nps_difference['diff'] as nps_difference,
    nps_difference['lower'] as nps_difference_lower,
    nps_difference['upper'] as nps_difference_upper
from by_touchpoint
