-- Clients whose tax id has a wrong check digit or lost its leading zero: correct it in the books.
select source, client_id, name, tax_id, tax_id_state(tax_id) as state
from stg_clients
where tax_id_state(tax_id) in ('wrong_check_digit', 'lost_zero')
