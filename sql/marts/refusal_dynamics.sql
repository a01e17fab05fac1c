-- How refusals developed, quarter by quarter: of clients in total and by each dimension, of
-- directions and deals beside them.
-- grain: one row per quarter, dimension, value and scope
with closed_quarters as (
    select quarter, quarter_start, quarter_end from dim_quarters where closed
),

of_clients as (
    select
        quarter_start,
        reasons_disagree,
        lost_annual_value,
        unnest(range(1, 17)) as place,
        unnest(
            [
                'all',
                form,
                trigger,
                coalesce(stage, 'unknown'),
                reason,
                reason_group,
                coalesce(reason_source, 'unknown'),
                coalesce(stage, 'unknown') || ' / ' || reason,
                coalesce(competitor, 'none'),
                coalesce(direction, 'unknown'),
                coalesce(region, 'unknown'),
                coalesce(industry, 'unknown'),
                coalesce(manager, 'unknown'),
                sales_type,
                tier,
                case when human_factor then 'true' else 'false' end
            ]
        ) as value
    from int_all_refusals
    where scope = 'client'
),

clients_counted as (
    select
        quarter_start,
        place,
        value,
        count(*) as refusals,
        count(*) filter (where reasons_disagree) as disagreements,
        sum(lost_annual_value) as lost_annual_value
    from of_clients
    group by quarter_start, place, value
),

others as (
    select
        quarter_start,
        scope,
        reasons_disagree,
        lost_annual_value,
        unnest(
            [
                named_struct('dimension', 'scope', 'value', scope),
                named_struct('dimension', 'direction', 'value', coalesce(direction, 'unknown')),
                named_struct('dimension', 'stage', 'value', coalesce(stage, 'unknown')),
                named_struct('dimension', 'reason', 'value', reason),
                named_struct(
                    'dimension',
                    'stage_and_reason',
                    'value',
                    coalesce(stage, 'unknown') || ' / ' || reason
                ),
                named_struct('dimension', 'competitor', 'value', coalesce(competitor, 'none')),
                named_struct('dimension', 'manager', 'value', coalesce(manager, 'unknown')),
                named_struct('dimension', 'sales_type', 'value', sales_type)
            ]
        ) as counted_by
    from int_all_refusals
    where scope <> 'client'
),

counted as (
    select
        quarter_start,
        'client' as scope,
        [
            'total',
            'form',
            'trigger',
            'stage',
            'reason',
            'reason_group',
            'reason_source',
            'stage_and_reason',
            'competitor',
            'direction',
            'region',
            'industry',
            'manager',
            'sales_type',
            'tier',
            'human_factor'
        ][place] as dimension,
        value,
        refusals,
        disagreements,
        cast(coalesce(lost_annual_value, 0) as decimal(18, 2)) as lost_annual_value
    from clients_counted
    union all
    select
        quarter_start,
        scope,
        counted_by['dimension'] as dimension,
        counted_by['value'] as value,
        count(*) as refusals,
        count(*) filter (where reasons_disagree) as disagreements,
        cast(coalesce(sum(lost_annual_value), 0) as decimal(18, 2)) as lost_annual_value
    from others
    where scope = 'deal' or counted_by['dimension'] in ('scope', 'direction', 'stage')
    group by quarter_start, scope, counted_by['dimension'], counted_by['value']
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
        coalesce(counted.disagreements, 0) as disagreements,
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
        dimension = 'total' as is_total,
        quarter,
        quarter_start,
        quarter_end,
        dimension,
        value,
        scope,
        refusals,
        cast(refusals as double) / nullif(of_quarter, 0) as share,
        disagreements,
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
