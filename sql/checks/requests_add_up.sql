-- Rows whose requests are not converted, not converted and pending together.
select quarter, manager, client_key, requests, converted, not_converted, pending
from request_conversion
where converted + not_converted + pending <> requests
