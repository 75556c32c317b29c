-- From which numbers on does somebody or something belong to a class?
--
-- grain: threshold
--
-- threshold  setting that holds it
-- kind       what is classified; with code as in labels
-- code       class the threshold begins or ends
-- value      its value now; NULL when it was unset
--
-- Thresholds are settings: `set` changes one for a session, and what depends on
-- it is classified anew. A workspace gives its own under [settings] or in a file
-- under [rules], with the columns threshold and value. Those that contradict
-- each other are refused.

select
    thresholds.threshold,
    thresholds.kind,
    thresholds.code,
    thresholds.value
from (
    values
    (
        'frequent_returner_min_orders', 'returner_class', 'frequent',
        cast($frequent_returner_min_orders as double)
    ),
    (
        'frequent_returner_share', 'returner_class', 'frequent',
        cast($frequent_returner_share as double)
    ),
    (
        'frequent_returner_min_returned', 'returner_class', 'frequent',
        cast($frequent_returner_min_returned as double)
    ),
    (
        'frequent_returner_min_share', 'returner_class', 'frequent',
        cast($frequent_returner_min_share as double)
    ),
    (
        'churn_at_risk_share', 'churn_status', 'at_risk',
        cast($churn_at_risk_share as double)
    ),
    (
        'churn_churned_share', 'churn_status', 'churned',
        cast($churn_churned_share as double)
    ),
    (
        'churn_at_risk_days', 'churn_status', 'at_risk',
        cast($churn_at_risk_days as double)
    ),
    (
        'churn_churned_days', 'churn_status', 'churned',
        cast($churn_churned_days as double)
    ),
    (
        'churn_own_min_purchases', 'churn_status', 'at_risk',
        cast($churn_own_min_purchases as double)
    ),
    (
        'churn_own_at_risk_factor', 'churn_status', 'at_risk',
        cast($churn_own_at_risk_factor as double)
    ),
    (
        'churn_own_churned_factor', 'churn_status', 'churned',
        cast($churn_own_churned_factor as double)
    ),
    (
        'value_high_share', 'value_tier', 'high',
        cast($value_high_share as double)
    ),
    ('value_low_share', 'value_tier', 'low', cast($value_low_share as double)),
    (
        'loyalty_high_share', 'loyalty_tier', 'high',
        cast($loyalty_high_share as double)
    ),
    (
        'loyalty_low_share', 'loyalty_tier', 'low',
        cast($loyalty_low_share as double)
    ),
    ('abc_a_share', 'abc_class', 'A', cast($abc_a_share as double)),
    ('abc_b_share', 'abc_class', 'B', cast($abc_b_share as double)),
    (
        'high_claim_quantile', 'flag', 'risk',
        cast($high_claim_quantile as double)
    )
) as thresholds (threshold, kind, code, value)
