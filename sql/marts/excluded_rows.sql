-- How many rows are left out of the measures or corrected, and by which rule?
--
-- grain: table_name, rule
--
-- table_name  canonical table
-- rule        code of the rule, see sql/README.md
-- treatment   excluded: in no measure; corrected: counted after a correction;
--             unattributed: in sales, but in no measure of customers
-- rows        rows it applies to
-- share       of the rows of the table before the report day
--
-- A row is counted under the first rule that excludes it, and under each rule
-- that corrects it. Rules that apply to no row have no row here. Of shifts,
-- lines and parcels there is no history: they are counted as they are now.

with

-- Ratings carry no time: those of answers after the report day are not there.
answered as (
    select distinct response_id
    from staging.surveys
    where responded_at is not null
),

-- Each table is read once; what follows has one row for each combination of
-- rules that occurs.
counted as (
    select
        'orders' as table_name,
        problem as excluded_by,
        case when problem is null and customer_id is null then 'guest' end
            as unattributed_by,
        cast(null as varchar) as quantity_corrected_by,
        cast(null as varchar) as reason_corrected_by,
        count(*) as rows
    from staging.orders
    group by problem, problem is null and customer_id is null
    union all
    select
        'order_items' as table_name,
        problem as excluded_by,
        null as unattributed_by,
        null as quantity_corrected_by,
        null as reason_corrected_by,
        count(*) as rows
    from staging.order_items
    group by problem
    union all
    select
        'shipments' as table_name,
        problem as excluded_by,
        null as unattributed_by,
        null as quantity_corrected_by,
        null as reason_corrected_by,
        count(*) as rows
    from staging.shipments
    group by problem
    union all
    select
        'returns' as table_name,
        problem as excluded_by,
        null as unattributed_by,
        case when is_over_quantity then 'more_than_sold' end
            as quantity_corrected_by,
        case when is_reason_unknown then 'unknown_reason' end
            as reason_corrected_by,
        count(*) as rows
    from intermediate.returns_with_lines
    group by problem, is_over_quantity, is_reason_unknown
    union all
    select
        'refunds' as table_name,
        problem as excluded_by,
        null as unattributed_by,
        null as quantity_corrected_by,
        null as reason_corrected_by,
        count(*) as rows
    from staging.refunds
    group by problem
    union all
    select
        'surveys' as table_name,
        problem as excluded_by,
        null as unattributed_by,
        null as quantity_corrected_by,
        null as reason_corrected_by,
        count(*) as rows
    from staging.surveys
    group by problem
    union all
    select
        'repairs' as table_name,
        problem as excluded_by,
        null as unattributed_by,
        null as quantity_corrected_by,
        null as reason_corrected_by,
        count(*) as rows
    from staging.repairs
    group by problem
    union all
    select
        'survey_drivers' as table_name,
        drivers.problem as excluded_by,
        null as unattributed_by,
        null as quantity_corrected_by,
        null as reason_corrected_by,
        count(*) as rows
    from staging.survey_drivers as drivers
    inner join answered
        on drivers.response_id = answered.response_id
    group by drivers.problem
    union all
    select
        'interactions' as table_name,
        problem as excluded_by,
        null as unattributed_by,
        null as quantity_corrected_by,
        null as reason_corrected_by,
        count(*) as rows
    from staging.interactions
    group by problem
    union all
    select
        'actions' as table_name,
        problem as excluded_by,
        null as unattributed_by,
        null as quantity_corrected_by,
        null as reason_corrected_by,
        count(*) as rows
    from staging.actions
    group by problem
    union all
    select
        'assignments' as table_name,
        problem as excluded_by,
        null as unattributed_by,
        null as quantity_corrected_by,
        null as reason_corrected_by,
        count(*) as rows
    from staging.assignments
    group by problem
    union all
    select
        'shifts' as table_name,
        problem as excluded_by,
        null as unattributed_by,
        null as quantity_corrected_by,
        null as reason_corrected_by,
        count(*) as rows
    from staging.shifts
    group by problem
    union all
    select
        'cost_rates' as table_name,
        problem as excluded_by,
        null as unattributed_by,
        null as quantity_corrected_by,
        null as reason_corrected_by,
        count(*) as rows
    from staging.cost_rates
    group by problem
    union all
    select
        'fx_rates' as table_name,
        problem as excluded_by,
        null as unattributed_by,
        null as quantity_corrected_by,
        null as reason_corrected_by,
        count(*) as rows
    from staging.fx_rates
    group by problem
),

applied as (
    select
        table_name,
        unnest([
            named_struct('rule', excluded_by, 'treatment', 'excluded'),
            named_struct('rule', unattributed_by, 'treatment', 'unattributed'),
            named_struct(
                'rule', quantity_corrected_by, 'treatment', 'corrected'
            ),
            named_struct('rule', reason_corrected_by, 'treatment', 'corrected')
        ]) as applied,
        rows,
        sum(rows) over (partition by table_name) as table_rows
    from counted
)

select
    table_name,
    applied['rule'] as rule,
    applied['treatment'] as treatment,
    sum(rows) as rows,
    cast(sum(rows) as double) / table_rows as share
from applied
where applied['rule'] is not null
group by table_name, table_rows, applied['rule'], applied['treatment']
