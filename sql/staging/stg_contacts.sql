-- Touches seen up to the day, with who began them.
-- grain: one row per source and contact_id
select
    source,
    contact_id,
    client_id,
    date,
    kind,
    coalesce(
        initiated_by,
        case when kind in ('request', 'complaint') then 'client' else 'us' end
    ) as initiated_by,
    outcome,
    person,
    manager
from contacts
where date <= $as_of
