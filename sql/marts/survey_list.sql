-- Whom to survey in the first days of a month: who bought or was offered something in the last month that is
-- over, and has not been asked since it began.
-- grain: one row per client_key
with months as (
    select
        case when month_over then this_month else add_months(this_month, -1) end as month_start,
        case when month_over then $as_of else add_days(this_month, -1) end as month_end
    from (
        select
            add_days($as_of, 1 - cast(date_part('day', $as_of) as bigint)) as this_month,
            date_part('day', add_days($as_of, 1)) = 1 as month_over
    ) as today
),

happened as (
    select client_key, date as bought_on, cast(null as date) as offered_on
    from int_purchase_days
    union all
    select client_key, cast(null as date) as bought_on, date as offered_on
    from int_touches
    where kind in ('offer', 'quote')
    union all
    select client_key, cast(null as date) as bought_on, date as offered_on
    from int_papers
    where kind = 'quote'
),

due as (
    select
        happened.client_key,
        max(happened.bought_on) as bought_on,
        max(happened.offered_on) as offered_on
    from happened
    inner join months
        on coalesce(happened.bought_on, happened.offered_on) >= months.month_start
        and coalesce(happened.bought_on, happened.offered_on) <= months.month_end
    group by happened.client_key
),

asked as (
    select client_key, date from int_touches where kind = 'survey'
    union all
    select client_key, date from int_scores
    union all
    select client_key, date from int_claims
),

surveyed as (
    select distinct asked.client_key
    from asked
    inner join months on asked.date >= months.month_start
),

final as (
    select
        due.client_key,
        clients.name,
        clients.phone,
        clients.email,
        briefs.ask_for,
        due.bought_on,
        due.offered_on,
        clients.manager
    from due
    inner join int_clients as clients on due.client_key = clients.client_key
    left anti join surveyed on due.client_key = surveyed.client_key
    left anti join int_off_limits as off_limits on due.client_key = off_limits.client_key
    left join int_briefs as briefs on due.client_key = briefs.client_key
)

select * from final
