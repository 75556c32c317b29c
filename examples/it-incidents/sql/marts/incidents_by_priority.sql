-- What does the log itself say of its incidents, by priority?
--
-- grain: priority
--
-- priority                 urgent, high, normal or low: 1 to 4 of the log
-- incidents                incidents
-- made_sla                 of those, the log says that the promise was kept
-- made_sla_share           made_sla / incidents
-- made_sla_lower           lower end of its 95 % Wilson interval
-- made_sla_upper           upper end
-- solution_median_hours    median hours from opening to the last solution, of
--                          incidents with resolved_at
-- without_solved_at        incidents without resolved_at
-- reopened                 incidents with a reopen_count
-- reassigned               incidents with a reassignment_count
-- reassignments            sum of reassignment_count
--
-- The promises behind made_sla are not in the log, and its flag cannot be
-- replayed. Compare sla_by_priority, which measures the promises of the
-- settings.

with

measured as (
    select
        case priority
            when '1' then 'urgent'
            when '2' then 'high'
            when '3' then 'normal'
            when '4' then 'low'
        end as priority,
        count(*) as incidents,
        count(*) filter (where made_sla) as made_sla,
        proportion_ci(count(*) filter (where made_sla), count(*))
            as made_sla_interval,
        median(
            cast(
                cast(resolved_at as bigint) - cast(opened_at as bigint)
                as double
            ) / 3600000000
        ) as solution_median_hours,
        count(*) filter (where resolved_at is null) as without_solved_at,
        count(*) filter (where reopen_count > 0) as reopened,
        count(*) filter (where reassignment_count > 0) as reassigned,
        sum(reassignment_count) as reassignments
    from source.incidents
    group by 1
)

select
    priority,
    incidents,
    made_sla,
    cast(made_sla as double) / incidents as made_sla_share,
    made_sla_interval['lower'] as made_sla_lower,
    made_sla_interval['upper'] as made_sla_upper,
    solution_median_hours,
    without_solved_at,
    reopened,
    reassigned,
    reassignments
from measured
