-- Ids that no document knows, nor any other id of theirs: with what their cards say.
-- grain: one row per source and client_id
with keys as (
    select source, client_id, client_key from int_own_keys
),

documented as (
    select distinct keys.client_key
    from keys
    inner join int_activity as activity
        on keys.source = activity.source and keys.client_id = activity.client_id
),

unknown as (
    select keys.source, keys.client_id, keys.client_key
    from keys
    left anti join documented on keys.client_key = documented.client_key
),

final as (
    select
        unknown.source,
        unknown.client_id,
        unknown.client_key,
        cards.name,
        cards.tax_id,
        cards.phone,
        cards.email
    from unknown
    left join stg_clients as cards
        on unknown.source = cards.source and unknown.client_id = cards.client_id
)

select * from final
