-- The median cycle of the pairs of each direction, for the purchases of a quarter.
-- grain: one row per quarter_start and direction
with known as (
    select unnest(known) as known from int_direction_histories
),

considered as (
    select
        known['direction'] as direction,
        known['quarter_start'] as quarter_start,
        cast(cast(known['days'] as decimal(18, 9)) / known['gaps'] as decimal(18, 9)) as mean_gap
    from known
),

final as (
    select
        quarter_start,
        direction,
        cast(round(median(mean_gap), 0) as decimal(18, 4)) as cycle
    from considered
    group by quarter_start, direction
    having count(*) >= $cycle_min_clients
)

select * from final
