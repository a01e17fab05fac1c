-- Refusals of clients or directions by someone who never bought.
select refusals.refusal, refusals.client_key
from fct_refusals as refusals
left anti join dim_clients on refusals.client_key = dim_clients.client_key
where refusals.scope <> 'deal'
