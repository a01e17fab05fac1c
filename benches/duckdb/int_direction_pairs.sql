-- Clients and the directions in which they have spells.
-- grain: one row per client_key and direction
select client_key, direction
from int_direction_history
where next_date is null
