-- NPS answers seen up to the day.
-- grain: one row per source, client_id, date and person
select source, client_id, date, person, score
from scores
where date <= $as_of
