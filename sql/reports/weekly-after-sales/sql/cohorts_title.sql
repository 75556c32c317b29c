-- First-month repurchase of the newest complete cohort against those before.

with

first_months as (
    select
        cohort_month,
        cohort_customers,
        retention_rate
    from cohorts
    where months_since = 1
),

newest as (
    select max(cohort_month) as cohort_month
    from first_months
),

latest as (
    select
        newest.cohort_month,
        first_months.retention_rate
    from newest
    left join first_months on newest.cohort_month = first_months.cohort_month
),

past as (
    select
        sum(first_months.retention_rate * first_months.cohort_customers)
        / sum(first_months.cohort_customers) as retention_rate
    from first_months
    inner join newest on first_months.cohort_month < newest.cohort_month
)

select
    case
        when latest.retention_rate is null then 'Repeat purchase by cohort'
        when past.retention_rate is null
            then concat('First-month repurchase is ', cast(round(100 * latest.retention_rate, 1) as varchar), '%')
        else concat(
            'First-month repurchase is ', cast(round(100 * latest.retention_rate, 1) as varchar),
            '% in the newest cohort, ', cast(round(100 * past.retention_rate, 1) as varchar), '% before'
        )
    end as text,
    case
        when latest.retention_rate is null then '复购同期群'
        when past.retention_rate is null
            then concat('首月复购率 ', cast(round(100 * latest.retention_rate, 1) as varchar), '%')
        else concat(
            '最新同期群首月复购率 ', cast(round(100 * latest.retention_rate, 1) as varchar),
            '%，此前为 ', cast(round(100 * past.retention_rate, 1) as varchar), '%'
        )
    end as text_zh
from latest
cross join past
