-- Who asks again and again and has never bought.
-- grain: one row per client_key
with asked as (
    select client_key, date, 1 as request, 0 as quote from int_requests
    union all
    select client_key, date, 0 as request, 1 as quote
    from int_touches
    where kind = 'quote'
    union all
    select client_key, date, 0 as request, 1 as quote
    from int_papers
    where kind = 'quote'
),

days as (
    select client_key, date, max(request) as request, max(quote) as quote
    from asked
    group by client_key, date
),

counted as (
    select
        days.client_key,
        sum(days.request) as requests,
        sum(days.quote) as quotes,
        min(days.date) as first_asked_on,
        max(days.date) as last_asked_on
    from days
    left anti join int_buyers as buyers on days.client_key = buyers.client_key
    group by days.client_key
    having sum(days.request) + sum(days.quote) >= $signs_requests
),

final as (
    select
        clients.client_key,
        clients.name,
        clients.phone,
        clients.email,
        clients.manager,
        clients.region,
        clients.industry,
        counted.requests,
        counted.quotes,
        counted.first_asked_on,
        counted.last_asked_on,
        touches.last_contact
    from counted
    inner join int_clients as clients on counted.client_key = clients.client_key
    left anti join int_off_limits as off_limits
        on counted.client_key = off_limits.client_key
    left join int_last_touches as touches on counted.client_key = touches.client_key
)

select * from final
