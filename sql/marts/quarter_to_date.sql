-- The running quarter so far: not closed, not compared, not kept.
-- grain: one row per quarter
with running as (
    select quarter, quarter_start, quarter_end from dim_quarters where not closed
),

states as (
    select
        count(*) filter (where awake and date = $as_of) as awake,
        count(*) filter (where awake and date < $as_of) as opening
    from int_tiers
    where date = $as_of or date = add_days($quarter_start, -1)
),

begun as (
    select
        count(*) filter (where trigger <> 'closed') as fell_asleep,
        count(*) filter (where trigger = 'closed') as closed,
        cast(coalesce(sum(annual_value), 0) as decimal(18, 2)) as lost_annual_value
    from int_spell_facts
    where fell_asleep_on >= $quarter_start
),

ended as (
    select count(*) as returned from int_spells where returned_on >= $quarter_start
),

bought as (
    select count(*) as "new" from int_buyers where first_purchase >= $quarter_start
),

sold as (
    select cast(coalesce(sum(net), 0) as decimal(18, 2)) as net_purchases
    from int_manager_sales
    where quarter_start = $quarter_start
),

final as (
    select
        running.quarter,
        running.quarter_start,
        running.quarter_end,
        $as_of as as_of,
        true as running,
        states.opening,
        bought."new",
        ended.returned,
        begun.fell_asleep,
        begun.closed,
        states.awake,
        begun.lost_annual_value,
        sold.net_purchases
    from running
    cross join states
    cross join begun
    cross join ended
    cross join bought
    cross join sold
)

select * from final
