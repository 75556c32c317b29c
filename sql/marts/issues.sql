-- What do customers turn to the service desk about, and what does it do to
-- them?
--
-- grain: issue_type
-- rows: marts.tickets on
--   rows.issue_type = cell.issue_type
--   and rows.created_at >= $support_window_start_at
--
-- issue_type        what the cases are about
-- label_en          what a page calls it in English
-- label_zh          what a page calls it in Chinese
-- severity          1 a question, 2 a nuisance, 3 money or use of the goods
--                   lost
-- rank              1 for the most frequent; ties in the order of the codes
-- tickets           cases opened
-- share             of all cases
-- cumulative_share  share of this issue and all before it
-- complaint_share   complaints / tickets
-- agent_hours       hours agents worked on them, of the cases that say so; NULL
--                   where none does
-- agent_cost_amount  agent_hours at $agent_minute_cost; NULL without either
-- costed_share      share of the cases with minutes of work
-- customers         known customers with such a case
-- csat              satisfied / csat_answers about these cases
-- csat_lower        lower end of its 95 % Wilson interval
-- csat_upper        upper end
-- csat_answers      cases with a valid answer
-- csat_impact       csat of all cases less that of all others: what these cases
--                   take off it, in shares
-- nps               net promoter score of the customers with such a case, last
--                   answer to $nps_scope, given after the case was opened, with
--                   its weight, in points
-- nps_lower         lower end of its 95 % interval (adjusted Wald)
-- nps_upper         upper end
-- nps_answers       customers with such an answer
-- other_nps         score of the other customers who ever answered, weighted
-- nps_impact        share of these answers in the weight of all * (nps -
--                   other_nps): points by which the score of all is higher than
--                   that of the others
-- is_avoidable      nobody would ask if it had gone as promised
-- is_enough         at least $min_n cases
--
-- Cases opened in the $support_window_days days before the report day. Impacts
-- compare who had the issue with who had not: a description, not an effect.
-- Other costs of a case (refunds, shipping) are booked on returns and orders,
-- and not here. A customer has one voice in nps, so that its interval needs no
-- allowance for repeated answers; csat counts cases, each once, and knows
-- neither weights nor that cases of one customer are alike.

with

-- First by customer, so that a customer with two cases speaks once; guests are
-- one row without a customer.
by_customer as (
    select
        issue_type,
        customer_id,
        count(*) as tickets,
        count(*) filter (where is_complaint) as complaints,
        sum(handle_minutes) as handle_minutes,
        count(handle_minutes) as handled_tickets,
        count(*) filter (where is_satisfied) as satisfied,
        count(is_satisfied) as csat_answers,
        min(created_at) as first_created_at
    from marts.tickets
    where created_at >= $support_window_start_at
    group by issue_type, customer_id
),

with_answers as (
    select
        by_customer.*,
        case
            when answers.nps_answered_at >= by_customer.first_created_at
                then answers.nps_score
        end as nps_score,
        answers.nps_weight
    from by_customer
    left join intermediate.last_answers_by_customer as answers
        on by_customer.customer_id = answers.customer_id
),

by_issue as (
    select
        issue_type,
        sum(tickets) as tickets,
        sum(complaints) as complaints,
        sum(handle_minutes) as handle_minutes,
        sum(handled_tickets) as handled_tickets,
        sum(satisfied) as satisfied,
        sum(csat_answers) as csat_answers,
        count(customer_id) as customers,
        nps(nps_score, nps_weight) as nps,
        nps_ci(nps_score, 'adjusted_wald', 0.95, nps_weight) as nps_interval,
        count(nps_score) as nps_answers,
        -- Decimal, so that all less these leaves no rounding behind.
        sum(cast(nps_weight as decimal(30, 15))) filter (
            where nps_score is not null
        ) as weight,
        sum(cast(nps_weight as decimal(30, 15))) filter (
            where nps_score >= 9
        ) as promoter_weight,
        sum(cast(nps_weight as decimal(30, 15))) filter (
            where nps_score <= 6
        ) as detractor_weight
    from with_answers
    group by issue_type
),

everybody as (
    select
        sum(cast(nps_weight as decimal(30, 15))) as all_weight,
        sum(cast(nps_weight as decimal(30, 15))) filter (
            where nps_score >= 9
        ) as all_promoter_weight,
        sum(cast(nps_weight as decimal(30, 15))) filter (
            where nps_score <= 6
        ) as all_detractor_weight
    from intermediate.last_answers_by_customer
),

ranked as (
    select
        by_issue.*,
        row_number() over (order by by_issue.tickets desc, by_issue.issue_type)
            as rank,
        sum(by_issue.tickets) over (
            order by by_issue.tickets desc, by_issue.issue_type
            rows between unbounded preceding and current row
        ) as cumulative_tickets,
        sum(by_issue.tickets) over () as all_tickets,
        sum(by_issue.satisfied) over () as all_satisfied,
        sum(by_issue.csat_answers) over () as all_csat_answers,
        proportion_ci(by_issue.satisfied, by_issue.csat_answers)
            as csat_interval,
        everybody.all_weight,
        everybody.all_promoter_weight,
        everybody.all_detractor_weight
    from by_issue
    cross join everybody
),

-- The others are all less these.
compared as (
    select
        *,
        100 * cast(
            coalesce(all_promoter_weight, 0) - coalesce(promoter_weight, 0)
            - coalesce(all_detractor_weight, 0) + coalesce(detractor_weight, 0)
            as double
        )
        / nullif(cast(all_weight - coalesce(weight, 0) as double), 0)
            as other_nps
    from ranked
)

select
    compared.issue_type,
    coalesce(issues.label_en, compared.issue_type) as label_en,
    coalesce(issues.label_zh, compared.issue_type) as label_zh,
    coalesce(issues.severity, 2) as severity,
    compared.rank,
    compared.tickets,
    cast(compared.tickets as double) / compared.all_tickets as share,
    cast(compared.cumulative_tickets as double) / compared.all_tickets
        as cumulative_share,
    cast(compared.complaints as double) / compared.tickets as complaint_share,
    cast(compared.handle_minutes as double) / 60 as agent_hours,
    cast(compared.handle_minutes as double) * $agent_minute_cost
        as agent_cost_amount,
    cast(compared.handled_tickets as double) / compared.tickets
        as costed_share,
    compared.customers,
    cast(compared.satisfied as double) / nullif(compared.csat_answers, 0)
        as csat,
    compared.csat_interval['lower'] as csat_lower,
    compared.csat_interval['upper'] as csat_upper,
    compared.csat_answers,
    cast(compared.all_satisfied as double)
    / nullif(compared.all_csat_answers, 0)
    - cast(compared.all_satisfied - compared.satisfied as double)
    / nullif(compared.all_csat_answers - compared.csat_answers, 0)
        as csat_impact,
    compared.nps,
    compared.nps_interval['lower'] as nps_lower,
    compared.nps_interval['upper'] as nps_upper,
    compared.nps_answers,
    compared.other_nps,
    cast(compared.weight as double) / cast(compared.all_weight as double)
    * (compared.nps - compared.other_nps) as nps_impact,
    coalesce(issues.is_avoidable, false) as is_avoidable,
    compared.tickets >= $min_n as is_enough
from compared
left join intermediate.issue_types as issues
    on compared.issue_type = issues.issue_type
