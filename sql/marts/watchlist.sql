-- Clients who came back and have not bought often enough since to be left alone.
-- grain: one row per client_key
with returned as (
    select dim_clients.*
    from dim_clients
    left anti join int_off_limits as off_limits
        on dim_clients.client_key = off_limits.client_key
    where
        dim_clients.fell_asleep_on is null
        and dim_clients.returned_on is not null
        and dim_clients.further_purchases < $watch_purchases
),

complaints as (
    select returned.client_key, count(*) as complaints
    from returned
    inner join int_touches as touches
        on returned.client_key = touches.client_key
        and touches.kind = 'complaint'
        and touches.date >= returned.returned_on
    group by returned.client_key
),

final as (
    select
        returned.client_key,
        returned.name,
        returned.phone,
        returned.manager,
        returned.tier,
        returned.spells as spell,
        returned.returned_on,
        days_between(returned.returned_on, $as_of) as days_since_return,
        returned.further_purchases,
        coalesce(complaints.complaints, 0) as complaints,
        touches.last_contact,
        returned.last_purchase,
        returned.call_from,
        returned.call_by,
        returned.annual_value
    from returned
    left join complaints on returned.client_key = complaints.client_key
    left join int_last_touches as touches on returned.client_key = touches.client_key
)

select * from final
