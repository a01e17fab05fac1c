-- Quarters whose returns differ between return_conversion and client_base.
select client_base.quarter, client_base.returned, return_conversion.returned as converted
from client_base
left join return_conversion
    on client_base.quarter = return_conversion.quarter
    and return_conversion.dimension = 'total'
    and return_conversion.kind = 'period'
where client_base.returned <> coalesce(return_conversion.returned, 0)
