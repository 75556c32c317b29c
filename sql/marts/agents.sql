-- How does each agent do, compared with what the same cases are like for
-- everybody?
--
-- grain: agent_id
-- rows: marts.tickets on
--   (rows.first_reply_agent_id = cell.agent_id
--   or rows.solver_agent_id = cell.agent_id)
--   and rows.created_at >= $support_window_start_at
--
-- agent_id                     agent who replied first to, or solved, a case
-- first_replies                cases the agent was the first to reply to
-- first_response_median_hours  their median hours to that reply
-- first_response_ratio         typical hours / typical hours of the same kinds
--                              of cases: above 1 is slower than expected
-- first_response_ratio_lower   lower end of its 95 % interval; NULL below ten
--                              cases, as are the other limits of ratios
-- first_response_ratio_upper   upper end
-- solved_tickets               cases the agent was the last to solve
-- resolution_median_hours      their median hours to the solution
-- resolution_ratio             typical hours / those of the same kinds of cases
-- resolution_ratio_lower       lower end of its 95 % interval
-- resolution_ratio_upper       upper end
-- handle_minutes_per_ticket    mean minutes of work on them
-- handle_ratio                 typical minutes / those of the same kinds of
--                              cases
-- handle_ratio_lower           lower end of its 95 % interval
-- handle_ratio_upper           upper end
-- fcr_rate                     solved at the first contact / fcr_tickets
-- fcr_lower                    lower end of its 95 % Wilson interval
-- fcr_upper                    upper end
-- fcr_tickets                  solved cases of which that can be said
-- fcr_expected_rate            rate of the same kinds of cases
-- fcr_ratio                    fcr_rate / fcr_expected_rate: above 1 is better
-- fcr_z                        distance from it in standard deviations
-- reopen_rate                  solutions of the agent that did not hold /
--                              solutions
-- reopen_lower                 lower end of its 95 % Wilson interval
-- reopen_upper                 upper end
-- solutions                    solutions, also those before a reopening
-- reopen_expected_rate         rate of the same kinds of cases
-- reopen_ratio                 reopen_rate / reopen_expected_rate: above 1 is
--                              worse
-- reopen_z                     distance from it in standard deviations
-- csat                         satisfied / csat_answers
-- csat_lower                   lower end of its 95 % Wilson interval
-- csat_upper                   upper end
-- csat_answers                 solved cases with a valid answer
-- csat_expected                share of the same kinds of cases
-- csat_ratio                   csat / csat_expected: above 1 is better
-- csat_z                       distance from it in standard deviations
-- fcr_signal                   1 better, -1 worse than three standard
--                              deviations of chance allow, else 0; NULL below
--                              $min_n cases
-- reopen_signal                the same for reopenings
-- csat_signal                  the same for satisfaction
-- fcr_rank                     1 for the highest fcr_ratio among the agents
--                              with $min_n cases; NULL for the others
-- is_enough                    at least $min_n solved cases: below, the agent
--                              is in no ranking
--
-- Cases opened in the $support_window_days days before the report day. Cases of
-- the same kind have the same issue, priority and channel; what they are like
-- is the mean over all agents, also the agent in question: who has a kind to
-- himself is compared with himself. Hours and minutes are compared by their
-- geometric means, so that one case of three weeks does not decide. The first
-- reply counts for who gave it, solution and answer for the last solver, a
-- reopening for whose solution it was. A ratio of 1 is no praise: it is what
-- the team does. csat counts cases, each once: survey weights are not used, and
-- cases of one customer count as independent.

with

-- Below a minute is a minute: the logarithm of nothing is none. greatest()
-- passes over NULL, so that is told apart first. Decimals, so that the sums are
-- the same in whatever order.
cases as (
    select
        ticket_id,
        concat_ws(' / ', issue_type, priority, channel) as case_kind,
        first_reply_agent_id,
        solver_agent_id,
        first_response_hours,
        resolution_hours,
        handle_minutes,
        case
            when first_response_hours is not null
                then
                    cast(
                        ln(greatest(first_response_hours, 1 / 60.0))
                        as decimal(18, 9)
                    )
        end as log_response,
        case
            when resolution_hours is not null
                then
                    cast(
                        ln(greatest(resolution_hours, 1 / 60.0))
                        as decimal(18, 9)
                    )
        end as log_resolution,
        case
            when handle_minutes is not null
                then cast(ln(greatest(handle_minutes, 1)) as decimal(18, 9))
        end as log_handle,
        case
            when is_first_contact_resolution then 1.0
            when not is_first_contact_resolution then 0.0
        end as fcr,
        case
            when is_satisfied then 1.0
            when not is_satisfied then 0.0
        end as satisfied
    from marts.tickets
    where created_at >= $support_window_start_at
),

-- What a case of a kind is like, whoever has it.
expected as (
    select
        *,
        avg(log_response) over (partition by case_kind) as expected_response,
        avg(log_resolution) over (partition by case_kind)
            as expected_resolution,
        avg(log_handle) over (partition by case_kind) as expected_handle,
        cast(avg(fcr) over (partition by case_kind) as decimal(18, 9))
            as expected_fcr,
        cast(avg(satisfied) over (partition by case_kind) as decimal(18, 9))
            as expected_satisfied
    from cases
    where
        first_reply_agent_id is not null
        or solver_agent_id is not null
),

