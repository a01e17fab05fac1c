-- How refusals developed, quarter by quarter: of clients in total and by each dimension, of
-- directions and deals beside them.
-- grain: one row per quarter, dimension, value and scope
with refused as (
    select * from fct_refusals where scope = 'client'
),

narrower as (
    select quarter_start, scope, direction, stage, lost_annual_value
    from fct_refusals
    where scope <> 'client'
),

closed_quarters as (
    select quarter, quarter_start, quarter_end from dim_quarters where closed
),

dimensioned as (
    select quarter_start, 'client' as scope, 'total' as dimension, 'all' as value, lost_annual_value
    from refused
    union all
    select quarter_start, 'client', 'form', form, lost_annual_value
    from refused
    union all
    select quarter_start, 'client', 'trigger', trigger, lost_annual_value
    from refused
    union all
    select quarter_start, 'client', 'direction', coalesce(direction, 'unknown'), lost_annual_value
    from refused
    union all
    select quarter_start, 'client', 'region', coalesce(region, 'unknown'), lost_annual_value
    from refused
    union all
    select quarter_start, 'client', 'manager', coalesce(manager, 'unknown'), lost_annual_value
    from refused
    union all
    select quarter_start, 'client', 'sales_type', sales_type, lost_annual_value
    from refused
    union all
    select quarter_start, 'client', 'tier', tier, lost_annual_value
    from refused
    union all
    select quarter_start, 'client', 'reason', reason, lost_annual_value
    from refused
    union all
    select quarter_start, 'client', 'reason_group', reason_group, lost_annual_value
    from refused
    union all
    select quarter_start, scope, 'scope', scope as value, lost_annual_value from narrower
    union all
    select quarter_start, scope, 'direction', coalesce(direction, 'unknown'), lost_annual_value
    from narrower
    union all
    select quarter_start, scope, 'stage', coalesce(stage, 'unknown'), lost_annual_value
    from narrower
),

counted as (
    select
        quarter_start,
        scope,
        dimension,
        value,
        count(*) as refusals,
        cast(sum(lost_annual_value) as decimal(18, 2)) as lost_annual_value
    from dimensioned
    group by quarter_start, scope, dimension, value
),

occurring as (
    select scope, dimension, value, min(quarter_start) as since
    from counted
    group by scope, dimension, value
),

grid as (
    select
        closed_quarters.quarter,
        closed_quarters.quarter_start,
        closed_quarters.quarter_end,
        occurring.scope,
        occurring.dimension,
        occurring.value
    from closed_quarters
    cross join occurring
    where closed_quarters.quarter_start >= occurring.since
),

filled as (
    select
        grid.quarter,
        grid.quarter_start,
        grid.quarter_end,
        grid.scope,
        grid.dimension,
        grid.value,
        coalesce(counted.refusals, 0) as refusals,
        coalesce(counted.lost_annual_value, cast(0 as decimal(18, 2))) as lost_annual_value
    from grid
    left join counted
        on grid.quarter_start = counted.quarter_start
        and grid.scope = counted.scope
        and grid.dimension = counted.dimension
        and grid.value = counted.value
),

compared as (
    select
        filled.*,
        sum(refusals) over (partition by quarter_start, scope, dimension) as of_quarter,
        lag(refusals, 1) over (partition by scope, dimension, value order by quarter_start)
            as quarter_before,
        lag(refusals, 4) over (partition by scope, dimension, value order by quarter_start)
            as year_before,
        sum(refusals) over (
            partition by scope, dimension, value
            order by quarter_start
            rows between 3 preceding and current row
        ) as four_quarters,
        count(*) over (
            partition by scope, dimension, value
            order by quarter_start
            rows between 3 preceding and current row
        ) as quarters
    from filled
),

final as (
    select
        quarter,
        quarter_start,
        quarter_end,
        dimension,
        value,
        scope,
        refusals,
        cast(refusals as double) / nullif(of_quarter, 0) as share,
        lost_annual_value,
        refusals - quarter_before as change_on_quarter,
        cast(refusals - quarter_before as double) / nullif(quarter_before, 0)
            as change_on_quarter_share,
        refusals - year_before as change_on_year,
        cast(refusals - year_before as double) / nullif(year_before, 0) as change_on_year_share,
        case when quarters = 4 then cast(four_quarters as double) / 4 else null end
            as moving_average
    from compared
)

select * from final
