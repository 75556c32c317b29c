-- How did the customers of a campaign change from before it to after it, and
-- did those of the control change alike?
--
-- grain: campaign_id, outcome
-- rows: intermediate.campaign_customers on
--   rows.campaign_id = cell.campaign_id and rows.is_over
--
-- campaign_id          campaign
-- name                 name of the campaign
-- outcome              ordered, sales or complained
-- unit                 share (0 to 1) or money (per customer)
-- treatment_customers  customers of the treatment
-- control_customers    customers of the control
-- treatment_before     share or mean of the treatment, before
-- treatment_after      after
-- control_before       share or mean of the control, before
-- control_after        after
-- paired_change        treatment_after - treatment_before: no effect, see below
-- paired_p_value       its two-sided p-value: Student's paired for money,
--                      McNemar's exact for shares
-- did_change           change of the treatment beyond that of the control
--                      (difference in differences)
-- did_change_lower     lower end of its 95 % interval, by customer
-- did_change_upper     upper end
-- did_p_value          its two-sided p-value
-- trend_change         the same from the third stretch before the draw to the
--                      one right before it: a change that no campaign made
-- trend_p_value        its two-sided p-value
-- is_trend_parallel    trend_p_value is not below $signal_level: the arms
--                      moved alike before, as did_change needs
-- is_controlled        there is a control: without one, paired_change is the
--                      only number, and no evidence of an effect
--
-- After is the $campaign_outcome_days from the draw on, before as many days
-- before it, of customers for whom all are over. Customers who are addressed
-- because they bought little, or much, return to the mean by themselves, which
-- paired_change takes for a change and did_change does not. Where nobody
-- changed there is no p-value. Survey weights are not used: tests of
-- differences take every answer alike.

with

customers as (
    select
        *,
        cast(sales_amount as double) as sales,
        cast(sales_1_amount as double) as sales_1,
        cast(sales_3_amount as double) as sales_3,
        cast(has_ordered as double) as ordered,
        cast(has_ordered_1 as double) as ordered_1,
        cast(has_ordered_3 as double) as ordered_3,
        cast(has_complained as double) as complained,
        cast(has_complained_1 as double) as complained_1,
        cast(has_complained_3 as double) as complained_3
    from intermediate.campaign_customers
    where is_over
),

-- One row for each customer, outcome and end of a comparison, as did takes
-- them. Three outcomes, two ends, two comparisons: twelve rows a customer.
outcomes as (
    select
        campaign_id,
        customer_id,
        is_treatment,
        unnest([
            named_struct(
                'outcome', 'ordered',
                'before', ordered_1,
                'after', ordered,
                'earlier', ordered_3
            ),
            named_struct(
                'outcome', 'sales',
                'before', sales_1,
                'after', sales,
                'earlier', sales_3
            ),
            named_struct(
                'outcome', 'complained',
                'before', complained_1,
                'after', complained,
                'earlier', complained_3
            )
        ]) as change
    from customers
),

changes as (
    select
        campaign_id,
        change['outcome'] as outcome,
        count(*) filter (where is_treatment) as treatment_customers,
        count(*) filter (where not is_treatment) as control_customers,
        avg(change['before']) filter (where is_treatment) as treatment_before,
        avg(change['after']) filter (where is_treatment) as treatment_after,
        avg(change['before']) filter (where not is_treatment)
            as control_before,
        avg(change['after']) filter (where not is_treatment) as control_after,
        t_test_paired(change['before'], change['after'])
        filter (where is_treatment) as paired,
        mcnemar(change['before'] > 0, change['after'] > 0)
        filter (where is_treatment) as changed
    from outcomes
    group by campaign_id, change['outcome']
),

ends as (
    select
        campaign_id,
        customer_id,
        is_treatment,
        change['outcome'] as outcome,
        unnest([
            named_struct(
                'is_post', false,
                'value', change['before'],
                'trend', change['earlier']
            ),
            named_struct(
                'is_post', true,
                'value', change['after'],
                'trend', change['before']
            )
        ]) as point
    from outcomes
),

differences as (
    select
        campaign_id,
        outcome,
        did(point['value'], is_treatment, point['is_post'], customer_id)
            as change,
        did(point['trend'], is_treatment, point['is_post'], customer_id)
            as trend
    from ends
    group by campaign_id, outcome
)

select
    changes.campaign_id,
    campaigns.name,
    changes.outcome,
    case when changes.outcome = 'sales' then 'money' else 'share' end as unit,
    changes.treatment_customers,
    changes.control_customers,
    changes.treatment_before,
    changes.treatment_after,
    changes.control_before,
    changes.control_after,
    changes.paired['diff'] as paired_change,
    case
        when changes.outcome = 'sales' then changes.paired['p_value']
        else changes.changed['p_exact']
    end as paired_p_value,
    differences.change['did'] as did_change,
    differences.change['lower'] as did_change_lower,
    differences.change['upper'] as did_change_upper,
    differences.change['p_value'] as did_p_value,
    differences.trend['did'] as trend_change,
    differences.trend['p_value'] as trend_p_value,
    case
        when differences.trend['did'] is not null
            then coalesce(
                differences.trend['p_value'] >= $signal_level,
                differences.trend['did'] = 0
            )
    end as is_trend_parallel,
    changes.control_customers > 0 as is_controlled
from changes
inner join differences
    on
        changes.campaign_id = differences.campaign_id
        and changes.outcome = differences.outcome
left join staging.campaigns
    on changes.campaign_id = campaigns.campaign_id
