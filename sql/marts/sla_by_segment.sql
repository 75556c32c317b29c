-- Are the promises of the service desk kept to each segment of customers?
--
-- grain: segment
--
-- segment                      RFM segment of the customer today; none for
--                              customers without a score, guest for cases
--                              without a customer
-- tickets                      cases opened
-- first_response_met_tickets   replied to within the promise
-- first_response_due_tickets   replied to, or waiting for longer than promised
-- first_response_met_rate      first_response_met_tickets /
--                              first_response_due_tickets
-- first_response_met_lower     lower end of its 95 % Wilson interval
-- first_response_met_upper     upper end
-- first_response_median_hours  median hours to the first reply of a person;
--                              cases still waiting count for as long as they
--                              have waited
-- first_response_target_hours  promise for the first reply, mean of the cases
-- resolution_met_tickets       solved for good within the promise
-- resolution_due_tickets       solved, or open for longer than promised
-- resolution_met_rate          resolution_met_tickets / resolution_due_tickets
-- resolution_met_lower         lower end of its 95 % Wilson interval
-- resolution_met_upper         upper end
-- resolution_median_hours      median hours to the last solution; open cases
--                              count for as long as they have been open
-- resolution_target_hours      promise for the solution, mean of the cases
-- not_due_tickets              open cases whose promise for the solution can
--                              still be kept: in no rate of solutions
-- csat                         satisfied / csat_answers: last valid answer
--                              about each case
-- csat_lower                   lower end of its 95 % Wilson interval
-- csat_upper                   upper end
-- csat_answers                 cases with a valid answer
-- is_enough                    at least $min_n cases: below, compare nothing
--
-- Cases opened in the $support_window_days days before the report day, against
-- the promises of intermediate.sla_targets. Promises run in the hours of the
-- team unless sla_in_business_hours is false, and stand still while a solution
-- waits for the customer; the medians are on the clock of the wall. A broken
-- promise counts although the case is still open. First replies are judged of
-- people only. Segments are those of the report day. In cells11 champions and
-- most loyal_customers are those who buy often; others who do are spread over
-- the segments by recency and value. csat counts cases, each once: survey
-- weights are not used, and cases of one customer count as independent.

with

segments as (
    select
        customer_id,
        segment
    from marts.rfm
),

tickets as (
    select
        tickets.*,
        case
            when tickets.customer_id is null then 'guest'
            else coalesce(segments.segment, 'none')
        end as segment
    from marts.tickets as tickets
    left join segments
        on tickets.customer_id = segments.customer_id
    where tickets.created_at >= $support_window_start_at
),

measured as (
    select
        segment,
        count(*) as tickets,
        count(*) filter (where is_first_response_met) as first_response_met,
        count(is_first_response_met) as first_response_due,
        km_quantile(response_wait_hours, first_reply_at is not null, 0.5)
        filter (where not is_bot_contained) as response_median,
        avg(first_response_target_hours) as first_response_target_hours,
        count(*) filter (where is_resolution_met) as resolution_met,
        count(is_resolution_met) as resolution_due,
        km_quantile(resolution_wait_hours, not is_open, 0.5)
            as resolution_median,
        avg(resolution_target_hours) as resolution_target_hours,
        count(*) filter (where is_open and is_resolution_met is null)
            as not_due_tickets,
        count(*) filter (where is_satisfied) as satisfied,
        count(is_satisfied) as csat_answers
    from tickets
    group by segment
),

with_intervals as (
    select
        *,
        proportion_ci(first_response_met, first_response_due)
            as response_interval,
        proportion_ci(resolution_met, resolution_due) as resolution_interval,
        proportion_ci(satisfied, csat_answers) as csat_interval
    from measured
)

select
    segment,
    tickets,
    first_response_met as first_response_met_tickets,
    first_response_due as first_response_due_tickets,
    cast(first_response_met as double) / nullif(first_response_due, 0)
        as first_response_met_rate,
    response_interval['lower'] as first_response_met_lower,
    response_interval['upper'] as first_response_met_upper,
    response_median['time'] as first_response_median_hours,
    first_response_target_hours,
    resolution_met as resolution_met_tickets,
    resolution_due as resolution_due_tickets,
    cast(resolution_met as double) / nullif(resolution_due, 0)
        as resolution_met_rate,
    resolution_interval['lower'] as resolution_met_lower,
    resolution_interval['upper'] as resolution_met_upper,
    resolution_median['time'] as resolution_median_hours,
    resolution_target_hours,
    not_due_tickets,
    cast(satisfied as double) / nullif(csat_answers, 0) as csat,
    csat_interval['lower'] as csat_lower,
    csat_interval['upper'] as csat_upper,
    csat_answers,
    tickets >= $min_n as is_enough
from with_intervals
