-- Ids in contacts, refusals, attempts, scores or surveys that no document knows: settle them by aliases, as
-- "clients duplicates" proposes them.
select source, table_name, client_id, name, rows
from unmatched
