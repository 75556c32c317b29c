-- How long do customers put up with waiting before they are dissatisfied?
--
-- grain: clock, band_no
--
-- clock        first_response or resolution
-- band_no      1 for the shortest wait
-- band         lower and upper end in hours, as in 1-4
-- from_hours   lower end, included
-- to_hours     upper end, not included; NULL for the longest wait
-- tickets      cases with that wait
-- csat         satisfied / csat_answers
-- csat_lower   lower end of its 95 % Wilson interval
-- csat_upper   upper end
-- csat_answers  cases with a valid answer about them
-- nps          net promoter score of the last answer about each order the cases
--              are about, where given after the case was opened and not to a
--              relationship survey, weighted, in points
-- nps_lower    lower end of its 95 % interval (adjusted Wald), clustered by
--              customer
-- nps_upper    upper end
-- nps_answers  orders with such an answer, whatever it weighs
-- is_enough    at least $min_n answers about the cases
--
-- All cases of the lake that were replied to, or solved, on the clock of the
-- wall. Hard cases take longer and please less: a falling line is where to
-- look, not what a shorter wait would bring. csat counts cases, each once, and
-- knows neither weights nor that cases of one customer are alike.

with

answers as (
    select
        order_id,
        last_value(score order by responded_at, response_id) as nps_score,
        last_value(weight order by responded_at, response_id) as nps_weight,
        last_value(customer_id order by responded_at, response_id)
            as customer_id,
        max(responded_at) as responded_at
    from staging.surveys
    where
        kind = 'nps'
        and problem is null
        and score is not null
        and responded_at is not null
        and order_id is not null
        and scope = 'transactional'
    group by order_id
),

-- A list and not a union, which would read the cases twice.
clocks as (
    select
        order_id,
        created_at,
        is_satisfied,
        unnest([
            named_struct(
                'clock', 'first_response', 'hours', first_response_hours
            ),
            named_struct('clock', 'resolution', 'hours', resolution_hours)
        ]) as wait
    from marts.tickets
),

waits as (
    select
        order_id,
        created_at,
        is_satisfied,
        wait['clock'] as clock,
        wait['hours'] as hours
    from clocks
    where wait['hours'] is not null
),

banded as (
    select
        waits.clock,
        waits.order_id,
        waits.created_at,
        waits.is_satisfied,
        case
            when waits.hours < 1 then 1
            when waits.hours < 4 then 2
            when waits.hours < 8 then 3
            when waits.hours < 24 then 4
            when waits.hours < 72 then 5
            else 6
        end as band_no
    from waits
),

-- First by order, so that two cases about it do not count its answer twice;
-- cases without an order are one row.
by_order as (
    select
        clock,
        band_no,
        order_id,
        count(*) as tickets,
        count(*) filter (where is_satisfied) as satisfied,
        count(is_satisfied) as csat_answers,
        min(created_at) as first_created_at
    from banded
    group by clock, band_no, order_id
),

with_answers as (
    select
        by_order.*,
        case
            when answers.responded_at >= by_order.first_created_at
                then answers.nps_score
        end as nps_score,
        answers.nps_weight,
        answers.customer_id
    from by_order
    left join answers
        on by_order.order_id = answers.order_id
),

measured as (
    select
        clock,
        band_no,
        sum(tickets) as tickets,
        sum(satisfied) as satisfied,
        sum(csat_answers) as csat_answers,
        nps(nps_score, nps_weight) as nps,
        nps_ci(nps_score, 'adjusted_wald', 0.95, nps_weight, customer_id)
            as nps_interval,
        count(nps_score) as nps_answers
    from with_answers
    group by clock, band_no
),

with_intervals as (
    select
        *,
        proportion_ci(satisfied, csat_answers) as csat_interval
    from measured
)

select
    measured.clock,
    measured.band_no,
    bands.band,
    bands.from_hours,
    bands.to_hours,
    measured.tickets,
    cast(measured.satisfied as double) / nullif(measured.csat_answers, 0)
        as csat,
    measured.csat_interval['lower'] as csat_lower,
    measured.csat_interval['upper'] as csat_upper,
    measured.csat_answers,
    measured.nps,
    measured.nps_interval['lower'] as nps_lower,
    measured.nps_interval['upper'] as nps_upper,
    measured.nps_answers,
    measured.csat_answers >= $min_n as is_enough
from with_intervals as measured
inner join (
    values
    (1, '0-1', 0, 1),
    (2, '1-4', 1, 4),
    (3, '4-8', 4, 8),
    (4, '8-24', 8, 24),
    (5, '24-72', 24, 72),
    (6, '72 and more', 72, null)
) as bands (band_no, band, from_hours, to_hours)
    on measured.band_no = bands.band_no
