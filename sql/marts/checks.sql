-- Does the data keep what is promised of it, rule by rule?
--
-- grain: table_name, rule
--
-- table_name         canonical table
-- rule               what is checked: a rule of data_quality or of
--                    staging.unusable_rows, or one of those below
-- kind               as in data_quality; freshness, completeness or coverage
-- rows_checked       rows looked at; shops of freshness, days of shops of
--                    completeness, months of coverage
-- failed             of those, break the rule
-- failed_share       failed / rows_checked
-- warn_above_share   share above which the verdict is warn; NULL never
-- error_above_share  share above which the verdict is error; NULL never
-- verdict            ok, warn or error; off where intermediate.check_rules has
--                    no threshold; absent where the source has nothing to check
-- sample_keys        the first and the last key that breaks the rule
--
-- stale: shops whose rows stopped. Gaps of data_gaps that reach the report day,
-- and gaps of more than one and a half times the longest of the year, of shops
-- with $min_n rows; a shop without a row since $sales_window_start is closed.
-- missing_days and thin_days: the other gaps of data_gaps. incomplete_days:
-- shops of whose days a smaller share has rows than before (is_incomplete of
-- data_freshness). empty_month: months without a row since the first;
-- month_far_below: months with far fewer rows a day than the others, a modified
-- z-score below -3.5. Neither looks at the first or the unfinished month.
--
-- absent: the column is empty in every row, or the table a key points to has no
-- rows. That a mapped table has none is told by the program, not here.
--
-- Cannot be replayed: copies and rows of tables without an event of their own
-- are counted as the lake holds them now.

with

own as (
    select
        table_name,
        rule,
        kind,
        rows_checked,
        failed,
        sample_keys
    from marts.data_quality
    union all
    select
        table_name,
        rule,
        kind,
        rows_checked,
        failed,
        case
            when first_key = last_key then first_key
            when first_key <> last_key then concat(first_key, ', ', last_key)
        end as sample_keys
    from staging.unusable_rows
),

-- Gaps of a shop; those that go on count as stale instead.
gaps as (
    select
        table_name,
        shop,
        bool_or(kind = 'missing' and is_trailing) as is_silent,
        sum(days) filter (where kind = 'missing' and not is_trailing)
            as missing_days,
        min(concat(shop, ' ', first_date, ' to ', last_date))
            filter (where kind = 'missing' and not is_trailing)
            as first_missing,
        max(concat(shop, ' ', first_date, ' to ', last_date))
            filter (where kind = 'missing' and not is_trailing)
            as last_missing,
        sum(days) filter (where kind = 'thin') as thin_days,
        min(concat(shop, ' ', first_date, ' to ', last_date))
            filter (where kind = 'thin') as first_thin,
        max(concat(shop, ' ', first_date, ' to ', last_date))
            filter (where kind = 'thin') as last_thin
    from marts.data_gaps
    group by table_name, shop
),

shops as (
    select
        freshness.table_name,
        freshness.shop,
        freshness.window_days,
        freshness.is_incomplete,
        coalesce(gaps.is_silent, false)
        or (
            freshness.is_stale
            and freshness.rows >= $min_n
            and freshness.gap_days
            > 1.5 * greatest(coalesce(freshness.usual_gap_days, 0), 1)
        ) as is_stale,
        gaps.missing_days,
        gaps.first_missing,
        gaps.last_missing,
        gaps.thin_days,
        gaps.first_thin,
        gaps.last_thin
    from marts.data_freshness as freshness
    left join gaps
        on
            freshness.table_name = gaps.table_name
            and freshness.shop = gaps.shop
    where freshness.last_at >= $sales_window_start_at
),

by_table as (
    select
        table_name,
        count(*) as shops,
        sum(window_days) as shop_days,
        count(*) filter (where is_stale) as stale,
        min(shop) filter (where is_stale) as first_stale,
        max(shop) filter (where is_stale) as last_stale,
        count(*) filter (where is_incomplete) as incomplete,
        min(shop) filter (where is_incomplete) as first_incomplete,
        max(shop) filter (where is_incomplete) as last_incomplete,
        coalesce(sum(missing_days), 0) as missing_days,
        min(first_missing) as first_missing,
        max(last_missing) as last_missing,
        coalesce(sum(thin_days), 0) as thin_days,
        min(first_thin) as first_thin,
        max(last_thin) as last_thin
    from shops
    group by table_name
),

arrivals as (
    select
        table_name,
        unnest([
            named_struct(
                'rule', 'stale',
                'kind', 'freshness',
                'rows_checked', shops,
                'failed', stale,
                'first_key', first_stale,
                'last_key', last_stale
            ),
            named_struct(
                'rule', 'incomplete_days',
                'kind', 'completeness',
                'rows_checked', shops,
                'failed', incomplete,
                'first_key', first_incomplete,
                'last_key', last_incomplete
            ),
            named_struct(
                'rule', 'missing_days',
                'kind', 'completeness',
                'rows_checked', shop_days,
                'failed', missing_days,
                'first_key', first_missing,
                'last_key', last_missing
            ),
            named_struct(
                'rule', 'thin_days',
                'kind', 'completeness',
                'rows_checked', shop_days,
                'failed', thin_days,
                'first_key', first_thin,
                'last_key', last_thin
            )
        ]) as result
    from by_table
),

