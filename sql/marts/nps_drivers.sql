-- Which attributes and experiences go with the answers to recommendation?
--
-- grain: scope, driver_set, driver
--
-- scope                  relationship or transactional: never to be pooled
-- driver_set             ratings: attributes rated in the questionnaire;
--                        operations: what had happened to the customer before
-- driver                 attribute or experience
-- importance_rank        1 for the largest shapley_share of the set; NULL
--                        without a share
-- shapley_share          share of the explained variance by Shapley's value
-- relative_weight_share  share of it by relative weights: a second opinion
-- direction              up where answers rise with the driver, down where they
--                        fall, others being equal; NULL without a model
-- correlation            correlation of the driver with the answer, alone
-- correlation_lower      lower end of its 95 % interval
-- correlation_upper      upper end
-- mean_value             mean rating, or share of answers it had happened
--                        before
-- driver_answers         answers that know the driver
-- model_answers          answers that know all drivers of the set: those the
--                        shares are from
-- r_squared              share of the variance of the answers all drivers of
--                        the set explain together
-- problem                why there is no share: does_not_vary, sparse,
--                        too_many, or what the model says; NULL if there is one
--
-- Answers of the last $history_weeks complete weeks and the days since. The
-- outcome is the answer from 0 to 10, not its class. Drivers are associations,
-- not causes: who is unhappy rates everything lower. The shares of a set add up
-- to 1, however little r_squared is. A set takes at most eight drivers, those
-- most answers know; one that fewer than half as many know is sparse and stays
-- out, since a model only takes answers that know all. Answers of one customer
-- count as independent.

with

answers as (
    select
        scope,
        driver_set,
        driver,
        response_id,
        score,
        driver_value
    from intermediate.answers_with_drivers
    where
        kind = 'nps'
        and driver_set <> 'return_reasons'
),

by_driver as (
    select
        scope,
        driver_set,
        driver,
        count(*) as driver_answers,
        avg(driver_value) as mean_value,
        min(driver_value) < max(driver_value) as varies,
        pearson_ci(driver_value, score) as correlation
    from answers
    group by scope, driver_set, driver
),

judged as (
    select
        *,
        case
            when not varies then 'does_not_vary'
            when
                2 * driver_answers
                < max(driver_answers) over (partition by scope, driver_set)
                then 'sparse'
        end as left_out_because
    from by_driver
),

-- Functions take columns, so the drivers of a set are numbered.
numbered as (
    select
        *,
        count(*) filter (where left_out_because is null) over (
            partition by scope, driver_set
        ) as driver_count,
        case
            when left_out_because is null
                then
                    cast(
                        row_number() over (
                            partition by
                                scope, driver_set, left_out_because is null
                            order by driver_answers desc, driver
                        ) as bigint
                    )
        end as driver_no
    from judged
),

answers_with_numbers as (
    select
        answers.scope,
        answers.driver_set,
        answers.response_id,
        answers.score,
        answers.driver_value,
        numbered.driver_no,
        least(numbered.driver_count, 8) as driver_count
    from answers
    inner join numbered
        on
            answers.scope = numbered.scope
            and answers.driver_set = numbered.driver_set
            and answers.driver = numbered.driver
    where numbered.driver_no <= 8
),

pivoted as (
    select
        scope,
        driver_set,
        response_id,
        max(driver_count) as driver_count,
        max(score) as score,
        max(case when driver_no = 1 then driver_value end) as x1,
        max(case when driver_no = 2 then driver_value end) as x2,
        max(case when driver_no = 3 then driver_value end) as x3,
        max(case when driver_no = 4 then driver_value end) as x4,
        max(case when driver_no = 5 then driver_value end) as x5,
        max(case when driver_no = 6 then driver_value end) as x6,
        max(case when driver_no = 7 then driver_value end) as x7,
        max(case when driver_no = 8 then driver_value end) as x8
    from answers_with_numbers
    group by scope, driver_set, response_id
),

-- One model a set, with as many columns as it has drivers.
models as (
    select
        scope,
        driver_set,
        case driver_count
            when 1 then driver_shapley(score, x1)
            when 2 then driver_shapley(score, x1, x2)
            when 3 then driver_shapley(score, x1, x2, x3)
            when 4 then driver_shapley(score, x1, x2, x3, x4)
            when 5 then driver_shapley(score, x1, x2, x3, x4, x5)
            when 6 then driver_shapley(score, x1, x2, x3, x4, x5, x6)
            when 7 then driver_shapley(score, x1, x2, x3, x4, x5, x6, x7)
            when 8 then driver_shapley(score, x1, x2, x3, x4, x5, x6, x7, x8)
        end as shapley,
        case driver_count
            when 1 then driver_relative_weights(score, x1)
            when 2 then driver_relative_weights(score, x1, x2)
            when 3 then driver_relative_weights(score, x1, x2, x3)
            when 4 then driver_relative_weights(score, x1, x2, x3, x4)
            when 5 then driver_relative_weights(score, x1, x2, x3, x4, x5)
            when 6 then driver_relative_weights(score, x1, x2, x3, x4, x5, x6)
            when 7
                then driver_relative_weights(
                    score, x1, x2, x3, x4, x5, x6, x7
                )
            when 8
                then driver_relative_weights(
                    score, x1, x2, x3, x4, x5, x6, x7, x8
                )
        end as weights
    from pivoted
    group by scope, driver_set, driver_count
)

select
    numbered.scope,
    numbered.driver_set,
    numbered.driver,
    case
        when models.shapley['r_squared'] is not null
            then
                rank() over (
                    partition by numbered.scope, numbered.driver_set
                    order by
                        models.shapley['drivers'][numbered.driver_no]['share']
                        desc nulls last
                )
    end as importance_rank,
    models.shapley['drivers'][numbered.driver_no]['share'] as shapley_share,
    models.weights['drivers'][numbered.driver_no]['share']
        as relative_weight_share,
    case models.shapley['drivers'][numbered.driver_no]['sign']
        when 1 then 'up'
        when -1 then 'down'
        when 0 then 'none'
    end as direction,
    numbered.correlation['r'] as correlation,
    numbered.correlation['lower'] as correlation_lower,
    numbered.correlation['upper'] as correlation_upper,
    numbered.mean_value,
    numbered.driver_answers,
    coalesce(models.shapley['n'], 0) as model_answers,
    models.shapley['r_squared'] as r_squared,
    coalesce(
        numbered.left_out_because,
        case when numbered.driver_no > 8 then 'too_many' end,
        models.shapley['reason']
    ) as problem
from numbered
left join models
    on
        numbered.scope = models.scope
        and numbered.driver_set = models.driver_set
        and numbered.driver_no <= 8
