-- Who sells or has sold, and who stands above them; whether they are in office on the day.
-- grain: one row per source, manager and from_date
select
    source,
    manager,
    role,
    superior,
    email,
    "from" as from_date,
    coalesce("to", date '9999-12-31') >= $as_of as in_office
from managers
where coalesce("from", date '0001-01-01') <= $as_of
