-- Recorded refusals of clients who have bought that began no spell and lie in none.
-- grain: one row per source and refusal_id
with buyers as (
    select distinct client_key from int_purchase_history
),

outside_clients as (
    select refusals.*
    from int_refusals as refusals
    left semi join buyers on refusals.client_key = buyers.client_key
    left anti join int_spells as spells
        on refusals.client_key = spells.client_key
        and refusals.date >= spells.fell_asleep_on
        and refusals.date < coalesce(spells.returned_on, date '9999-12-31')
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
