-- Returns of a quarter against the clients who slept at its opening or fell asleep in it.
-- grain: one row per quarter, kind, dimension and value
with closed_quarters as (
    select quarter, quarter_start, quarter_end from dim_quarters where closed
),

spells as (
    select
        dimension,
        value,
        fell_asleep_on,
        returned_on,
        unnest(quarter_starts(fell_asleep_on, coalesce(returned_on, $as_of))) as quarter_start
    from int_spell_dimensions
),

counted as (
    select
        quarter_start,
        dimension,
        value,
        count(*) filter (where fell_asleep_on < quarter_start) as asleep_at_opening,
        count(*) filter (where fell_asleep_on >= quarter_start) as fell_asleep,
        count(*) filter (where quarter_start(returned_on) = quarter_start) as returned
    from spells
    group by quarter_start, dimension, value
),

final as (
    select
        closed_quarters.quarter,
        closed_quarters.quarter_start,
        closed_quarters.quarter_end,
        'period' as kind,
        counted.dimension,
        counted.value,
        counted.asleep_at_opening,
        counted.fell_asleep,
        counted.asleep_at_opening + counted.fell_asleep as base,
        counted.returned,
        cast(counted.returned as double)
        / nullif(counted.asleep_at_opening + counted.fell_asleep, 0) as conversion
    from counted
    inner join closed_quarters on counted.quarter_start = closed_quarters.quarter_start
)

select * from final
