-- Which scores do the rules of each published segment model name?
--
-- grain: model, rule_no
--
-- model    cells11, rf10, rfm10 or putler11, as in $segment_model
-- rule_no  order of the rules: the first that fits wins
-- segment  segment
-- r_min    lowest recency score
-- r_max    highest
-- f_min    lowest frequency score
-- f_max    highest
-- m_min    lowest monetary score
-- m_max    highest
--
-- The rules as published, gaps and overlaps and all: rf10 the widely copied map
-- over recency and frequency, rfm10 the R package rfm 0.3.0, putler11 Putler's
-- table as that package read it up to 0.2.2. cells11 is a list of cells, taken
-- from rfm_segment. Which segment a cell ends up in is in segment_models.

with

cells as (
    select
        r.r,
        f.f,
        m.m
    from (select unnest(range(1, 6)) as r) as r
    cross join (select unnest(range(1, 6)) as f) as f
    cross join (select unnest(range(1, 6)) as m) as m
)

select
    'cells11' as model,
    100 * r + 10 * f + m as rule_no,
    rfm_segment(r, f, m, 'cells11') as segment,
    r as r_min,
    r as r_max,
    f as f_min,
    f as f_max,
    m as m_min,
    m as m_max
from cells
union all
select
    rules.model,
    rules.rule_no,
    rules.segment,
    rules.r_min,
    rules.r_max,
    rules.f_min,
    rules.f_max,
    rules.m_min,
    rules.m_max
from (
    values
    ('rf10', 1, 'hibernating', 1, 2, 1, 2, 1, 5),
    ('rf10', 2, 'at_risk', 1, 2, 3, 4, 1, 5),
    ('rf10', 3, 'cant_lose_them', 1, 2, 5, 5, 1, 5),
    ('rf10', 4, 'about_to_sleep', 3, 3, 1, 2, 1, 5),
    ('rf10', 5, 'need_attention', 3, 3, 3, 3, 1, 5),
    ('rf10', 6, 'loyal_customers', 3, 4, 4, 5, 1, 5),
    ('rf10', 7, 'promising', 4, 4, 1, 1, 1, 5),
    ('rf10', 8, 'new_customers', 5, 5, 1, 1, 1, 5),
    ('rf10', 9, 'potential_loyalists', 4, 5, 2, 3, 1, 5),
    ('rf10', 10, 'champions', 5, 5, 4, 5, 1, 5),
    ('rfm10', 1, 'champions', 5, 5, 5, 5, 5, 5),
    ('rfm10', 2, 'potential_loyalists', 3, 5, 3, 5, 2, 5),
    ('rfm10', 3, 'loyal_customers', 2, 4, 2, 4, 2, 4),
    ('rfm10', 4, 'promising', 3, 4, 1, 3, 3, 5),
    ('rfm10', 5, 'new_customers', 4, 5, 1, 3, 1, 5),
    ('rfm10', 6, 'cant_lose_them', 1, 2, 3, 4, 4, 5),
    ('rfm10', 7, 'at_risk', 1, 2, 2, 5, 4, 5),
    ('rfm10', 8, 'need_attention', 1, 3, 3, 5, 3, 5),
    ('rfm10', 9, 'about_to_sleep', 2, 3, 1, 3, 1, 4),
    ('rfm10', 10, 'lost', 1, 1, 1, 5, 1, 5),
    ('putler11', 1, 'champions', 4, 5, 4, 5, 4, 5),
    ('putler11', 2, 'loyal_customers', 2, 5, 3, 5, 3, 5),
    ('putler11', 3, 'potential_loyalists', 3, 5, 1, 3, 1, 3),
    ('putler11', 4, 'new_customers', 4, 5, 1, 1, 1, 1),
    ('putler11', 5, 'promising', 3, 4, 1, 1, 1, 1),
    ('putler11', 6, 'need_attention', 2, 3, 2, 3, 2, 3),
    ('putler11', 7, 'about_to_sleep', 2, 3, 1, 2, 1, 2),
    ('putler11', 8, 'at_risk', 1, 2, 2, 5, 2, 5),
    ('putler11', 9, 'cant_lose_them', 1, 1, 4, 5, 4, 5),
    ('putler11', 10, 'hibernating', 1, 2, 1, 2, 1, 2),
    ('putler11', 11, 'lost', 1, 2, 1, 2, 1, 2)
) as rules (
    model, rule_no, segment, r_min, r_max, f_min, f_max, m_min, m_max
)
