-- What was decided against what clients say is wrong, seen up to the day.
-- grain: one row per source and improvement_id
select
    source,
    improvement_id,
    date,
    claim,
    reason,
    what,
    owner,
    case when done_on <= $as_of then done_on else null end as done_on,
    case when told_on <= $as_of then told_on else null end as told_on,
    cost
from improvements
where date <= $as_of
