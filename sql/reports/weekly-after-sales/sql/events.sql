-- What happened in the weeks the trends show.

select
    day,
    name
from staging.calendar_events
where day >= $as_of - $history_weeks * 7
    and day < $as_of
order by day, name
