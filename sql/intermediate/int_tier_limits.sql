-- The last client of each tier and class by annual value, then by number, on the last day of each
-- closed quarter and on the day.
-- grain: one row per date
with states as (
    select client, unnest(rhythm['states']) as state from int_rhythms
),

final as (
    select
        state['date'] as date,
        value_limits(state['annual_value'], client) as limits
    from states
    group by state['date']
)

select * from final
