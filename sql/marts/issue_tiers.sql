-- Which issues deserve what kind of solution?
--
-- grain: issue_type
-- rows: marts.tickets on
--   rows.issue_type = cell.issue_type
--   and rows.created_at >= $support_window_start_at
--
-- issue_type       what the cases are about
-- abc_class        A for the issues that bring the first $abc_a_share of the
--                  cases, B for those up to $abc_b_share, C for the rest
-- severity         1 a question, 2 a nuisance, 3 money or use of the goods lost
-- tier             1 to 4: 1 is frequent and severe, 2 one of both, 3 less
--                  frequent or a nuisance, 4 rare and harmless
-- strategy         fix_the_cause, prevent, handle_with_care, standardise,
--                  automate or answer
-- tickets          cases opened
-- share            of all cases
-- severity_weight  share of tickets * severity over all issues
-- agent_hours      hours agents worked on them, of the cases that say so; NULL
--                  where none does
-- hours_share      of all agent hours
-- is_avoidable     nobody would ask if it had gone as promised
--
-- Cases opened in the $support_window_days days before the report day. Tier 1:
-- class A and severity 3. Tier 2: class A, or severity 3. Tier 3: class B, or
-- severity 2. Strategy: in tiers 1 and 2 the cause, where it is the shop's own
-- (avoidable), else care for severe cases and automatic answers for frequent
-- ones; below, prevention of the avoidable, a standard for class B, an answer
-- for the rest. It is a proposal to argue with: severity is that of
-- intermediate.issue_types.

with

counted as (
    select
        issue_type,
        count(*) as tickets,
        sum(handle_minutes) as handle_minutes
    from marts.tickets
    where created_at >= $support_window_start_at
    group by issue_type
),

classed as (
    select
        counted.issue_type,
        counted.tickets,
        counted.handle_minutes,
        coalesce(issues.severity, 2) as severity,
        coalesce(issues.is_avoidable, false) as is_avoidable,
        abc_class(counted.tickets, $abc_a_share, $abc_b_share) over ()
            as abc_class
    from counted
    left join intermediate.issue_types as issues
        on counted.issue_type = issues.issue_type
),

tiered as (
    select
        *,
        case
            when abc_class = 'A' and severity = 3 then 1
            when abc_class = 'A' or severity = 3 then 2
            when abc_class = 'B' or severity = 2 then 3
            else 4
        end as tier,
        sum(tickets) over () as all_tickets,
        sum(handle_minutes) over () as all_minutes,
        sum(tickets * severity) over () as all_weight
    from classed
)

select
    issue_type,
    abc_class,
    severity,
    tier,
    case
        when tier <= 2 and is_avoidable then 'fix_the_cause'
        when severity = 3 then 'handle_with_care'
        when tier <= 2 then 'automate'
        when is_avoidable then 'prevent'
        when abc_class = 'B' then 'standardise'
        else 'answer'
    end as strategy,
    tickets,
    cast(tickets as double) / all_tickets as share,
    cast(tickets * severity as double) / all_weight as severity_weight,
    cast(handle_minutes as double) / 60 as agent_hours,
    cast(handle_minutes as double) / nullif(cast(all_minutes as double), 0)
        as hours_share,
    is_avoidable
from tiered
