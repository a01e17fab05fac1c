-- Clients who have bought, with their last purchase and the cycle and threshold that hold since.
-- grain: one row per client_key
select
    client_key,
    first_date as first_purchase,
    date as last_purchase,
    number as purchases,
    cycle,
    cycle_basis,
    threshold
from int_cycles
where next_date is null
