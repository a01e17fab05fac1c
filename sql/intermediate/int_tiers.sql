-- Each client on the last day of each closed quarter and on the day: value, tier, awake or not, and
-- whether he was on the last day of the quarter before and four quarters before.
-- grain: one row per client_key and date
with states as (
    select client_key, client, unnest(rhythm['states']) as state from int_rhythms
),

stated as (
    select
        client_key,
        client,
        state['date'] as date,
        state['last_purchase'] as last_purchase,
        state['annual_value'] as annual_value,
        state['awake'] as awake,
        state['awake_quarter_before'] as awake_quarter_before,
        state['awake_year_before'] as awake_year_before
    from states
),

limits as (
    select date, limits
    from int_tier_limits
    where date = quarter_end(date) or date = $as_of
),

final as (
    select
        stated.client_key,
        stated.date,
        stated.last_purchase,
        stated.annual_value,
        tier_of(stated.annual_value, stated.client, limits.limits) as tier,
        abc_of(stated.annual_value, stated.client, limits.limits) as abc,
        stated.awake,
        stated.awake_quarter_before,
        stated.awake_year_before
    from stated
    inner join limits on stated.date = limits.date
)

select * from final
