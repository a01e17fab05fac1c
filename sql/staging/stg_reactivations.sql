-- Attempts to win clients back, seen up to the day; without any woken_on, every attempt counts as
-- woken on the day it was started.
-- grain: one row per source and reactivation_id
with mapped as (
    select count(woken_on) as woken
    from reactivations
),

final as (
    select
        reactivations.source,
        reactivations.reactivation_id,
        reactivations.client_id,
        reactivations.started_on,
        case
            when mapped.woken = 0 then reactivations.started_on
            when reactivations.woken_on <= $as_of then reactivations.woken_on
            else null
        end as woken_on
    from reactivations
    cross join mapped
    where reactivations.started_on <= $as_of
)

select * from final