-- One row for the reply and one for the solution, so that both are one pass.
roles as (
    select
        *,
        unnest([
            named_struct('role', 'reply', 'agent_id', first_reply_agent_id),
            named_struct('role', 'solution', 'agent_id', solver_agent_id)
        ]) as role
    from expected
),

parts as (
    select
        role['agent_id'] as agent_id,
        role['role'] = 'solution' as is_solver,
        first_response_hours,
        cast(log_response - expected_response as decimal(18, 9))
            as log_response,
        resolution_hours,
        cast(log_resolution - expected_resolution as decimal(18, 9))
            as log_resolution,
        handle_minutes,
        cast(log_handle - expected_handle as decimal(18, 9)) as log_handle,
        fcr,
        case when fcr is not null then expected_fcr end as expected_fcr,
        satisfied,
        case when satisfied is not null then expected_satisfied end
            as expected_satisfied
    from roles
    where role['agent_id'] is not null
),

by_agent as (
    select
        agent_id,
        count(*) filter (where not is_solver) as first_replies,
        median(first_response_hours) filter (where not is_solver)
            as first_response_median_hours,
        cast(avg(log_response) filter (where not is_solver) as double)
            as response_log_ratio,
        cast(
            sum(cast(log_response * log_response as decimal(18, 9)))
            filter (where not is_solver) as double
        ) as response_log_squares,
        count(log_response) filter (where not is_solver)
            as response_cases,
        count(*) filter (where is_solver) as solved_tickets,
        median(resolution_hours) filter (where is_solver)
            as resolution_median_hours,
        cast(avg(log_resolution) filter (where is_solver) as double)
            as resolution_log_ratio,
        cast(
            sum(cast(log_resolution * log_resolution as decimal(18, 9)))
            filter (where is_solver) as double
        ) as resolution_log_squares,
        count(log_resolution) filter (where is_solver) as resolution_cases,
        cast(avg(handle_minutes) filter (where is_solver) as double)
            as handle_minutes_per_ticket,
        cast(avg(log_handle) filter (where is_solver) as double)
            as handle_log_ratio,
        cast(
            sum(cast(log_handle * log_handle as decimal(18, 9)))
            filter (where is_solver) as double
        ) as handle_log_squares,
        count(log_handle) filter (where is_solver) as handle_cases,
        sum(fcr) filter (where is_solver) as fcr,
        count(fcr) filter (where is_solver) as fcr_tickets,
        cast(sum(expected_fcr) filter (where is_solver) as double)
            as fcr_expected,
        cast(
            sum(cast(expected_fcr * (1 - expected_fcr) as decimal(18, 9)))
            filter (where is_solver) as double
        ) as fcr_variance,
        sum(satisfied) filter (where is_solver) as satisfied,
        count(satisfied) filter (where is_solver) as csat_answers,
        cast(sum(expected_satisfied) filter (where is_solver) as double)
            as satisfied_expected,
        cast(
            sum(
                cast(
                    expected_satisfied * (1 - expected_satisfied)
                    as decimal(18, 9)
                )
            ) filter (where is_solver) as double
        ) as satisfied_variance
    from parts
    group by agent_id
),

solved as (
    select
        solutions.solver_agent_id as agent_id,
        case when solutions.is_reopened then 1.0 else 0.0 end as reopened,
        cast(
            avg(case when solutions.is_reopened then 1.0 else 0.0 end) over (
                partition by
                    tickets.issue_type,
                    tickets.priority,
                    tickets.channel
            ) as decimal(18, 9)
        ) as expected_reopened
    from intermediate.ticket_solutions as solutions
    inner join staging.tickets
        on solutions.ticket_id = tickets.ticket_id
    where
        solutions.solver_agent_id is not null
        and tickets.created_at >= $support_window_start_at
),

reopenings as (
    select
        agent_id,
        count(*) as solutions,
        sum(reopened) as reopened,
        cast(sum(expected_reopened) as double) as reopened_expected,
        cast(
            sum(
                cast(
                    expected_reopened * (1 - expected_reopened)
                    as decimal(18, 9)
                )
            ) as double
        ) as reopened_variance
    from solved
    group by agent_id
),

