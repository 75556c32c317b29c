-- Do people answer differently by the channel they are asked through?
--
-- grain: kind, scope, direction, touchpoint, channel
-- rows: intermediate.answers on
--   rows.kind = cell.kind and rows.scope = cell.scope
--   and rows.direction = cell.direction and rows.touchpoint = cell.touchpoint
--   and rows.channel = cell.channel and rows.value is not null
--   and rows.responded_at >= $history_start_at
--
-- kind                    nps, csat or ces
-- scope                   relationship or transactional for nps, else all
-- direction               ease, effort or unknown for ces, else none
-- touchpoint              delivery, return, ticket, ...
-- channel                 mail, app, phone, ...; unknown when the source does
--                         not say
-- answers                 valid answers
-- mean_share              mean answer as a share of the way from worst to best
-- other_answers           valid answers at the touchpoint through other
--                         channels
-- other_mean_share        their mean answer; NULL without any
-- share_difference        mean_share - other_mean_share
-- share_difference_lower  lower end of its 95 % interval (Welch); NULL where it
--                         cannot be told
-- share_difference_upper  upper end
-- p_value                 probability of a difference as large if there were
--                         none; NULL where it cannot be told
-- p_value_adjusted        the same adjusted for all the rows (Holm): what to
--                         look at before one speaks of a difference
--
-- Answers of the last $history_weeks complete weeks and the days since. The
-- mean and not the score, so that NPS, CSAT and CES can be read side by side. A
-- difference may come of the channel or of the people who use it; only asking
-- at random tells. Answers count as independent. Survey weights are not used.

with

answers as (
    select
        kind,
        scope,
        direction,
        touchpoint,
        channel,
        share,
        cast(share as decimal(18, 15)) as exact_share
    from intermediate.answers
    where
        value is not null
        and responded_at >= $history_start_at
),

channels as (
    select distinct
        kind,
        scope,
        direction,
        touchpoint,
        channel
    from answers
),

-- Each answer once for each of the few channels of its touchpoint. The mean of
-- decimals is the same in whatever order they come.
tested as (
    select
        channels.kind,
        channels.scope,
        channels.direction,
        channels.touchpoint,
        channels.channel,
        count(*) filter (where answers.channel = channels.channel) as answers,
        cast(
            avg(answers.exact_share) filter (
                where answers.channel = channels.channel
            ) as double
        ) as mean_share,
        count(*) filter (where answers.channel <> channels.channel)
            as other_answers,
        cast(
            avg(answers.exact_share) filter (
                where answers.channel <> channels.channel
            ) as double
        ) as other_mean_share,
        t_test_welch(answers.share, answers.channel = channels.channel) as test
    from channels
    inner join answers
        on
            channels.kind = answers.kind
            and channels.scope = answers.scope
            and channels.direction = answers.direction
            and channels.touchpoint = answers.touchpoint
    group by
        channels.kind,
        channels.scope,
        channels.direction,
        channels.touchpoint,
        channels.channel
)

select
    kind,
    scope,
    direction,
    touchpoint,
    channel,
    answers,
    mean_share,
    other_answers,
    other_mean_share,
    mean_share - other_mean_share as share_difference,
    test['lower'] as share_difference_lower,
    test['upper'] as share_difference_upper,
    test['p_value'] as p_value,
    p_adjust(test['p_value'], 'holm') over () as p_value_adjusted
from tested
