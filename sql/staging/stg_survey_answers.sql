-- Claims named in surveys, seen up to the day.
-- grain: one row per source and answer_id
select source, answer_id, client_id, date, person, claim, answer
from survey_answers
where date <= $as_of
