-- Do the rules of each segment model leave gaps, overlap, or never apply?
--
-- grain: model, segment
--
-- model              segment model
-- segment            segment; others for the cells no rule covers
-- cells              cells of scores that end up in it, of 125
-- covered_cells      cells its own rules cover, alone or not
-- overlapping_cells  of those, also covered by the rules of another segment
-- lost_cells         of those, taken by a segment whose rule comes first
-- customers          customers with these scores on the report day
-- customer_share     of all customers counted; NULL without any
-- is_gap             cells that no rule covers
-- is_reachable       some cell ends up in it
-- is_used            some customer is in it
--
-- The rules are those of intermediate.segment_rules, of which the first that
-- fits wins. A model should have no gap, overlaps only where the order of its
-- rules is meant, and no segment that is never reached. Customers are counted
-- for scores of 1 to 5 only.

with

cells as (
    select
        r.r,
        f.f,
        m.m
    from (select unnest(range(1, 6)) as r) as r
    cross join (select unnest(range(1, 6)) as f) as f
    cross join (select unnest(range(1, 6)) as m) as m
),

-- Every rule against every cell.
matched as (
    select
        rules.model,
        cells.r,
        cells.f,
        cells.m,
        rules.segment,
        case
            when
                cells.r between rules.r_min and rules.r_max
                and cells.f between rules.f_min and rules.f_max
                and cells.m between rules.m_min and rules.m_max
                then rules.rule_no
        end as rule_no
    from intermediate.segment_rules as rules
    cross join cells
),

covered as (
    select
        model,
        r,
        f,
        m,
        segment,
        min(rule_no) as rule_no
    from matched
    where rule_no is not null
    group by model, r, f, m, segment
    union all
    select
        model,
        r,
        f,
        m,
        null as segment,
        null as rule_no
    from matched
    group by model, r, f, m
    having count(rule_no) = 0
),

ranked as (
    select
        *,
        count(*) over (partition by model, r, f, m) as segments,
        coalesce(
            rule_no = min(rule_no) over (partition by model, r, f, m), true
        ) as is_first
    from covered
),

scored as (
    select
        r,
        f,
        m,
        count(*) as customers
    from marts.rfm
    group by r, f, m
),

-- A segment that never comes first still has rows here.
by_segment as (
    select
        ranked.model,
        coalesce(ranked.segment, 'others') as segment,
        count(*) filter (where ranked.is_first) as cells,
        count(ranked.segment) as covered_cells,
        count(*) filter (where ranked.segments > 1) as overlapping_cells,
        count(*) filter (where not ranked.is_first) as lost_cells,
        coalesce(sum(scored.customers) filter (where ranked.is_first), 0)
            as customers,
        bool_and(ranked.segment is null) as is_gap
    from ranked
    left join scored
        on
            ranked.r = scored.r
            and ranked.f = scored.f
            and ranked.m = scored.m
    group by ranked.model, coalesce(ranked.segment, 'others')
)

select
    model,
    segment,
    cells,
    covered_cells,
    overlapping_cells,
    lost_cells,
    customers,
    cast(customers as double)
    / nullif(sum(customers) over (partition by model), 0) as customer_share,
    is_gap,
    cells > 0 as is_reachable,
    customers > 0 as is_used
from by_segment
