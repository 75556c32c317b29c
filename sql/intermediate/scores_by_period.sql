-- What did the answers of each month and week say, and how sure is that?
--
-- grain: period, period_start, touchpoint, kind, scope, direction
--
-- period             month or week
-- period_start       first day of the period, local
-- touchpoint         delivery, return, ...; all for every answer of the scope
-- kind               nps, csat or ces
-- scope              relationship or transactional for nps, else all
-- direction          ease, effort or unknown for ces, else none
-- score              mean of the values: promoters less detractors for nps,
--                    the share of good answers for the others
-- score_se           its standard error, by customer
-- score_lower        lower end of its 95 % interval; NULL as the score is where
--                    no answer has weight
-- score_upper        upper end
-- mean_share         mean answer as a share of the way from worst to best
-- mean_score         mean answer as given; NULL when scales differ
-- scale              highest answer of the scale; NULL when scales differ
-- answers            valid answers
-- good_answers       promoters, satisfied, easy
-- bad_answers        detractors, dissatisfied, difficult
-- bad_share          weighted share of them
-- invalid_answers    answers without a value: in no other column
-- effective_answers  independent answers that would say as much
--
-- Scores and shares are weighted, counts are not. Answers of one customer are
-- not independent, so the error is that of customers (linearised, clustered),
-- and never below that of independent answers. effective_answers are Kish's
-- for the weights, less the same factor; where all say the same they are as
-- many as one voice per customer would be. The interval is the adjusted Wald
-- interval for nps and Wilson's for the others, over effective_answers: without
-- repeated answers those of nps_ci and csat_ci.

with

-- Every answer stands in its month and its week; filters on period leave one.
periods as (
    select
        'month' as period,
        cast(date_trunc('month', answered_date) as date) as period_start,
        *
    from intermediate.answers
    union all
    select
        'week' as period,
        cast(date_trunc('week', answered_date) as date) as period_start,
        *
    from intermediate.answers
),

-- And there under its touchpoint and under all of them.
cells as (
    select *
    from periods
    union all
    select * replace ('all' as touchpoint)
    from periods
),

-- Shares are summed as decimals, so that the sum does not depend on the order.
totals as (
    select
        period,
        period_start,
        touchpoint,
        kind,
        scope,
        direction,
        count(value) as answers,
        count(*) filter (where is_good) as good_answers,
        count(*) filter (where is_bad) as bad_answers,
        count(*) filter (where value is null) as invalid_answers,
        case
            when
                min(scale) filter (where is_valid)
                = max(scale) filter (where is_valid)
                then max(scale) filter (where is_valid)
        end as scale,
        nullif(sum(weight) filter (where value is not null), 0) as w,
        coalesce(sum(weight * value), 0) as wv,
        sum(weight * weight) filter (where value is not null) as ww,
        sum(weight * weight * value) as wwv,
        sum(weight * weight * value * value) as wwvv,
        coalesce(sum(weight) filter (where is_good), 0) as good_weight,
        coalesce(sum(weight) filter (where is_bad), 0) as bad_weight,
        cast(sum(cast(weight * share as decimal(30, 15))) as double)
            as weighted_share,
        sum(weight * score) filter (where value is not null) as weighted_score
    from cells
    group by
        period,
        period_start,
        touchpoint,
        kind,
        scope,
        direction
),

-- A customer's answers together, once: what the errors are made of.
customers as (
    select
        period,
        period_start,
        touchpoint,
        kind,
        scope,
        direction,
        sum(weight) as w,
        sum(weight * value) as wv
    from cells
    where value is not null
    group by
        period,
        period_start,
        touchpoint,
        kind,
        scope,
        direction,
        customer_id,
        anonymous_id
),

squares as (
    select
        period,
        period_start,
        touchpoint,
        kind,
        scope,
        direction,
        sum(w * w) as customer_ww,
        sum(w * wv) as customer_wwv,
        sum(wv * wv) as customer_wwvv
    from customers
    group by
        period,
        period_start,
        touchpoint,
        kind,
        scope,
        direction
),

summed as (
    select
        totals.*,
        squares.customer_ww,
        squares.customer_wwv,
        squares.customer_wwvv
    from totals
    left join squares
        on
            totals.period = squares.period
            and totals.period_start = squares.period_start
            and totals.touchpoint = squares.touchpoint
            and totals.kind = squares.kind
            and totals.scope = squares.scope
            and totals.direction = squares.direction
),

-- The sum of squares of what is left around the mean, over answers and over
-- customers, divided by the squared weight. Tiny remainders are rounding.
with_variance as (
    select
        *,
        wv / w as score,
        greatest(
            (wwvv - 2 * wv / w * wwv + wv / w * wv / w * ww) / (w * w), 0
        ) as answer_variance,
        greatest(
            (
                customer_wwvv
                - 2 * wv / w * customer_wwv
                + wv / w * wv / w * customer_ww
            ) / (w * w),
            0
        ) as customer_variance
    from summed
),

with_effective as (
    select
        *,
        case
            when answer_variance > 1e-12
                then
                    w * w / ww
                    / greatest(customer_variance / answer_variance, 1)
            else w * w / customer_ww
        end as effective_answers
    from with_variance
),

-- Three answers more, three quarters of one on either side.
adjusted as (
    select
        *,
        (good_weight / w * effective_answers + 0.75) / (effective_answers + 3)
            as good_adjusted,
        (bad_weight / w * effective_answers + 0.75) / (effective_answers + 3)
            as bad_adjusted,
        proportion_ci(score * effective_answers, effective_answers)
            as share_interval
    from with_effective
),

with_limits as (
    select
        *,
        good_adjusted - bad_adjusted as score_adjusted,
        1.959963984540054 * sqrt(
            (
                good_adjusted
                + bad_adjusted
                - power(good_adjusted - bad_adjusted, 2)
            ) / (effective_answers + 3)
        ) as margin
    from adjusted
)

select
    period,
    period_start,
    touchpoint,
    kind,
    scope,
    direction,
    score,
    case
        when w > 0
            then sqrt(greatest(answer_variance, customer_variance))
    end as score_se,
    case
        when kind <> 'nps' then share_interval['lower']
        when w > 0 then greatest(score_adjusted - margin, -1)
    end as score_lower,
    case
        when kind <> 'nps' then share_interval['upper']
        when w > 0 then least(score_adjusted + margin, 1)
    end as score_upper,
    weighted_share / w as mean_share,
    case when scale is not null then weighted_score / w end as mean_score,
    scale,
    answers,
    good_answers,
    bad_answers,
    bad_weight / w as bad_share,
    invalid_answers,
    coalesce(effective_answers, 0) as effective_answers
from with_limits
