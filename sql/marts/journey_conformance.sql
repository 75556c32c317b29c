-- Where do returns leave the way they should take, and what does it cost in
-- time?
--
-- grain: rule
-- rows: marts.returns on
--   cell.rule is not null and rows.kind = 'return' and rows.problem is null
--   and rows.requested_at >= $history_start_at and rows.refunded_at is not null
--
-- rule              approval_skipped, receipt_skipped, inspection_skipped,
--                   received_before_approval, inspected_before_receipt,
--                   refunded_before_approval, refunded_before_receipt,
--                   refunded_before_inspection, or any for a return that breaks
--                   one of them
-- deviation         skipped, reordered or any
-- cases             returns that were refunded
-- deviating_cases   of those, breaking the rule
-- deviating_share   deviating_cases / cases
-- deviating_lower   lower end of its 95 % Wilson interval
-- deviating_upper   upper end
-- deviating_median_hours  their median hours from the request to the first
--                   money back
-- conforming_median_hours  median hours of the others
-- extra_hours       the first less the second: below 0 it is quicker
--
-- Returns for money, requested in the last $history_weeks weeks and refunded:
-- requested, approved, received, inspected, refunded is the way they should
-- take. Money before the goods are back is quick and a risk at once: whether it
-- is a fault is for the shop to say. A stage without an instant counts as
-- skipped; a source that does not have the stage shows 100 %.

with

cases as (
    select
        returns.return_id,
        returns.requested_at,
        returns.approved_at,
        returns.received_at,
        returns.inspected_at,
        coalesce(goods_refunds.refunded_at, returns.refunded_at)
            as refunded_at
    from staging.returns
    left join intermediate.goods_refunds
        on returns.return_id = goods_refunds.return_id
    where
        returns.kind = 'return'
        and returns.problem is null
        and returns.requested_at >= $history_start_at
        and coalesce(goods_refunds.refunded_at, returns.refunded_at)
        is not null
),

-- What is skipped cannot be out of turn.
judged as (
    select
        (cast(refunded_at as bigint) - cast(requested_at as bigint))
        / 3600000000.0 as hours,
        approved_at is null as approval_skipped,
        received_at is null as receipt_skipped,
        inspected_at is null as inspection_skipped,
        coalesce(received_at < approved_at, false) as received_before_approval,
        coalesce(inspected_at < received_at, false)
            as inspected_before_receipt,
        coalesce(refunded_at < approved_at, false) as refunded_before_approval,
        coalesce(refunded_at < received_at, false) as refunded_before_receipt,
        coalesce(refunded_at < inspected_at, false)
            as refunded_before_inspection
    from cases
),

listed as (
    select
        hours,
        unnest([
            named_struct(
                'rule', 'approval_skipped',
                'deviation', 'skipped',
                'is_broken', approval_skipped
            ),
            named_struct(
                'rule', 'receipt_skipped',
                'deviation', 'skipped',
                'is_broken', receipt_skipped
            ),
            named_struct(
                'rule', 'inspection_skipped',
                'deviation', 'skipped',
                'is_broken', inspection_skipped
            ),
            named_struct(
                'rule', 'received_before_approval',
                'deviation', 'reordered',
                'is_broken', received_before_approval
            ),
            named_struct(
                'rule', 'inspected_before_receipt',
                'deviation', 'reordered',
                'is_broken', inspected_before_receipt
            ),
            named_struct(
                'rule', 'refunded_before_approval',
                'deviation', 'reordered',
                'is_broken', refunded_before_approval
            ),
            named_struct(
                'rule', 'refunded_before_receipt',
                'deviation', 'reordered',
                'is_broken', refunded_before_receipt
            ),
            named_struct(
                'rule', 'refunded_before_inspection',
                'deviation', 'reordered',
                'is_broken', refunded_before_inspection
            ),
            named_struct(
                'rule', 'any',
                'deviation', 'any',
                'is_broken',
                approval_skipped
                or receipt_skipped
                or inspection_skipped
                or received_before_approval
                or inspected_before_receipt
                or refunded_before_approval
                or refunded_before_receipt
                or refunded_before_inspection
            )
        ]) as judgement
    from judged
),

counted as (
    select
        judgement['rule'] as rule,
        judgement['deviation'] as deviation,
        count(*) as cases,
        count(*) filter (where judgement['is_broken']) as deviating_cases,
        median(hours) filter (where judgement['is_broken'])
            as deviating_median_hours,
        median(hours) filter (where not judgement['is_broken'])
            as conforming_median_hours
    from listed
    group by judgement['rule'], judgement['deviation']
),

with_intervals as (
    select
        *,
        proportion_ci(deviating_cases, cases) as deviating_interval
    from counted
)

select
    rule,
    deviation,
    cases,
    deviating_cases,
    cast(deviating_cases as double) / cases as deviating_share,
    deviating_interval['lower'] as deviating_lower,
    deviating_interval['upper'] as deviating_upper,
    deviating_median_hours,
    conforming_median_hours,
    deviating_median_hours - conforming_median_hours as extra_hours
from with_intervals
