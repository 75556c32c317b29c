-- After how many days without a purchase is a customer at risk, after how many
-- gone?
--
-- grain: one row
--
-- at_risk_days            from here on at risk, by $churn_method; as recorded
--                         gaps say for `population` and `own`, else fixed
-- churned_days            from here on gone, the same way
-- is_population           the two come from the gaps, not from the settings
-- population_at_risk_days  day by which $churn_at_risk_share of the customers
--                         who come back within $churn_horizon_days have done so
-- population_churned_days  the same for $churn_churned_share
-- median_return_days      the same for half of them
-- returning_share         share of gaps that end within $churn_horizon_days
-- gaps                    gaps, open ones too
-- closed_gaps             of those, ended by a purchase
--
-- Gaps still open count for as long as they have lasted (Kaplan-Meier). Many
-- never end, so that 80 % of all gaps may never be reached: the shares are
-- of those that end within the horizon. Where none has, the fixed days of
-- $churn_at_risk_days and $churn_churned_days stand in. No row without
-- purchases.

with

curve as (
    select
        count(*) as gaps,
        count(*) filter (where is_closed) as closed_gaps,
        unnest(km_survival(gap_days, is_closed)) as point
    from intermediate.gaps_between_purchases
),

-- The last point within the horizon says how many come back at all.
returned as (
    select
        gaps,
        closed_gaps,
        cast(point['time'] as bigint) as gap_days,
        case
            when point['time'] <= $churn_horizon_days
                then 1 - point['survival']
        end as returned_share,
        max(
            case
                when point['time'] <= $churn_horizon_days
                    then 1 - point['survival']
            end
        ) over () as returning_share
    from curve
),

-- Shares that are reached exactly must not be missed for their last digit.
thresholds as (
    select
        max(gaps) as gaps,
        max(closed_gaps) as closed_gaps,
        max(returning_share) as returning_share,
        min(gap_days) filter (
            where
            returned_share > 0
            and returned_share >= 0.5 * returning_share - 1e-9
        ) as median_return_days,
        min(gap_days) filter (
            where
            returned_share > 0
            and returned_share
            >= $churn_at_risk_share * returning_share - 1e-9
        ) as population_at_risk_days,
        min(gap_days) filter (
            where
            returned_share > 0
            and returned_share
            >= $churn_churned_share * returning_share - 1e-9
        ) as population_churned_days
    from returned
    having count(*) > 0
)

select
    case
        when $churn_method = 'fixed' then $churn_at_risk_days
        else coalesce(population_at_risk_days, $churn_at_risk_days)
    end as at_risk_days,
    case
        when $churn_method = 'fixed' then $churn_churned_days
        else coalesce(population_churned_days, $churn_churned_days)
    end as churned_days,
    $churn_method <> 'fixed' and population_at_risk_days is not null
        as is_population,
    population_at_risk_days,
    population_churned_days,
    median_return_days,
    returning_share,
    gaps,
    closed_gaps
from thresholds