-- Whole months: neither that of the first row nor that of the report day.
months as (
    select
        table_name,
        month,
        rows,
        modified_zscore(rows_per_day) over (partition by table_name) as score
    from (
        select
            table_name,
            month,
            rows,
            rows_per_day,
            is_complete,
            min(month) over (partition by table_name) as first_month
        from marts.data_coverage
    ) as coverage
    where
        is_complete
        and month > first_month
),

coverage as (
    select
        table_name,
        unnest([
            named_struct(
                'rule', 'empty_month',
                'kind', 'coverage',
                'rows_checked', count(*),
                'failed', count(*) filter (where rows = 0),
                'first_key', cast(
                    min(month) filter (where rows = 0) as varchar
                ),
                'last_key', cast(
                    max(month) filter (where rows = 0) as varchar
                )
            ),
            named_struct(
                'rule', 'month_far_below',
                'kind', 'coverage',
                'rows_checked', count(*),
                'failed', count(*) filter (where rows > 0 and score < -3.5),
                'first_key', cast(
                    min(month) filter (where rows > 0 and score < -3.5)
                    as varchar
                ),
                'last_key', cast(
                    max(month) filter (where rows > 0 and score < -3.5)
                    as varchar
                )
            )
        ]) as result
    from months
    group by table_name
),

checked as (
    select
        table_name,
        rule,
        kind,
        rows_checked,
        failed,
        sample_keys
    from own
    union all
    select
        table_name,
        result['rule'] as rule,
        result['kind'] as kind,
        result['rows_checked'] as rows_checked,
        result['failed'] as failed,
        case
            when result['first_key'] = result['last_key']
                then result['first_key']
            else concat(result['first_key'], ', ', result['last_key'])
        end as sample_keys
    from (
        select
            table_name,
            result
        from arrivals
        union all
        select
            table_name,
            result
        from coverage
    ) as results
),

-- The table a key of an orphan points to.
parents as (
    select
        checked.*,
        case checked.rule
            when 'unknown_customer' then 'customers'
            when 'unknown_sku' then 'products'
            when 'unknown_shop' then 'shops'
            when 'unknown_order' then 'orders'
            when 'unknown_return' then 'returns'
            when 'unknown_campaign' then 'campaigns'
        end as parent
    from checked
),

-- no_key is a rule of every table that has rows.
present as (
    select table_name as present_table
    from staging.unusable_rows
    where rule = 'no_key'
),

thresholds as (
    select
        rule,
        table_name,
        max(threshold_share) filter (where level = 'warn') as warn_above_share,
        max(threshold_share) filter (where level = 'error')
            as error_above_share
    from intermediate.check_rules
    group by rule, table_name
),

-- All of a row of thresholds or nothing of it.
judged as (
    select
        parents.table_name,
        parents.rule,
        parents.kind,
        parents.rows_checked,
        parents.failed,
        cast(parents.failed as double) / nullif(parents.rows_checked, 0)
            as failed_share,
        case
            when by_table.rule is not null then by_table.warn_above_share
            when by_rule.rule is not null then by_rule.warn_above_share
            else by_any.warn_above_share
        end as warn_above_share,
        case
            when by_table.rule is not null then by_table.error_above_share
            when by_rule.rule is not null then by_rule.error_above_share
            else by_any.error_above_share
        end as error_above_share,
        parents.failed = parents.rows_checked
        and parents.kind = 'missing'
        and parents.rule not in ('no_key', 'no_time', 'no_value')
        or (parents.parent is not null and present.present_table is null)
            as is_absent,
        parents.sample_keys
    from parents
    left join present
        on parents.parent = present.present_table
    left join thresholds as by_table
        on
            parents.rule = by_table.rule
            and parents.table_name = by_table.table_name
    left join thresholds as by_rule
        on
            parents.rule = by_rule.rule
            and by_rule.table_name = 'any'
    left join thresholds as by_any
        on
            by_any.rule = 'any'
            and by_any.table_name = 'any'
)

select
    table_name,
    rule,
    kind,
    rows_checked,
    failed,
    failed_share,
    warn_above_share,
    error_above_share,
    case
        when is_absent then 'absent'
        when warn_above_share is null and error_above_share is null then 'off'
        when failed_share > error_above_share then 'error'
        when failed_share > warn_above_share then 'warn'
        else 'ok'
    end as verdict,
    case when failed > 0 then sample_keys end as sample_keys
from judged
