-- Did customers who were drawn into a campaign's treatment do something else
-- than those drawn into its control?
--
-- grain: campaign_id, outcome
-- rows: intermediate.campaign_customers on
--   rows.campaign_id = cell.campaign_id and rows.is_over
--
-- campaign_id          campaign
-- name                 name of the campaign
-- outcome              ordered, sales, kept_sales, returned, complained,
--                      satisfied or nps
-- unit                 share (0 to 1), money (per customer) or points (of NPS)
-- is_guardrail         not what the campaign is for, but must not get worse
-- treatment_customers  customers of the treatment the value is of
-- control_customers    customers of the control
-- treatment_value      share, mean or score of the treatment
-- control_value        of the control
-- difference           treatment_value - control_value
-- difference_lower     lower end of its 95 % interval: Newcombe for shares,
--                      Welch for money, Wald for points
-- difference_upper     upper end
-- uplift_rate          difference / control_value
-- uplift_rate_lower    lower end of its 95 % interval (delta method)
-- uplift_rate_upper    upper end
-- cuped_difference     difference after what the same customers spent before
--                      the draw is taken off (CUPED); for money only
-- cuped_difference_lower  lower end of its 95 % interval
-- cuped_difference_upper  upper end
-- cuped_p_value        p-value of it, two-sided
-- p_value              two-sided: chi-square for shares, Welch for money, z for
--                      points
-- adjusted_p_value     the same, adjusted for the number of outcomes of the
--                      campaign (Benjamini and Hochberg)
-- verdict              no_control, sample_ratio_mismatch, too_few, better,
--                      worse or no_difference
-- has_sample_ratio_mismatch  the arms are not as large as a draw with
--                      $campaign_treatment_share would make them (p < 0.001):
--                      something lost customers of one arm
-- is_higher_better     more of it is what one wants
--
-- Outcomes are those of the $campaign_outcome_days after the draw, of customers
-- for whom these are over: a campaign that has just begun has no rows. Everyone
-- drawn counts, also who was sent or opened nothing. returned is the share of
-- buyers who sent something back, of orders that can no longer come back, and
-- nps and satisfied are of those who answered: who buys or answers may itself
-- differ between the arms. Without a control there is no difference, and the
-- numbers of a treatment alone say nothing about the campaign. Looking every
-- day until something turns up finds something: decide on the day before.
-- Verdicts use adjusted_p_value against $signal_level, and $min_n customers in
-- each arm. Survey weights are not used: tests of differences take every answer
-- alike.

with

-- Theta over both arms together, from the sales of the three stretches before.
thetas as (
    select
        campaign_id,
        cuped_theta(
            cast(sales_amount as double),
            cast(sales_1_amount + sales_2_amount + sales_3_amount as double)
        ) as sales_theta,
        cuped_theta(
            cast(kept_amount as double),
            cast(sales_1_amount + sales_2_amount + sales_3_amount as double)
        ) as kept_theta
    from intermediate.campaign_customers
    where is_over
    group by campaign_id
),

customers as (
    select
        customers.campaign_id,
        customers.is_treatment,
        customers.has_ordered,
        cast(customers.sales_amount as double) as sales,
        cast(customers.kept_amount as double) as kept,
        cast(customers.sales_amount as double)
        - thetas.sales_theta * cast(
            customers.sales_1_amount
            + customers.sales_2_amount
            + customers.sales_3_amount as double
        ) as adjusted_sales,
        cast(customers.kept_amount as double)
        - thetas.kept_theta * cast(
            customers.sales_1_amount
            + customers.sales_2_amount
            + customers.sales_3_amount as double
        ) as adjusted_kept,
        case when customers.mature_orders > 0 then customers.returned_orders > 0
        end as has_returned,
        customers.has_complained,
        customers.is_satisfied,
        customers.nps_score
    from intermediate.campaign_customers as customers
    inner join thetas
        on customers.campaign_id = thetas.campaign_id
    where customers.is_over
),

