-- What each closed quarter did to the annual value of each client who was awake when it began or
-- when it ended.
-- grain: one row per quarter_start and client_key
with closed_quarters as (
    select quarter, quarter_start, quarter_end from dim_quarters where closed
),

states as (
    select client_key, date, annual_value, awake from int_tiers
),

-- Each client who had bought by the end of the quarter.
ends as (
    select
        closed_quarters.quarter_start,
        closed_quarters.quarter_end,
        closing.client_key,
        case when closing.awake then closing.annual_value else null end as value_at_closing,
        case when opening.awake then opening.annual_value else null end as value_at_opening
    from closed_quarters
    inner join states as closing on closed_quarters.quarter_end = closing.date
    left join states as opening
        on closing.client_key = opening.client_key
        and add_days(closed_quarters.quarter_start, -1) = opening.date
),

moved as (
    select * from ends where value_at_closing is not null or value_at_opening is not null
),

firsts as (
    select client_key, first_purchase from int_buyers
),

-- The sleep that he is in when the quarter ends.
sleeps as (
    select
        moved.quarter_start,
        moved.client_key,
        bool_or(spells.trigger = 'closed') as closed
    from moved
    inner join int_spells as spells
        on moved.client_key = spells.client_key
        and moved.quarter_end >= spells.fell_asleep_on
        and moved.quarter_end < coalesce(spells.returned_on, date '9999-12-31')
    where moved.value_at_closing is null
    group by moved.quarter_start, moved.client_key
),

judged as (
    select
        moved.quarter_start,
        moved.quarter_end,
        moved.client_key,
        coalesce(moved.value_at_opening, cast(0 as decimal(18, 2))) as opening,
        coalesce(moved.value_at_closing, cast(0 as decimal(18, 2))) as closing,
        case
            when moved.value_at_closing is null
                then case when sleeps.closed then 'closed' else 'fell_asleep' end
            when moved.value_at_opening is null
                then
                    case
                        when firsts.first_purchase >= moved.quarter_start then 'new'
                        else 'returned'
                    end
            when moved.value_at_closing >= moved.value_at_opening then 'grown'
            else 'shrunk'
        end as move
    from moved
    inner join firsts on moved.client_key = firsts.client_key
    left join sleeps
        on moved.quarter_start = sleeps.quarter_start
        and moved.client_key = sleeps.client_key
),

final as (
    select
        judged.quarter_start,
        judged.quarter_end,
        judged.client_key,
        clients.manager,
        clients.region,
        judged.opening,
        judged.closing,
        judged.move,
        cast(abs(judged.closing - judged.opening) as decimal(18, 2)) as change
    from judged
    inner join int_clients as clients on judged.client_key = clients.client_key
)

select * from final
