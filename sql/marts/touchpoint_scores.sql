-- At which step of the journey does it hurt most?
--
-- grain: touchpoint
--
-- touchpoint           delivery, return, ticket, ...
-- pain_rank            1 where most unhappy answers are; ties share a rank
-- unhappy_answers      detractors, dissatisfied and difficult answers
-- unhappy_share        of all valid answers at the touchpoint
-- unhappy_share_lower  lower end of its 95 % interval (Wilson)
-- unhappy_share_upper  upper end
-- pain_share           of the unhappy answers of all touchpoints
-- nps                  transactional net promoter score, in points
-- nps_lower            lower end of its 95 % interval
-- nps_upper            upper end
-- nps_answers          valid answers to it
-- detractor_share      share of answers of 0 to 6
-- csat                 share of satisfied answers
-- csat_lower           lower end of its 95 % interval
-- csat_upper           upper end
-- csat_answers         valid answers to it
-- easy_share           share of easy answers
-- easy_share_lower     lower end of its 95 % interval
-- easy_share_upper     upper end
-- ces_answers          valid answers to it
--
-- Answers of the last $history_weeks complete weeks and the days since.
-- Relationship answers are about no step and not in here. Pain is how many
-- answers are bad, which is the share of bad ones times how many were given: a
-- step where nobody is asked hurts nobody here, see survey_coverage. Of effort
-- questions the direction with the most answers counts, ease of equal ones.
-- Scores, detractor_share and easy_share are weighted; counts, unhappy_share
-- and pain_share are not. The interval of unhappy_share takes answers as
-- independent; those of the scores do not. Scores are NULL where the question
-- was not answered.

with

scores as (
    select
        *,
        row_number() over (
            partition by member, kind
            order by answers desc, direction
        ) as direction_no
    from intermediate.scores_by_group
    where
        dimension = 'touchpoint'
        and scope <> 'relationship'
),

by_touchpoint as (
    select
        member as touchpoint,
        sum(answers) as answers,
        sum(bad_answers) as unhappy_answers,
        max(case when kind = 'nps' then 100 * score end) as nps,
        max(case when kind = 'nps' then 100 * score_lower end) as nps_lower,
        max(case when kind = 'nps' then 100 * score_upper end) as nps_upper,
        coalesce(max(case when kind = 'nps' then answers end), 0)
            as nps_answers,
        max(case when kind = 'nps' then bad_share end) as detractor_share,
        max(case when kind = 'csat' then score end) as csat,
        max(case when kind = 'csat' then score_lower end) as csat_lower,
        max(case when kind = 'csat' then score_upper end) as csat_upper,
        coalesce(max(case when kind = 'csat' then answers end), 0)
            as csat_answers,
        max(case when kind = 'ces' then score end) as easy_share,
        max(case when kind = 'ces' then score_lower end) as easy_share_lower,
        max(case when kind = 'ces' then score_upper end) as easy_share_upper,
        coalesce(max(case when kind = 'ces' then answers end), 0)
            as ces_answers
    from scores
    where direction_no = 1
    group by member
),

with_intervals as (
    select
        *,
        proportion_ci(unhappy_answers, answers) as unhappy_interval
    from by_touchpoint
)

select
    touchpoint,
    rank() over (order by unhappy_answers desc) as pain_rank,
    unhappy_answers,
    cast(unhappy_answers as double) / nullif(answers, 0) as unhappy_share,
    unhappy_interval['lower'] as unhappy_share_lower,
    unhappy_interval['upper'] as unhappy_share_upper,
    cast(unhappy_answers as double)
    / nullif(cast(sum(unhappy_answers) over () as double), 0) as pain_share,
    nps,
    nps_lower,
    nps_upper,
    nps_answers,
    detractor_share,
    csat,
    csat_lower,
    csat_upper,
    csat_answers,
    easy_share,
    easy_share_lower,
    easy_share_upper,
    ces_answers
from with_intervals
