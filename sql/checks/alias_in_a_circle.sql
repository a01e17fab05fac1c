-- Ids whose aliases lead round in a circle, or through more than 19 steps.
select source, client_id, client_key
from int_client_keys
where alias_depth >= 20
