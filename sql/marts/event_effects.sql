-- Refusals around what the company did: by the quarter in which the clients stopped, the two
-- quarters before each event's, its own, and the two after.
-- grain: one row per event, event_date and quarters_from
with happened as (
    select event, date as event_date, max(kind) as kind
    from stg_events
    group by event, date
),

stopped as (
    select
        stopped_quarter as quarter,
        count(*) as refusals,
        cast(sum(lost_annual_value) as decimal(18, 2)) as lost_annual_value
    from fct_refusals
    group by stopped_quarter
),

steps as (
    select unnest(range(-2, 3)) as quarters_from
),

around as (
    select
        happened.event,
        happened.event_date,
        happened.kind,
        steps.quarters_from,
        add_months(quarter_start(happened.event_date), 3 * steps.quarters_from) as quarter_start
    from happened
    cross join steps
),

final as (
    select
        around.event,
        around.event_date,
        around.quarters_from,
        around.kind,
        quarters.quarter,
        quarters.quarter_start,
        quarters.quarter_end,
        coalesce(stopped.refusals, 0) as refusals,
        coalesce(stopped.lost_annual_value, cast(0 as decimal(18, 2))) as lost_annual_value
    from around
    inner join dim_quarters as quarters
        on around.quarter_start = quarters.quarter_start and quarters.closed
    left join stopped on quarters.quarter = stopped.quarter
)

select * from final
