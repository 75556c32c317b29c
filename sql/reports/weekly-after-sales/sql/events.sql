-- What happened in the weeks the trends show; what lasted several days is marked on its first.

select
    min(day) as day,
    name
from staging.calendar_events
where day >= $as_of - $history_weeks * 7
    and day < $as_of
group by name, date_trunc('quarter', day)
order by day, name