tested as (
    select
        campaign_id,
        count(*) filter (where is_treatment) as treatment_customers,
        count(*) filter (where not is_treatment) as control_customers,
        count(*) as customers,
        count(*) filter (where is_treatment and has_ordered)
            as treatment_ordered,
        count(*) filter (where not is_treatment and has_ordered)
            as control_ordered,
        prop_test(has_ordered, is_treatment) as ordered,
        uplift_ci(has_ordered, is_treatment) as ordered_uplift,
        t_test_welch(sales, is_treatment) as sales,
        uplift_ci(sales, is_treatment) as sales_uplift,
        t_test_welch(adjusted_sales, is_treatment) as cuped_sales,
        t_test_welch(kept, is_treatment) as kept,
        uplift_ci(kept, is_treatment) as kept_uplift,
        t_test_welch(adjusted_kept, is_treatment) as cuped_kept,
        count(*) filter (where is_treatment and has_returned is not null)
            as treatment_buyers,
        count(*) filter (where not is_treatment and has_returned is not null)
            as control_buyers,
        count(*) filter (where is_treatment and has_returned)
            as treatment_returned,
        count(*) filter (where not is_treatment and has_returned)
            as control_returned,
        prop_test(has_returned, is_treatment) as returned,
        uplift_ci(has_returned, is_treatment) as returned_uplift,
        count(*) filter (where is_treatment and has_complained)
            as treatment_complained,
        count(*) filter (where not is_treatment and has_complained)
            as control_complained,
        prop_test(has_complained, is_treatment) as complained,
        uplift_ci(has_complained, is_treatment) as complained_uplift,
        count(is_satisfied) filter (where is_treatment) as treatment_rated,
        count(is_satisfied) filter (where not is_treatment) as control_rated,
        count(*) filter (where is_treatment and is_satisfied)
            as treatment_satisfied,
        count(*) filter (where not is_treatment and is_satisfied)
            as control_satisfied,
        prop_test(is_satisfied, is_treatment) as satisfied,
        uplift_ci(is_satisfied, is_treatment) as satisfied_uplift,
        count(nps_score) filter (where is_treatment) as treatment_answers,
        count(nps_score) filter (where not is_treatment) as control_answers,
        nps(nps_score) filter (where is_treatment) as treatment_nps,
        nps(nps_score) filter (where not is_treatment) as control_nps,
        nps_test(nps_score, is_treatment) as nps
    from customers
    group by campaign_id
),

-- One row for each outcome; the shares by counts first, since Newcombe's
-- interval is of counts.
shares as (
    select
        campaign_id,
        unnest([
            named_struct(
                'outcome', 'ordered',
                'is_guardrail', false,
                'is_higher_better', true,
                'treatment_n', treatment_customers,
                'treatment_yes', treatment_ordered,
                'control_n', control_customers,
                'control_yes', control_ordered,
                'p_value', ordered['p_value'],
                'uplift', ordered_uplift
            ),
            named_struct(
                'outcome', 'returned',
                'is_guardrail', true,
                'is_higher_better', false,
                'treatment_n', treatment_buyers,
                'treatment_yes', treatment_returned,
                'control_n', control_buyers,
                'control_yes', control_returned,
                'p_value', returned['p_value'],
                'uplift', returned_uplift
            ),
            named_struct(
                'outcome', 'complained',
                'is_guardrail', true,
                'is_higher_better', false,
                'treatment_n', treatment_customers,
                'treatment_yes', treatment_complained,
                'control_n', control_customers,
                'control_yes', control_complained,
                'p_value', complained['p_value'],
                'uplift', complained_uplift
            ),
            named_struct(
                'outcome', 'satisfied',
                'is_guardrail', true,
                'is_higher_better', true,
                'treatment_n', treatment_rated,
                'treatment_yes', treatment_satisfied,
                'control_n', control_rated,
                'control_yes', control_satisfied,
                'p_value', satisfied['p_value'],
                'uplift', satisfied_uplift
            )
        ]) as test
    from tested
),

moneys as (
    select
        campaign_id,
        unnest([
            named_struct(
                'outcome', 'sales',
                'test', sales,
                'cuped', cuped_sales,
                'uplift', sales_uplift
            ),
            named_struct(
                'outcome', 'kept_sales',
                'test', kept,
                'cuped', cuped_kept,
                'uplift', kept_uplift
            )
        ]) as test
    from tested
),

