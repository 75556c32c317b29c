-- What did the answers of the last weeks say, by touchpoint, channel, segment,
-- returner class, category, article or carrier?
--
-- grain: dimension, member, kind, scope, direction
--
-- dimension          touchpoint, channel, segment, returner_class, category,
--                    sku or carrier: pick one, each has every answer it knows
-- member             touchpoint, channel, ...; unknown where nobody knows
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
--
-- Answers of the last $history_weeks complete weeks and the days since. Segment
-- and returner class are those of the report day. category and sku have only
-- answers about an order or a return: of the article sent back, else of the
-- dearest line of the order. carrier has only answers about an order that were
-- asked after its delivery: of the one who brought its last parcel.

with

answers as (
    select *
    from intermediate.answers
    where responded_at >= $history_start_at
),

-- One article an order, so that no answer counts twice: the dearest line, the
-- first of equal ones. Most orders have no answer.
articles_by_order as (
    select
        order_id,
        first_value(sku order by net_amount desc, line_no) as sku,
        first_value(category order by net_amount desc, line_no) as category
    from staging.order_items
    where
        problem is null
        and order_id in (select answers.order_id from answers)
    group by order_id
),

-- What an answer is about: the article sent back, else that of the order.
articles as (
    select
        answers.response_id,
        answers.kind,
        coalesce(returns.sku, articles_by_order.sku) as sku,
        case
            when returns.sku is null then articles_by_order.category
            else returned_lines.category
        end as category
    from answers
    left join intermediate.returns_with_lines as returns
        on answers.return_id = returns.return_id
    left join staging.order_items as returned_lines
        on
            returns.order_id = returned_lines.order_id
            and returns.line_no = returned_lines.line_no
            and returned_lines.problem is null
    left join articles_by_order
        on answers.order_id = articles_by_order.order_id
    where
        answers.order_id is not null
        or answers.return_id is not null
),

-- Who brought the last parcel of an order.
carriers_by_order as (
    select
        order_id,
        last_value(
            carrier order by
                coalesce(delivered_at, shipped_at) nulls first,
                shipment_id
        ) as carrier
    from staging.shipments
    where problem is null
    group by order_id
),

-- Filters on dimension leave one of these.
cells as (
    select
        'touchpoint' as dimension,
        touchpoint as member,
        *
    from answers
    union all
    select
        'channel' as dimension,
        channel as member,
        *
    from answers
    union all
    select
        'segment' as dimension,
        coalesce(rfm.segment, 'unknown') as member,
        answers.*
    from answers
    left join marts.rfm
        on answers.customer_id = rfm.customer_id
    union all
    select
        'returner_class' as dimension,
        coalesce(customers.returner_class, 'unknown') as member,
        answers.*
    from answers
    left join intermediate.customers_with_purchases as customers
        on answers.customer_id = customers.customer_id
    union all
    select
        'category' as dimension,
        coalesce(products.category, articles.category, 'unknown') as member,
        answers.*
    from answers
    inner join articles
        on
            answers.response_id = articles.response_id
            and answers.kind = articles.kind
    left join staging.products
        on articles.sku = products.sku
    union all
    select
        'carrier' as dimension,
        coalesce(carriers_by_order.carrier, 'unknown') as member,
        answers.*
    from answers
    left join carriers_by_order
        on answers.order_id = carriers_by_order.order_id
    where
        answers.order_id is not null
        and answers.touchpoint = 'delivery'
    union all
    select
        'sku' as dimension,
        coalesce(cast(articles.sku as varchar), 'unknown') as member,
        answers.*
    from answers
    inner join articles
        on
            answers.response_id = articles.response_id
            and answers.kind = articles.kind
),

-- A customer's answers together, once: what the errors are made of. Shares are
-- summed as decimals, so that the sum does not depend on the order.
by_customer as (
    select
        dimension,
        member,
        kind,
        scope,
        direction,
        customer_id,
        anonymous_id,
        count(value) as answers,
        count(*) filter (where is_good) as good_answers,
        count(*) filter (where is_bad) as bad_answers,
        count(*) filter (where value is null) as invalid_answers,
        min(scale) filter (where is_valid) as scale_min,
        max(scale) filter (where is_valid) as scale_max,
        coalesce(sum(weight) filter (where value is not null), 0) as w,
        coalesce(sum(weight * value), 0) as wv,
        sum(weight * weight) filter (where value is not null) as ww,
        sum(weight * weight * value) as wwv,
        sum(weight * weight * value * value) as wwvv,
        sum(weight) filter (where is_good) as good_weight,
        sum(weight) filter (where is_bad) as bad_weight,
        sum(cast(weight * share as decimal(30, 15))) as weighted_share,
        sum(weight * score) filter (where value is not null) as weighted_score
    from cells
    group by
        dimension,
        member,
        kind,
        scope,
        direction,
        customer_id,
        anonymous_id
),

summed as (
    select
        dimension,
        member,
        kind,
        scope,
        direction,
        sum(answers) as answers,
        sum(good_answers) as good_answers,
        sum(bad_answers) as bad_answers,
        sum(invalid_answers) as invalid_answers,
        case when min(scale_min) = max(scale_max) then max(scale_max) end
            as scale,
        nullif(sum(w), 0) as w,
        sum(wv) as wv,
        sum(ww) as ww,
        sum(wwv) as wwv,
        sum(wwvv) as wwvv,
        sum(w * w) as customer_ww,
        sum(w * wv) as customer_wwv,
        sum(wv * wv) as customer_wwvv,
        coalesce(sum(good_weight), 0) as good_weight,
        coalesce(sum(bad_weight), 0) as bad_weight,
        cast(sum(weighted_share) as double) as weighted_share,
        sum(weighted_score) as weighted_score
    from by_customer
    group by
        dimension,
        member,
        kind,
        scope,
        direction
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
    dimension,
    member,
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
