-- What does a page call a code?
--
-- grain: kind, code
--
-- kind      column the code stands in, or the end of its name: segment is also
--           for from_segment
-- code      the code
-- label_en  what a page calls it in English; NULL where nobody said
-- label_zh  what a page calls it in Chinese; NULL where nobody said
--
-- The labels of intermediate.labels, and those of reasons, issues and components
-- of cost, which stand in tables of their own. Pages show a code without a label
-- as it is.

with

elsewhere as (
    select
        'reason' as kind,
        reason as code,
        label_en,
        label_zh
    from intermediate.reason_codes
    union all
    select
        'issue_type' as kind,
        issue_type as code,
        label_en,
        label_zh
    from intermediate.issue_types
    union all
    select
        'component' as kind,
        component as code,
        label_en,
        label_zh
    from intermediate.cost_components
)

select
    coalesce(labels.kind, elsewhere.kind) as kind,
    coalesce(labels.code, elsewhere.code) as code,
    coalesce(labels.label_en, elsewhere.label_en) as label_en,
    coalesce(labels.label_zh, elsewhere.label_zh) as label_zh
from intermediate.labels as labels
full join elsewhere
    on labels.kind = elsewhere.kind and labels.code = elsewhere.code
