-- What the company did, seen up to the day.
-- grain: one row per source, date and event
select source, date, event, kind
from events
where date <= $as_of
