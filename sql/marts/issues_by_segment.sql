-- Which segments of customers have which issues more often than others?
--
-- grain: segment, issue_type
--
-- segment           RFM segment of the customer today; none for customers
--                   without a score, guest for cases without a customer
-- issue_type        what the cases are about
-- tickets           cases opened
-- segment_tickets   cases of the segment
-- share_of_segment  tickets / segment_tickets
-- share_of_all      share of the issue in all cases
-- lift              share_of_segment / share_of_all: above 1 is more than usual
-- expected_tickets  cases there would be if all segments had the same issues
-- residual          adjusted standardised residual: how many standard
--                   deviations of chance lie between the two
-- cramers_v         strength of the relation in the whole table, 0 to 1
-- test_p_value      chi-square test that segments do not differ at all
-- is_notable        residual beyond 3 in size and at least five cases expected
--
-- Cases opened in the $support_window_days days before the report day; every
-- segment with every issue that came up, also with 0 cases. Several cases of
-- one customer are not independent, so the p-value is a little too small. The
-- limit is 3 and not 2, since there are many cells to look at.

with

segments as (
    select
        customer_id,
        segment
    from marts.rfm
),

cases as (
    select
        case
            when tickets.customer_id is null then 'guest'
            else coalesce(segments.segment, 'none')
        end as segment,
        coalesce(tickets.issue_type, 'unknown') as issue_type
    from staging.tickets
    left join segments
        on tickets.customer_id = segments.customer_id
    where tickets.created_at >= $support_window_start_at
),

cells as (
    select
        segment,
        issue_type,
        count(*) as tickets
    from cases
    group by segment, issue_type
),

by_segment as (
    select
        segment,
        sum(tickets) as segment_tickets
    from cells
    group by segment
),

by_issue as (
    select
        issue_type,
        sum(tickets) as issue_tickets
    from cells
    group by issue_type
),

tests as (
    select
        chisq_test(segment, issue_type) as test,
        count(*) as all_tickets
    from cases
),

expected as (
    select
        by_segment.segment,
        by_issue.issue_type,
        coalesce(cells.tickets, 0) as tickets,
        by_segment.segment_tickets,
        by_issue.issue_tickets,
        tests.all_tickets,
        tests.test,
        cast(by_segment.segment_tickets * by_issue.issue_tickets as double)
        / tests.all_tickets as expected_tickets
    from by_segment
    cross join by_issue
    cross join tests
    left join cells
        on
            by_segment.segment = cells.segment
            and by_issue.issue_type = cells.issue_type
),

residuals as (
    select
        *,
        (tickets - expected_tickets) / nullif(
            sqrt(
                expected_tickets
                * (1 - cast(segment_tickets as double) / all_tickets)
                * (1 - cast(issue_tickets as double) / all_tickets)
            ),
            0
        ) as residual
    from expected
)

select
    segment,
    issue_type,
    tickets,
    segment_tickets,
    cast(tickets as double) / segment_tickets as share_of_segment,
    cast(issue_tickets as double) / all_tickets as share_of_all,
    tickets / expected_tickets as lift,
    expected_tickets,
    residual,
    test['cramers_v'] as cramers_v,
    test['p_value'] as test_p_value,
    coalesce(abs(residual) > 3 and expected_tickets >= 5, false) as is_notable
from residuals
