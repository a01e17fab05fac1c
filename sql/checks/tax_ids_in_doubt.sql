-- Clients whose tax id has a wrong check digit or lost its leading zero, is too short to be one and
-- counts as none, or is of no known scheme and joins clients: correct it in the books.
with given as (
    select source, client_id, name, normal_tax_id(tax_id) as tax_id
    from clients
),

judged as (
    select source, client_id, name, tax_id, tax_id_state(tax_id) as state
    from stg_clients
    where tax_id is not null
),

shared as (
    select tax_id
    from judged
    where state = 'unknown_format'
    group by tax_id
    having count(*) > 1
)

select source, client_id, name, tax_id, state
from judged
where state in ('wrong_check_digit', 'lost_zero')
union all
select source, client_id, name, tax_id, 'too_short' as state
from given
where length(tax_id) between 1 and $tax_id_min_length - 1
union all
select judged.source, judged.client_id, judged.name, judged.tax_id, 'unknown_format_joins' as state
from judged
inner join shared on judged.tax_id = shared.tax_id
