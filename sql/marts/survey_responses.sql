-- How many of those who were asked answer, where, and how soon?
--
-- grain: sent_month, kind, scope, touchpoint, channel
-- rows: staging.surveys on
--   rows.kind = cell.kind and rows.scope = cell.scope
--   and rows.touchpoint = cell.touchpoint
--   and coalesce(rows.channel, 'unknown') = cell.channel
--   and cast(date_trunc('month', cast(coalesce(rows.sent_at, rows.responded_at)
--   as date)) as date) = cell.sent_month
--
-- sent_month           first day of the month of the question, local; of the
--                      answer where the source does not say
-- kind                 nps, csat or ces
-- scope                relationship or transactional
-- touchpoint           delivery, return, ticket, ...
-- channel              mail, app, phone, ...; unknown when the source does not
--                      say
-- sent                 questions asked
-- answered             of those, answered before the report day
-- invalid_answers      of those, answers that are not valid
-- response_rate        answered / sent
-- response_rate_lower  lower end of its 95 % interval (Wilson)
-- response_rate_upper  upper end
-- answer_hours         median hours from the question to the answer; NULL where
--                      the source does not say when was asked, 0 where it only
--                      does not say when was answered
-- answer_hours_p90     hours within which nine in ten of the answers came
-- commented            answers with words
-- is_mature            the month ended $recording_lag_days or more before the
--                      report day: few answers are still to come
--
-- By the month of the question, so that late answers count where they belong. A
-- source that only knows answered questions has a rate of 1. Questions with
-- neither instant are not here. Who answers is not who was asked: a low rate is
-- also a question about the scores.

with

questions as (
    select
        cast(
            date_trunc('month', cast(coalesce(sent_at, responded_at) as date))
            as date
        ) as sent_month,
        kind,
        scope,
        touchpoint,
        coalesce(channel, 'unknown') as channel,
        score is not null as is_answered,
        score is not null and problem is not null as is_invalid,
        score is not null and comment is not null and comment <> ''
            as has_comment,
        (cast(responded_at as bigint) - cast(sent_at as bigint)) / 3600000000.0
            as hours
    from staging.surveys
    where coalesce(sent_at, responded_at) is not null
),

by_month as (
    select
        sent_month,
        kind,
        scope,
        touchpoint,
        channel,
        count(*) as sent,
        count(*) filter (where is_answered) as answered,
        count(*) filter (where is_invalid) as invalid_answers,
        count(*) filter (where has_comment) as commented,
        percentile_cont(hours, 0.5) as answer_hours,
        percentile_cont(hours, 0.9) as answer_hours_p90
    from questions
    group by sent_month, kind, scope, touchpoint, channel
),

with_intervals as (
    select
        *,
        proportion_ci(answered, sent) as response_interval
    from by_month
)

select
    sent_month,
    kind,
    scope,
    touchpoint,
    channel,
    sent,
    answered,
    invalid_answers,
    cast(answered as double) / sent as response_rate,
    response_interval['lower'] as response_rate_lower,
    response_interval['upper'] as response_rate_upper,
    answer_hours,
    answer_hours_p90,
    commented,
    cast(sent_month + interval '1 month' as date) + $recording_lag_days
    <= $as_of as is_mature
from with_intervals
