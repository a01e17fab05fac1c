-- What the quarter brought in money: from the annual value of clients who were awake when it began to
-- that of those who are when it ends, in total, by manager and by region.
-- grain: one row per dimension, value and quarter
with closed_quarters as (
    select quarter, quarter_start, quarter_end from dim_quarters where closed
),

counted as (
    select
        unnest(
            [
                named_struct('dimension', 'total', 'value', 'all'),
                named_struct('dimension', 'manager', 'value', coalesce(manager, 'unknown')),
                named_struct('dimension', 'region', 'value', coalesce(region, 'unknown'))
            ]
        ) as counted_by,
        quarter_start,
        opening,
        closing,
        move,
        change
    from int_value_moves
),

summed as (
    select
        counted_by['dimension'] as dimension,
        counted_by['value'] as value,
        quarter_start,
        sum(opening) as opening,
        sum(change) filter (where move = 'new') as new,
        sum(change) filter (where move = 'returned') as returned,
        sum(change) filter (where move = 'fell_asleep') as fell_asleep,
        sum(change) filter (where move = 'closed') as closed,
        sum(change) filter (where move = 'grown') as grown,
        sum(change) filter (where move = 'shrunk') as shrunk,
        sum(closing) as closing
    from counted
    group by counted_by['dimension'], counted_by['value'], quarter_start
),

final as (
    select
        summed.dimension = 'total' as is_total,
        summed.dimension,
        summed.value,
        closed_quarters.quarter,
        closed_quarters.quarter_start,
        closed_quarters.quarter_end,
        cast(summed.opening as decimal(18, 2)) as opening,
        cast(coalesce(summed.new, 0) as decimal(18, 2)) as new,
        cast(coalesce(summed.returned, 0) as decimal(18, 2)) as returned,
        cast(coalesce(summed.fell_asleep, 0) as decimal(18, 2)) as fell_asleep,
        cast(coalesce(summed.closed, 0) as decimal(18, 2)) as closed,
        cast(coalesce(summed.grown, 0) as decimal(18, 2)) as grown,
        cast(coalesce(summed.shrunk, 0) as decimal(18, 2)) as shrunk,
        cast(summed.closing as decimal(18, 2)) as closing
    from summed
    inner join closed_quarters on summed.quarter_start = closed_quarters.quarter_start
)

select * from final
