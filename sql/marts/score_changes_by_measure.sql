-- What do unhappy customers answer next, after something or nothing was done?
--
-- grain: score_kind, measure
-- rows: marts.closed_loop on
--   rows.problem is null and rows.score_kind = cell.score_kind
--   and coalesce(rows.measure, 'none') = cell.measure
--
-- score_kind                nps, csat or ces
-- measure                   what was done; none where nothing was
-- feedback                  surveys with critical answers, or handed to an
--                           owner
-- resurveyed                of those, whose customer answered the same question
--                           again; where something was done, not before that
-- resurveyed_share          resurveyed / feedback
-- mean_before               mean answer, of those resurveyed
-- mean_after                mean of their next answer
-- mean_change               mean_after - mean_before, in points of the scale
-- mean_change_lower         lower end of its 95 % interval (paired, Student)
-- mean_change_upper         upper end
-- change_beyond_none        mean_change less that of surveys about which
--                           nothing was done; NULL for none
-- change_beyond_none_lower  lower end of its 95 % interval (Welch)
-- change_beyond_none_upper  upper end
--
-- Who answered badly answers better next time by chance alone: mean_change is
-- no effect. change_beyond_none sets it against those for whom nothing was
-- done, who were not drawn by lot: it is still no proof, see the campaigns for
-- that. Only the customers who answered again are in it. Answers are as given,
-- and one mean holds all of a kind: where effort was asked a fall is good.
-- Limits need two surveys each; several of one customer count as independent.
-- Survey weights are not used.

with

surveys as (
    select
        score_kind,
        coalesce(measure, 'none') as measure,
        score_before,
        score_after,
        score_change
    from marts.closed_loop
    where
        score_kind is not null
        and problem is null
),

measures as (
    select distinct
        score_kind,
        measure
    from surveys
),

-- Each survey once for its measure, and those without any once for every
-- measure they are compared with.
compared as (
    select
        measures.score_kind,
        measures.measure,
        count(*) filter (where surveys.measure = measures.measure) as feedback,
        count(surveys.score_change) filter (
            where surveys.measure = measures.measure
        ) as resurveyed,
        t_test_paired(
            case
                when surveys.measure = measures.measure
                    then surveys.score_before
            end,
            surveys.score_after
        ) as change,
        avg(surveys.score_before) filter (
            where
            surveys.measure = measures.measure
            and surveys.score_change is not null
        ) as mean_before,
        avg(surveys.score_after) filter (
            where
            surveys.measure = measures.measure
            and surveys.score_change is not null
        ) as mean_after,
        avg(surveys.score_change) filter (
            where surveys.measure = measures.measure
        ) as mean_change,
        avg(surveys.score_change) filter (
            where surveys.measure = 'none' and measures.measure <> 'none'
        ) as mean_change_of_none,
        t_test_welch(
            case when measures.measure <> 'none' then surveys.score_change end,
            surveys.measure = measures.measure
        ) as beyond_none
    from measures
    inner join surveys
        on measures.score_kind = surveys.score_kind
    where surveys.measure in (measures.measure, 'none')
    group by measures.score_kind, measures.measure
)

select
    score_kind,
    measure,
    feedback,
    resurveyed,
    cast(resurveyed as double) / feedback as resurveyed_share,
    mean_before,
    mean_after,
    mean_change,
    change['lower'] as mean_change_lower,
    change['upper'] as mean_change_upper,
    mean_change - mean_change_of_none as change_beyond_none,
    beyond_none['lower'] as change_beyond_none_lower,
    beyond_none['upper'] as change_beyond_none_upper
from compared
