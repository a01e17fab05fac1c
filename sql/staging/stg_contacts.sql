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
    channel,
    person,
    manager,
    note,
    complaint_kind,
    case when closed_on <= $as_of then closed_on else null end as closed_on
from contacts
where date <= $as_of
