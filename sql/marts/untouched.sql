-- Sleepers with whom nobody of ours has been in touch since they fell asleep.
-- grain: one row per client_key
with sleepers as (
    select * from sleeping_clients
),

final as (
    select
        client_key,
        spell,
        name,
        phone,
        manager,
        lost_by,
        tier,
        listed,
        fell_asleep_on,
        days_asleep,
        annual_value,
        last_contact
    from sleepers
    where coalesce(last_contact, date '0001-01-01') < fell_asleep_on
)

select * from final
