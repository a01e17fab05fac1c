-- Sleepers who are neither listed nor excluded for a reason, or both.
select client_key, listed, excluded_because
from sleeping_clients
where listed = (excluded_because is not null)
