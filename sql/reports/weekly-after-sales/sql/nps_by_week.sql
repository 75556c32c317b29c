-- NPS after delivery over the weeks the trend shows.
--
-- drill: marts.nps_by_week on cell.scope = 'transactional'
--   and cell.touchpoint = 'delivery'

select
    cast(answered_week as date) as answered_week,
    nps,
    nps_lower,
    nps_upper,
    answers,
    cast(promoters as double) / answers as promoter_share,
    cast(passives as double) / answers as passive_share,
    cast(detractors as double) / answers as detractor_share
from marts.nps_by_week
where scope = 'transactional'
    and touchpoint = 'delivery'
    and is_complete
    and answers > 0
    and cast(answered_week as date) >= $as_of - $history_weeks * 7
order by answered_week
