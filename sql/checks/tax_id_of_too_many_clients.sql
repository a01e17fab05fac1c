-- Tax ids that one source gives to too many ids: settle them by aliases, or by
-- domain.client_key: client_id.
select source, tax_id, count(*) as clients
from stg_clients
where tax_id is not null and $client_key = 'tax_id'
group by source, tax_id
having count(*) > $tax_id_max_clients
