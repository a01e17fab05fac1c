-- Gold and important clients who are awake: when their manager, somebody above him and a visit were last
-- there, and what is due.
-- grain: one row per client_key
with clients as (
    select dim_clients.*
    from dim_clients
    left anti join int_off_limits as off_limits
        on dim_clients.client_key = off_limits.client_key
    where
        dim_clients.fell_asleep_on is null
        and (dim_clients.tier = 'gold' or dim_clients.important)
),

touches as (
    select clients.client_key, touches.date, touches.kind, touches.manager, clients.manager as own
    from clients
    inner join int_touches as touches
        on clients.client_key = touches.client_key and touches.initiated_by = 'us'
),

last_ones as (
    select
        touches.client_key,
        max(touches.date) filter (where touches.manager = touches.own) as last_by_manager,
        max(touches.date) filter (where superiors.superior is not null) as last_from_above,
        max(touches.date) filter (where touches.kind = 'visit') as last_visit
    from touches
    left join int_superiors as superiors
        on touches.own = superiors.manager and touches.manager = superiors.superior
    group by touches.client_key
),

-- Where nobody writes contacts or visits down, nothing is known to be due.
known as (
    select
        count(*) > 0 as has_contacts,
        count(*) filter (where kind = 'visit') > 0 as has_visits
    from int_touches
    where initiated_by = 'us'
),

final as (
    select
        clients.client_key,
        clients.name,
        clients.phone,
        clients.tier,
        clients.important,
        clients.annual_value,
        clients.last_purchase,
        clients.manager,
        last_ones.last_by_manager,
        last_ones.last_from_above,
        last_ones.last_visit,
        days_between(greatest(last_ones.last_by_manager, last_ones.last_from_above), $as_of)
            as days_since,
        case
            when known.has_contacts
                then coalesce(
                    days_between(
                        greatest(last_ones.last_by_manager, last_ones.last_from_above),
                        $as_of
                    ) >= $key_contact_days,
                    true
                )
            else null
        end as contact_due,
        case
            when known.has_visits
                then coalesce(add_months(last_ones.last_visit, $key_visit_months) <= $as_of, true)
            else null
        end as visit_due
    from clients
    cross join known
    left join last_ones on clients.client_key = last_ones.client_key
)

select * from final
