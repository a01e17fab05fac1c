-- Quarters in which fell_asleep + closed is not the number of refusals of scope client.
with refused as (
    select quarter, count(*) as refusals
    from fct_refusals
    group by quarter
)

select client_base.quarter, client_base.fell_asleep, client_base.closed, refused.refusals
from client_base
left join refused on client_base.quarter = refused.quarter
where client_base.fell_asleep + client_base.closed <> coalesce(refused.refusals, 0)
