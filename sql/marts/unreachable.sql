-- Sleepers whom nobody could reach at the end of each quarter: without a phone, or silent when they were
-- last contacted.
-- grain: one row per quarter
with closed_quarters as (
    select quarter, quarter_start, quarter_end from dim_quarters where closed
),

sleepers as (
    select
        closed_quarters.quarter_start,
        closed_quarters.quarter_end,
        spells.client_key,
        clients.phone is null as no_phone
    from closed_quarters
    inner join int_spells as spells
        on closed_quarters.quarter_end >= spells.fell_asleep_on
        and closed_quarters.quarter_end < coalesce(spells.returned_on, date '9999-12-31')
    inner join int_clients as clients on spells.client_key = clients.client_key
),

contacts as (
    select client_key, date, contact_id, source, outcome
    from int_touches
    where initiated_by = 'us' and outcome is not null
),

last_outcomes as (
    select
        sleepers.quarter_start,
        sleepers.client_key,
        first_value(contacts.outcome order by contacts.date desc, contacts.contact_id desc, contacts.source desc)
            as outcome
    from sleepers
    inner join contacts
        on sleepers.client_key = contacts.client_key and sleepers.quarter_end >= contacts.date
    group by sleepers.quarter_start, sleepers.client_key
),

counted as (
    select
        sleepers.quarter_start,
        count(*) as sleepers,
        count(*) filter (where sleepers.no_phone) as without_phone,
        count(*) filter (where last_outcomes.outcome = 'no_answer') as no_answer,
        count(*) filter (where sleepers.no_phone or last_outcomes.outcome = 'no_answer') as unreachable
    from sleepers
    left join last_outcomes
        on sleepers.quarter_start = last_outcomes.quarter_start
        and sleepers.client_key = last_outcomes.client_key
    group by sleepers.quarter_start
),

final as (
    select
        closed_quarters.quarter,
        closed_quarters.quarter_start,
        closed_quarters.quarter_end,
        coalesce(counted.sleepers, 0) as sleepers,
        coalesce(counted.without_phone, 0) as without_phone,
        coalesce(counted.no_answer, 0) as no_answer,
        coalesce(counted.unreachable, 0) as unreachable,
        cast(counted.unreachable as double) / nullif(counted.sleepers, 0) as share
    from closed_quarters
    left join counted on closed_quarters.quarter_start = counted.quarter_start
)

select * from final
