-- Which attributes and experiences go with the answers to recommendation?
--
-- grain: scope, driver_set, driver
-- rows: intermediate.answers_with_drivers on
--   rows.kind = 'nps' and rows.scope = cell.scope
--   and rows.driver_set = cell.driver_set and rows.driver = cell.driver
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
--                        fall, others being equal, none where they do neither;
--                        NULL without a model
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
--                        too_many, follows_from_others (a driver of the set
--                        does), too_few_answers, answers_do_not_vary; NULL if
--                        there is one
--
-- Answers of the last $history_weeks complete weeks and the days since. The
-- outcome is the answer from 0 to 10, not its class. Drivers are associations,
-- not causes: who is unhappy rates everything lower. The shares of a set add up
-- to 1, however little r_squared is. A set takes at most eight drivers, those
-- most answers know; one that fewer than half as many know is sparse and stays
-- out, since a model only takes answers that know all. Answers of one customer
-- count as independent. Survey weights are not used.

with

-- What is known of each driver, before any answer is looked at again.
drivers as (
    select
        scope,
        driver_set,
        driver,
        count(*) as driver_answers,
        min(driver_value) < max(driver_value) as varies,
        avg(driver_value) as mean_value,
        pearson_ci(driver_value, score) as correlation
    from intermediate.answers_with_drivers
    where
        kind = 'nps'
        and driver_set <> 'return_reasons'
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
    from drivers
),

-- Functions take columns, so the drivers of a set are numbered.
numbered as (
    select
        *,
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

by_driver as (
    select
        *,
        least(max(driver_no) over (partition by scope, driver_set), 8)
            as driver_count
    from numbered
),

numbered_answers as (
    select
        answers.scope,
        answers.driver_set,
        answers.response_id,
        answers.score,
        answers.driver_value,
        by_driver.driver_no,
        by_driver.driver_count
    from intermediate.answers_with_drivers as answers
    inner join by_driver
        on
            answers.scope = by_driver.scope
            and answers.driver_set = by_driver.driver_set
            and answers.driver = by_driver.driver
            and by_driver.driver_no <= 8
    where answers.kind = 'nps'
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
    from numbered_answers
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
    by_driver.scope,
    by_driver.driver_set,
    by_driver.driver,
    case
        when models.shapley['r_squared'] is not null
            then
                rank() over (
                    partition by by_driver.scope, by_driver.driver_set
                    order by
                        models.shapley['drivers'][by_driver.driver_no]['share']
                        desc nulls last
                )
    end as importance_rank,
    models.shapley['drivers'][by_driver.driver_no]['share'] as shapley_share,
    models.weights['drivers'][by_driver.driver_no]['share']
        as relative_weight_share,
    case models.shapley['drivers'][by_driver.driver_no]['sign']
        when 1 then 'up'
        when -1 then 'down'
        when 0 then 'none'
    end as direction,
    by_driver.correlation['r'] as correlation,
    by_driver.correlation['lower'] as correlation_lower,
    by_driver.correlation['upper'] as correlation_upper,
    by_driver.mean_value,
    by_driver.driver_answers,
    coalesce(models.shapley['n'], 0) as model_answers,
    models.shapley['r_squared'] as r_squared,
    coalesce(
        by_driver.left_out_because,
        case when by_driver.driver_no > 8 then 'too_many' end,
        case
            when starts_with(models.shapley['reason'], 'singular')
                then 'follows_from_others'
            when starts_with(models.shapley['reason'], 'needs at least')
                then 'too_few_answers'
            when starts_with(models.shapley['reason'], 'the outcome')
                then 'answers_do_not_vary'
            else models.shapley['reason']
        end
    ) as problem
from by_driver
left join models
    on
        by_driver.scope = models.scope
        and by_driver.driver_set = models.driver_set
        and by_driver.driver_no <= 8