joined as (
    select
        coalesce(by_agent.agent_id, reopenings.agent_id) as agent_id,
        coalesce(by_agent.first_replies, 0) as first_replies,
        by_agent.first_response_median_hours,
        by_agent.response_log_ratio,
        case
            when by_agent.response_cases >= 10
                then
                    sqrt(
                        greatest(
                            by_agent.response_log_squares
                            / by_agent.response_cases
                            - power(by_agent.response_log_ratio, 2),
                            0
                        ) / (by_agent.response_cases - 1)
                    )
        end as response_log_error,
        coalesce(by_agent.solved_tickets, 0) as solved_tickets,
        by_agent.resolution_median_hours,
        by_agent.resolution_log_ratio,
        case
            when by_agent.resolution_cases >= 10
                then
                    sqrt(
                        greatest(
                            by_agent.resolution_log_squares
                            / by_agent.resolution_cases
                            - power(by_agent.resolution_log_ratio, 2),
                            0
                        ) / (by_agent.resolution_cases - 1)
                    )
        end as resolution_log_error,
        by_agent.handle_minutes_per_ticket,
        by_agent.handle_log_ratio,
        case
            when by_agent.handle_cases >= 10
                then
                    sqrt(
                        greatest(
                            by_agent.handle_log_squares
                            / by_agent.handle_cases
                            - power(by_agent.handle_log_ratio, 2),
                            0
                        ) / (by_agent.handle_cases - 1)
                    )
        end as handle_log_error,
        by_agent.fcr,
        coalesce(by_agent.fcr_tickets, 0) as fcr_tickets,
        by_agent.fcr_expected,
        by_agent.fcr_variance,
        by_agent.satisfied,
        coalesce(by_agent.csat_answers, 0) as csat_answers,
        by_agent.satisfied_expected,
        by_agent.satisfied_variance,
        coalesce(reopenings.solutions, 0) as solutions,
        reopenings.reopened,
        reopenings.reopened_expected,
        reopenings.reopened_variance,
        coalesce(by_agent.solved_tickets, 0) >= $min_n as is_enough,
        proportion_ci(cast(by_agent.fcr as bigint), by_agent.fcr_tickets)
            as fcr_interval,
        proportion_ci(
            cast(by_agent.satisfied as bigint), by_agent.csat_answers
        ) as csat_interval,
        proportion_ci(
            cast(reopenings.reopened as bigint), reopenings.solutions
        ) as reopen_interval
    from by_agent
    full join reopenings
        on by_agent.agent_id = reopenings.agent_id
),

-- Where every case of a kind ends alike there is no chance, and no distance.
compared as (
    select
        *,
        (fcr - fcr_expected) / nullif(sqrt(fcr_variance), 0) as fcr_z,
        (reopened - reopened_expected) / nullif(sqrt(reopened_variance), 0)
            as reopen_z,
        (satisfied - satisfied_expected)
        / nullif(sqrt(satisfied_variance), 0) as csat_z
    from joined
)

select
    agent_id,
    first_replies,
    first_response_median_hours,
    exp(response_log_ratio) as first_response_ratio,
    exp(response_log_ratio - 1.959963984540054 * response_log_error)
        as first_response_ratio_lower,
    exp(response_log_ratio + 1.959963984540054 * response_log_error)
        as first_response_ratio_upper,
    solved_tickets,
    resolution_median_hours,
    exp(resolution_log_ratio) as resolution_ratio,
    exp(resolution_log_ratio - 1.959963984540054 * resolution_log_error)
        as resolution_ratio_lower,
    exp(resolution_log_ratio + 1.959963984540054 * resolution_log_error)
        as resolution_ratio_upper,
    handle_minutes_per_ticket,
    exp(handle_log_ratio) as handle_ratio,
    exp(handle_log_ratio - 1.959963984540054 * handle_log_error)
        as handle_ratio_lower,
    exp(handle_log_ratio + 1.959963984540054 * handle_log_error)
        as handle_ratio_upper,
    fcr / nullif(fcr_tickets, 0) as fcr_rate,
    fcr_interval['lower'] as fcr_lower,
    fcr_interval['upper'] as fcr_upper,
    fcr_tickets,
    fcr_expected / nullif(fcr_tickets, 0) as fcr_expected_rate,
    fcr / nullif(fcr_expected, 0) as fcr_ratio,
    fcr_z,
    reopened / nullif(solutions, 0) as reopen_rate,
    reopen_interval['lower'] as reopen_lower,
    reopen_interval['upper'] as reopen_upper,
    solutions,
    reopened_expected / nullif(solutions, 0) as reopen_expected_rate,
    reopened / nullif(reopened_expected, 0) as reopen_ratio,
    reopen_z,
    satisfied / nullif(csat_answers, 0) as csat,
    csat_interval['lower'] as csat_lower,
    csat_interval['upper'] as csat_upper,
    csat_answers,
    satisfied_expected / nullif(csat_answers, 0) as csat_expected,
    satisfied / nullif(satisfied_expected, 0) as csat_ratio,
    csat_z,
    case
        when fcr_tickets < $min_n then null
        when fcr_z > 3 then 1
        when fcr_z < -3 then -1
        else 0
    end as fcr_signal,
    case
        when solutions < $min_n then null
        when reopen_z < -3 then 1
        when reopen_z > 3 then -1
        else 0
    end as reopen_signal,
    case
        when csat_answers < $min_n then null
        when csat_z > 3 then 1
        when csat_z < -3 then -1
        else 0
    end as csat_signal,
    case
        when fcr_tickets >= $min_n
            then rank() over (
                partition by fcr_tickets >= $min_n
                order by fcr / nullif(fcr_expected, 0) desc nulls last
            )
    end as fcr_rank,
    is_enough
from compared
