-- Clients who must not be contacted and stand on a list.
with listed as (
    select client_key, 'call_list' as list from call_list
    union all
    select client_key, 'fading_clients' as list from fading_clients
    union all
    select client_key, 'watchlist' as list from watchlist
    union all
    select client_key, 'follow_ups' as list from follow_ups
    union all
    select client_key, 'never_ordered' as list from never_ordered
    union all
    select client_key, 'untouched' as list from untouched
    union all
    select client_key, 'attempts' as list from attempts where next_step <> 'none'
    union all
    select client_key, 'key_clients' as list from key_clients
    union all
    select client_key, 'promoters' as list from promoters
    union all
    select client_key, 'survey_list' as list from survey_list
)

select listed.client_key, listed.list, off_limits.because
from listed
inner join int_off_limits as off_limits on listed.client_key = off_limits.client_key
