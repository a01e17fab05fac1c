-- Who sells, and who stands above them on the day.
-- grain: one row per source and manager
select source, manager, role, superior, email, "from" as from_date
from managers
where
    coalesce("from", date '0001-01-01') <= $as_of
    and coalesce("to", date '9999-12-31') >= $as_of
