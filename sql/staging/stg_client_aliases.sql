-- Ids that are another buyer, or pay for one.
-- grain: one row per source and client_id
select
    source || ':' || client_id as from_id,
    client_key as to_id,
    role
from client_aliases
