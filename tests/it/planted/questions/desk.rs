//! What is asked about the service desk.

use super::Question;

pub(super) const QUESTIONS: &[Question] = &[
    (
        "agents",
        "with ratios as (
             select
                 agent_id,
                 handle_ratio,
                 handle_ratio_lower,
                 handle_ratio_upper,
                 solved_tickets
             from agents(support_window_days => 800)
         ),
         others as (
             select exp(sum(solved_tickets * ln(handle_ratio)) / sum(solved_tickets)) as ratio
             from ratios
             where agent_id <> 'agent_03'
         )
         -- The mart compares with all, the fact with the others.
         select
             'agent_is_slow',
             handle_ratio / others.ratio,
             handle_ratio_lower / others.ratio,
             handle_ratio_upper / others.ratio
         from ratios cross join others
         where agent_id = 'agent_03'
         union all
         select
             'agent_is_slow_by_case_mix',
             handle_ratio,
             handle_ratio_lower,
             handle_ratio_upper
         from ratios
         where agent_id = 'agent_07'",
    ),
    (
        "seasonality",
        "select
             'tickets_wait_for_monday',
             max(seasonal_index) filter (where phase = 1)
             / avg(seasonal_index) filter (where phase between 2 and 5),
             null as lower,
             null as upper
         from seasonality(seasonality_window_days => 728)
         where metric = 'tickets' and dimension = 'all' and cycle = 'weekday' and has_pattern",
    ),
    (
        "issue_trends_by_week",
        "select 'invoice_tickets_burst', tickets / expected_tickets, null as lower, null as upper
         from issue_trends_by_week
         where issue_type = 'invoice' and week = {invoice_burst} and is_burst",
    ),
    (
        "bot_effects",
        "select
             'bot_contains_less_than_it_says',
             containment_rate,
             containment_lower,
             containment_upper
         from bot_effects(support_window_days => 800)
         where issue_type = 'all' and handler = 'bot'",
    ),
    (
        "support_kpis_by_issue",
        "with reopened as (
             select
                 issue_type = 'refund' as is_refund,
                 sum(reopen_rate * solved_tickets) / sum(solved_tickets) as rate
             from support_kpis_by_issue(support_window_days => 800)
             group by issue_type = 'refund'
         )
         select
             'refund_tickets_are_reopened',
             max(rate) filter (where is_refund) / max(rate) filter (where not is_refund),
             null as lower,
             null as upper
         from reopened",
    ),
];
