-- What the sleepers of the end of each quarter cost: the annual value that they had when they fell
-- asleep, in money and in what it could pay for.
-- grain: one row per quarter, buyers, state and unit
with closed_quarters as (
    select quarter, quarter_start, quarter_end from dim_quarters where closed
),

clients as (
    select client_key, one_off from int_clients
),

open_spells as (
    select
        facts.client_key,
        facts.purchases,
        facts.fell_asleep_on,
        facts.annual_value,
        unnest(
            quarter_starts(
                facts.fell_asleep_on, add_days(coalesce(facts.returned_on, $as_of), 0)
            )
        ) as quarter_start,
        facts.returned_on
    from int_spell_facts as facts
),

standing as (
    select
        closed_quarters.quarter,
        closed_quarters.quarter_start,
        closed_quarters.quarter_end,
        open_spells.client_key,
        open_spells.annual_value,
        case
            when open_spells.purchases = 1 or clients.one_off then 'one_off'
            else 'regular'
        end as buyers,
        case
            when
                days_between(open_spells.fell_asleep_on, closed_quarters.quarter_end)
                > $lost_after_days
                then 'lost'
            else 'asleep'
        end as state
    from open_spells
    inner join closed_quarters on open_spells.quarter_start = closed_quarters.quarter_start
    inner join clients on open_spells.client_key = clients.client_key
    where coalesce(open_spells.returned_on, date '9999-12-31') > closed_quarters.quarter_end
),

summed as (
    select
        quarter,
        quarter_start,
        quarter_end,
        coalesce(buyers, 'all') as buyers,
        coalesce(state, 'all') as state,
        count(*) as spells,
        cast(sum(annual_value) as decimal(18, 2)) as lost_annual_value,
        cast(max(annual_value) as decimal(18, 2)) as largest,
        first_value(client_key order by annual_value desc, client_key) as largest_client
    from standing
    group by
        grouping sets (
            (quarter, quarter_start, quarter_end, buyers, state),
            (quarter, quarter_start, quarter_end)
        )
),

company as (
    select quarter_start, cast(sum(net) as decimal(18, 2)) as net
    from int_manager_sales
    group by quarter_start
),

four_quarters as (
    select
        closed_quarters.quarter_start,
        cast(
            sum(coalesce(company.net, 0)) over (
                order by closed_quarters.quarter_start
                rows between 3 preceding and current row
            ) as decimal(18, 2)
        ) as net_purchases,
        count(*) over (
            order by closed_quarters.quarter_start
            rows between 3 preceding and current row
        ) as quarters
    from closed_quarters
    left join company on closed_quarters.quarter_start = company.quarter_start
),

units as (
    select $currency as unit, cast(1 as decimal(18, 2)) as cost
    union all
    select unit, cost from set_equivalents
),

final as (
    select
        summed.buyers = 'all' and summed.state = 'all' as is_total,
        summed.quarter,
        summed.quarter_start,
        summed.quarter_end,
        summed.buyers,
        summed.state,
        units.unit,
        $amounts as amounts,
        summed.spells,
        cast(round(summed.lost_annual_value / units.cost, 2) as decimal(18, 2))
            as lost_annual_value,
        cast(round(summed.largest / units.cost, 2) as decimal(18, 2)) as largest,
        summed.largest_client,
        case
            when four_quarters.quarters = 4 and four_quarters.net_purchases > 0
                then cast(summed.lost_annual_value as double)
                    / cast(four_quarters.net_purchases as double)
            else null
        end as share_of_net_purchases
    from summed
    cross join units
    inner join four_quarters on summed.quarter_start = four_quarters.quarter_start
)

select * from final
