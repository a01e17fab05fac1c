-- Clients whom the one who lost them is to call.
select client_key, caller, lost_by
from call_list
where caller = lost_by
