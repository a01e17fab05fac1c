-- Contacts by client.
-- grain: one row per source and contact_id
select
    keys.client_key,
    contacts.source,
    contacts.contact_id,
    contacts.date,
    contacts.kind,
    contacts.initiated_by,
    contacts.outcome,
    contacts.channel,
    contacts.person,
    contacts.manager,
    contacts.note,
    contacts.complaint_kind,
    contacts.closed_on
from stg_contacts as contacts
inner join int_client_keys as keys
    on contacts.source = keys.source and contacts.client_id = keys.client_id