outcomes as (
    select
        campaign_id,
        test['outcome'] as outcome,
        'share' as unit,
        test['is_guardrail'] as is_guardrail,
        test['treatment_n'] as treatment_customers,
        test['control_n'] as control_customers,
        cast(test['treatment_yes'] as double) / nullif(test['treatment_n'], 0)
            as treatment_value,
        cast(test['control_yes'] as double) / nullif(test['control_n'], 0)
            as control_value,
        prop_diff_ci(
            test['treatment_yes'],
            test['treatment_n'],
            test['control_yes'],
            test['control_n']
        )['diff'] as difference,
        prop_diff_ci(
            test['treatment_yes'],
            test['treatment_n'],
            test['control_yes'],
            test['control_n']
        )['lower'] as difference_lower,
        prop_diff_ci(
            test['treatment_yes'],
            test['treatment_n'],
            test['control_yes'],
            test['control_n']
        )['upper'] as difference_upper,
        test['uplift']['uplift'] as uplift_rate,
        test['uplift']['lower'] as uplift_rate_lower,
        test['uplift']['upper'] as uplift_rate_upper,
        cast(null as double) as cuped_difference,
        cast(null as double) as cuped_difference_lower,
        cast(null as double) as cuped_difference_upper,
        cast(null as double) as cuped_p_value,
        test['p_value'] as p_value,
        test['is_higher_better'] as is_higher_better
    from shares
    union all
    select
        campaign_id,
        test['outcome'] as outcome,
        'money' as unit,
        false as is_guardrail,
        test['test']['n_treatment'] as treatment_customers,
        test['test']['n_control'] as control_customers,
        test['test']['mean_treatment'] as treatment_value,
        test['test']['mean_control'] as control_value,
        test['test']['diff'] as difference,
        test['test']['lower'] as difference_lower,
        test['test']['upper'] as difference_upper,
        test['uplift']['uplift'] as uplift_rate,
        test['uplift']['lower'] as uplift_rate_lower,
        test['uplift']['upper'] as uplift_rate_upper,
        test['cuped']['diff'] as cuped_difference,
        test['cuped']['lower'] as cuped_difference_lower,
        test['cuped']['upper'] as cuped_difference_upper,
        test['cuped']['p_value'] as cuped_p_value,
        test['test']['p_value'] as p_value,
        true as is_higher_better
    from moneys
    union all
    select
        campaign_id,
        'nps' as outcome,
        'points' as unit,
        true as is_guardrail,
        treatment_answers as treatment_customers,
        control_answers as control_customers,
        treatment_nps as treatment_value,
        control_nps as control_value,
        nps['diff'] as difference,
        nps['lower'] as difference_lower,
        nps['upper'] as difference_upper,
        null as uplift_rate,
        null as uplift_rate_lower,
        null as uplift_rate_upper,
        null as cuped_difference,
        null as cuped_difference_lower,
        null as cuped_difference_upper,
        null as cuped_p_value,
        nps['p_value'] as p_value,
        true as is_higher_better
    from tested
),

-- Wilson's interval is the chi-square test turned round: a planned share
-- outside of that of 99.9 % is one with p < 0.001.
arms as (
    select
        campaign_id,
        control_customers = 0 as is_without_control,
        coalesce(
            $campaign_treatment_share < proportion_ci(
                treatment_customers, customers, 'wilson', 0.999
            )['lower']
            or $campaign_treatment_share > proportion_ci(
                treatment_customers, customers, 'wilson', 0.999
            )['upper'],
            false
        ) as has_sample_ratio_mismatch
    from tested
),

adjusted as (
    select
        *,
        p_adjust(p_value) over (partition by campaign_id) as adjusted_p_value
    from outcomes
)

select
    adjusted.campaign_id,
    campaigns.name,
    adjusted.outcome,
    adjusted.unit,
    adjusted.is_guardrail,
    adjusted.treatment_customers,
    adjusted.control_customers,
    adjusted.treatment_value,
    adjusted.control_value,
    adjusted.difference,
    adjusted.difference_lower,
    adjusted.difference_upper,
    adjusted.uplift_rate,
    adjusted.uplift_rate_lower,
    adjusted.uplift_rate_upper,
    adjusted.cuped_difference,
    adjusted.cuped_difference_lower,
    adjusted.cuped_difference_upper,
    adjusted.cuped_p_value,
    adjusted.p_value,
    adjusted.adjusted_p_value,
    case
        when arms.is_without_control then 'no_control'
        when arms.has_sample_ratio_mismatch then 'sample_ratio_mismatch'
        when
            least(adjusted.treatment_customers, adjusted.control_customers)
            < $min_n
            then 'too_few'
        when
            adjusted.adjusted_p_value < $signal_level
            and (adjusted.difference > 0) = adjusted.is_higher_better
            then 'better'
        when adjusted.adjusted_p_value < $signal_level then 'worse'
        else 'no_difference'
    end as verdict,
    arms.has_sample_ratio_mismatch,
    adjusted.is_higher_better
from adjusted
inner join arms
    on adjusted.campaign_id = arms.campaign_id
left join staging.campaigns
    on adjusted.campaign_id = campaigns.campaign_id
