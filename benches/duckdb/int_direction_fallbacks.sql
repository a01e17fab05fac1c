-- The cycle of the client as a whole at those purchases in a direction whose pair has none of its
-- own.
-- grain: one row per client_key, direction and date
with pairs as (
    select client_key, direction, date
    from int_direction_history
    where own_cycle is null or $cycle_base <> 'client' or $cycle_shrunk = 1
),

final as (
    select pairs.client_key, pairs.direction, pairs.date, whole.cycle
    from pairs
    inner join int_cycles as whole
        on pairs.client_key = whole.client_key
        and pairs.date >= whole.date
        and pairs.date < coalesce(whole.next_date, date '9999-12-31')
)

select * from final
