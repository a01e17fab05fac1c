-- Of the spells begun in a quarter, the share that had ended by the end of each later one.
-- grain: one row per quarter of the beginning, quarters since, dimension and value
with closed_quarters as (
    select quarter, quarter_start, quarter_end from dim_quarters where closed
),

steps as (
    select unnest(range(0, 9)) as quarters_since
),

spells as (
    select began_in as quarter_start, dimension, value, returned_in as returned_start, spells
    from int_spell_dimensions
),

cells as (
    select
        spells.quarter_start,
        spells.dimension,
        spells.value,
        steps.quarters_since,
        sum(spells.spells) as spells,
        coalesce(
            sum(spells.spells) filter (
                where
                    spells.returned_start
                    <= add_months(spells.quarter_start, 3 * steps.quarters_since)
            ),
            0
        ) as returned
    from spells
    cross join steps
    group by spells.quarter_start, spells.dimension, spells.value, steps.quarters_since
),

judged as (
    select
        closed_quarters.quarter,
        closed_quarters.quarter_start,
        closed_quarters.quarter_end,
        cells.quarters_since,
        cells.dimension,
        cells.value,
        cells.spells,
        cells.returned,
        quarter_end(add_months(cells.quarter_start, 3 * cells.quarters_since)) > $as_of as open
    from cells
    inner join closed_quarters on cells.quarter_start = closed_quarters.quarter_start
),

final as (
    select
        dimension = 'total' as is_total,
        quarter,
        quarter_start,
        quarter_end,
        quarters_since,
        dimension,
        value,
        spells,
        case when open then null else returned end as returned,
        case when open then null else cast(returned as double) / nullif(spells, 0) end as share,
        open
    from judged
)

select * from final
