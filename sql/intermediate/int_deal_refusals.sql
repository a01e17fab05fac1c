-- Recorded refusals that began no spell and lie in none: of clients who have bought, and of others
-- where a client is who negotiated.
-- grain: one row per source and refusal_id
with buyers as (
    select client_key from int_buyers
),

outside_clients as (
    select refusals.*
    from int_refusals as refusals
    left join buyers on refusals.client_key = buyers.client_key
    left anti join int_spells as spells
        on refusals.client_key = spells.client_key
        and refusals.date >= spells.fell_asleep_on
        and refusals.date < coalesce(spells.returned_on, date '9999-12-31')
    where buyers.client_key is not null or $client_is = 'negotiated'
),

final as (
    select outside_clients.*
    from outside_clients
    left anti join int_direction_spells as spells
        on outside_clients.client_key = spells.client_key
        and (outside_clients.scope = 'client' or outside_clients.direction = spells.direction)
        and outside_clients.date >= spells.fell_asleep_on
        and outside_clients.date < coalesce(spells.returned_on, date '9999-12-31')
)

select * from final
