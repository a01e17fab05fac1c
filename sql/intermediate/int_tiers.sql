-- Each client on the last day of each closed quarter and on the day: value, tier, awake or not.
-- grain: one row per client_key and date
with states as (
    select client_key, client, unnest(states) as state from int_rhythms
),

stated as (
    select
        client_key,
        client,
        state['date'] as date,
        state['last_purchase'] as last_purchase,
        state['annual_value'] as annual_value,
        state['awake'] as awake
    from states
),

limits as (
    select date, limits from int_tier_limits
),

final as (
    select
        stated.client_key,
        stated.date,
        stated.last_purchase,
        stated.annual_value,
        tier_of(stated.annual_value, stated.client, limits.limits) as tier,
        abc_of(stated.annual_value, stated.client, limits.limits) as abc,
        stated.awake
    from stated
    inner join limits on stated.date = limits.date
    where stated.date = quarter_end(stated.date) or stated.date = $as_of
)

select * from final
