-- Sleepers with whom nobody of ours has been in touch since they fell asleep: no contact, no attempt.
-- grain: one row per client_key
with sleepers as (
    select sleeping_clients.*
    from sleeping_clients
    left anti join int_off_limits as off_limits
        on sleeping_clients.client_key = off_limits.client_key
),

attempts as (
    select client_key, spell, last_attempt_on from int_surveyed_spells
),

final as (
    select
        sleepers.client_key,
        sleepers.spell,
        sleepers.name,
        sleepers.phone,
        sleepers.manager,
        sleepers.lost_by,
        sleepers.tier,
        sleepers.listed,
        sleepers.fell_asleep_on,
        sleepers.days_asleep,
        sleepers.annual_value,
        sleepers.last_contact
    from sleepers
    left join attempts
        on sleepers.client_key = attempts.client_key and sleepers.spell = attempts.spell
    where
        coalesce(sleepers.last_contact, date '0001-01-01') < sleepers.fell_asleep_on
        and attempts.last_attempt_on is null
)

select * from final
