-- The book of each manager at the end of each quarter: whom he has, what they buy, who fell asleep
-- and who came back.
-- grain: one row per quarter and manager
with closed_quarters as (
    select quarter, quarter_start, quarter_end from dim_quarters where closed
),

clients as (
    select client_key, coalesce(manager, 'unknown') as manager from int_clients
),

spells as (
    select
        client_key,
        fell_asleep_on,
        returned_on,
        coalesce(lost_by, 'unknown') as lost_by
    from int_spell_facts
),

counted as (
    select
        quarter_start(states.date) as quarter_start,
        clients.manager,
        count(*) filter (where states.awake) as awake,
        cast(
            coalesce(
                sum(states.annual_value) filter (
                    where
                        not states.awake
                        and days_between(states.last_purchase, states.date) <= $lost_after_days
                ),
                0
            ) as decimal(18, 2)
        ) as value_at_risk
    from int_tiers as states
    inner join clients on states.client_key = clients.client_key
    where states.date = quarter_end(states.date)
    group by quarter_start(states.date), clients.manager
    union all by name
    select
        quarter_start(fell_asleep_on) as quarter_start,
        lost_by as manager,
        count(*) as fell_asleep
    from spells
    group by quarter_start(fell_asleep_on), lost_by
    union all by name
    select
        quarter_start(spells.returned_on) as quarter_start,
        clients.manager,
        count(*) as returned
    from spells
    inner join clients on spells.client_key = clients.client_key
    where spells.returned_on is not null
    group by quarter_start(spells.returned_on), clients.manager
    union all by name
    select quarter_start, manager, net as net_purchases, net_of_returned
    from int_manager_sales
),

final as (
    select
        closed_quarters.quarter,
        closed_quarters.quarter_start,
        closed_quarters.quarter_end,
        counted.manager,
        coalesce(sum(counted.awake), 0) as awake,
        cast(coalesce(sum(counted.net_purchases), 0) as decimal(18, 2)) as net_purchases,
        coalesce(sum(counted.fell_asleep), 0) as fell_asleep,
        coalesce(sum(counted.returned), 0) as returned,
        cast(coalesce(sum(counted.value_at_risk), 0) as decimal(18, 2)) as value_at_risk,
        cast(coalesce(sum(counted.net_of_returned), 0) as decimal(18, 2)) as net_of_returned
    from counted
    inner join closed_quarters on counted.quarter_start = closed_quarters.quarter_start
    group by
        closed_quarters.quarter,
        closed_quarters.quarter_start,
        closed_quarters.quarter_end,
        counted.manager
)

select * from final
