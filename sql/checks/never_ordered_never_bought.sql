-- Clients on never_ordered who have bought.
select never_ordered.client_key
from never_ordered
inner join dim_clients on never_ordered.client_key = dim_clients.client_key
