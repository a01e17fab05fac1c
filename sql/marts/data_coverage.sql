-- How much of what the reports rest on was written down, by quarter and manager.
-- grain: one row per quarter and manager
with closed_quarters as (
    select quarter, quarter_start, quarter_end from dim_quarters where closed
),

clients as (
    select client_key, coalesce(manager, 'unknown') as manager, phone, updated_on from int_clients
),

counted as (
    select
        quarter_start(days.date) as quarter_start,
        clients.manager,
        count(*) as purchases,
        count(*) filter (
            where days_between(requests.date, days.date) <= $signs_request_window_days
        ) as requested
    from int_purchase_days as days
    inner join clients on days.client_key = clients.client_key
    left join int_requests as requests
        on days.client_key = requests.client_key
        and requests.date <= days.date
        and coalesce(requests.next_date, date '9999-12-31') > days.date
    group by quarter_start(days.date), clients.manager
    union all by name
    select
        quarter_start(spells.fell_asleep_on) as quarter_start,
        clients.manager,
        count(*) as sleepers,
        count(*) filter (where clients.phone is null) as without_phone
    from int_spells as spells
    inner join clients on spells.client_key = clients.client_key
    group by quarter_start(spells.fell_asleep_on), clients.manager
    union all by name
    select
        quarter_start(touches.date) as quarter_start,
        coalesce(touches.manager, clients.manager) as manager,
        count(*) as contacts,
        count(*) filter (where touches.outcome is null) as without_outcome,
        count(*) filter (where touches.person is null) as without_person
    from int_touches as touches
    inner join clients on touches.client_key = clients.client_key
    where touches.initiated_by = 'us'
    group by quarter_start(touches.date), coalesce(touches.manager, clients.manager)
    union all by name
    select
        quarter_start(refusals.date) as quarter_start,
        coalesce(refusals.manager, clients.manager) as manager,
        count(*) as refusals,
        count(*) filter (where refusals.reason = 'unknown') as without_reason
    from int_refusals as refusals
    inner join clients on refusals.client_key = clients.client_key
    group by quarter_start(refusals.date), coalesce(refusals.manager, clients.manager)
),

cards as (
    select
        closed_quarters.quarter_start,
        clients.manager,
        count(clients.updated_on) as dated,
        count(*) filter (
            where clients.updated_on < add_months(closed_quarters.quarter_end, -$data_stale_months)
        ) as stale
    from closed_quarters
    inner join int_buyers as buyers on closed_quarters.quarter_end >= buyers.first_purchase
    inner join clients on buyers.client_key = clients.client_key
    group by closed_quarters.quarter_start, clients.manager
),

final as (
    select
        closed_quarters.quarter,
        closed_quarters.quarter_start,
        closed_quarters.quarter_end,
        counted.manager,
        coalesce(sum(counted.purchases), 0) as purchases,
        coalesce(sum(counted.requested), 0) as purchases_requested,
        coalesce(sum(counted.sleepers), 0) as sleepers,
        coalesce(sum(counted.without_phone), 0) as sleepers_without_phone,
        coalesce(sum(counted.contacts), 0) as contacts,
        coalesce(sum(counted.without_outcome), 0) as contacts_without_outcome,
        coalesce(sum(counted.without_person), 0) as contacts_without_person,
        coalesce(sum(counted.refusals), 0) as refusals,
        coalesce(sum(counted.without_reason), 0) as refusals_without_reason,
        coalesce(max(cards.dated), 0) as dated_cards,
        coalesce(max(cards.stale), 0) as stale_cards,
        cast(max(cards.stale) as double) / nullif(max(cards.dated), 0) as stale_share
    from counted
    inner join closed_quarters on counted.quarter_start = closed_quarters.quarter_start
    left join cards
        on counted.quarter_start = cards.quarter_start and counted.manager = cards.manager
    group by
        closed_quarters.quarter,
        closed_quarters.quarter_start,
        closed_quarters.quarter_end,
        counted.manager
)

select * from final
