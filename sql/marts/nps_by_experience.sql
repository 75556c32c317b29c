-- Do customers who returned, waited or were delivered late recommend less?
--
-- grain: scope, experience
--
-- scope                 relationship or transactional: never to be pooled
-- experience            return, faulty_goods, late_delivery, ticket or
--                       slow_reply
-- nps_with              net promoter score of customers to whom it had
--                       happened, weighted, in points
-- nps_with_lower        lower end of its 95 % interval (adjusted Wald)
-- nps_with_upper        upper end
-- answers_with          customers to whom it had happened
-- nps_without           net promoter score of the others, weighted, in points
-- nps_without_lower     lower end of its 95 % interval
-- nps_without_upper     upper end
-- answers_without       the others
-- nps_difference        score of the first less that of the others, without
--                       weights, in points
-- nps_difference_lower  lower end of its 95 % interval (Wald); NULL where a
--                       group has fewer than $min_n answers, since it is then
--                       far too narrow
-- nps_difference_upper  upper end
-- p_value               probability of a difference as large if there were
--                       none; NULL as the interval is
--
-- One voice per customer and scope, the last valid answer of the last
-- $history_weeks complete weeks and the days since, so that answers are
-- independent. Tests of differences use no weights: where answers have some,
-- nps_difference is not nps_with - nps_without. See intermediate.experiences
-- for what had happened within $experience_days before the answer.
-- late_delivery compares customers who got something in time with those who got
-- something late; who got nothing is in neither. Customers choose what they buy
-- and return: a difference is not yet the effect of the experience.

with

last_answers as (
    select
        scope,
        last_value(score order by responded_at, response_id) as score,
        last_value(weight order by responded_at, response_id) as weight,
        last_value(response_id order by responded_at, response_id)
            as response_id
    from intermediate.answers
    where
        kind = 'nps'
        and is_valid
        and customer_id is not null
        and responded_at >= $history_start_at
    group by scope, customer_id
),

compared as (
    select
        last_answers.scope,
        last_answers.score,
        last_answers.weight,
        unnest([
            named_struct(
                'name', 'return', 'happened', experiences.has_return
            ),
            named_struct(
                'name', 'faulty_goods',
                'happened', experiences.has_faulty_return
            ),
            named_struct(
                'name', 'late_delivery',
                'happened', case
                    when experiences.has_delivery
                        then experiences.has_late_delivery
                end
            ),
            named_struct(
                'name', 'ticket', 'happened', experiences.has_ticket
            ),
            named_struct(
                'name', 'slow_reply', 'happened', experiences.has_slow_reply
            )
        ]) as experience
    from last_answers
    inner join intermediate.experiences
        on
            last_answers.response_id = experiences.response_id
            and experiences.kind = 'nps'
),

by_experience as (
    select
        scope,
        experience['name'] as experience,
        case when experience['happened'] then score end as score_with,
        case when not experience['happened'] then score end as score_without,
        case when experience['happened'] is not null then score end as score,
        weight,
        coalesce(experience['happened'], false) as happened
    from compared
),

tested as (
    select
        scope,
        experience,
        nps(score_with, weight) as nps_with,
        nps_ci(score_with, 'adjusted_wald', 0.95, weight) as with_interval,
        count(score_with) as answers_with,
        nps(score_without, weight) as nps_without,
        nps_ci(score_without, 'adjusted_wald', 0.95, weight)
            as without_interval,
        count(score_without) as answers_without,
        nps_test(score, happened) as test,
        least(count(score_with), count(score_without)) >= $min_n as is_large
    from by_experience
    group by scope, experience
)

select
    scope,
    experience,
    nps_with,
    with_interval['lower'] as nps_with_lower,
    with_interval['upper'] as nps_with_upper,
    answers_with,
    nps_without,
    without_interval['lower'] as nps_without_lower,
    without_interval['upper'] as nps_without_upper,
    answers_without,
    test['diff'] as nps_difference,
    case when is_large then test['lower'] end as nps_difference_lower,
    case when is_large then test['upper'] end as nps_difference_upper,
    case when is_large then test['p_value'] end as p_value
from tested
