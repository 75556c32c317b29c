-- Repeat purchase by month of the first purchase: the last thirteen cohorts.
--
-- drill: marts.retention_by_cohort

select
    cast(cohort_month as date) as cohort_month,
    months_since,
    cohort_customers,
    retention_rate
from retention_by_cohort
where months_since between 1 and 12
    and retention_rate is not null
    and is_complete
    and cast(cohort_month as date) >= $as_of - interval '14 months'
order by cohort_month, months_since
