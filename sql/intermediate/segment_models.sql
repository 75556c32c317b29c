-- Which segment does each cell of scores belong to, model by model?
--
-- grain: model, r, f, m
--
-- model    segment model, a value of $segment_model
-- r        recency score, 1 to 5
-- f        frequency score, 1 to 5
-- m        monetary score, 1 to 5
-- segment  code of the segment
--
-- The published models of rfm_segment. A workspace adds its own by a file under
-- [rules]: rows of model, segment and a range of each score (4-5, 3, or * for
-- any) that divide the 125 cells.

with

scores as (
    select unnest([1, 2, 3, 4, 5]) as score
),

models as (
    select unnest(['cells11', 'rf10', 'rfm10', 'putler11']) as model
)

select
    models.model,
    r.score as r,
    f.score as f,
    m.score as m,
    case models.model
        when 'cells11' then rfm_segment(r.score, f.score, m.score, 'cells11')
        when 'rf10' then rfm_segment(r.score, f.score, m.score, 'rf10')
        when 'rfm10' then rfm_segment(r.score, f.score, m.score, 'rfm10')
        else rfm_segment(r.score, f.score, m.score, 'putler11')
    end as segment
from models
cross join scores as r
cross join scores as f
cross join scores as m
