-- Ratings of attributes within questionnaires, before the report day.
--
-- grain: response_id, driver
--
-- response_id  questionnaire
-- driver       attribute rated, lower case
-- problem      why the rating cannot be counted: negative_rating, which is how
--              some sources say "does not apply"; NULL if it can
-- rating       rating given
--
-- A rating has no time of its own but that of its answer: whoever reads it
-- joins the answers of before the report day. What the lake learned of on or
-- after the report day is not there either.

select
    -- ids
    response_id,

    -- text
    lower(trim(driver)) as driver,
    case when rating < 0 then 'negative_rating' end as problem,

    -- numbers
    rating

from raw.survey_drivers
where
    coalesce(recorded_at < $as_of_at, true)
    and coalesce(recorded_at < $known_as_of_at, true)
