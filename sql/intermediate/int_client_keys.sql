-- Who is one client: each id of each source with its client_key, and how an id that no document knows
-- was joined to one that is.
-- grain: one row per source and client_id
with keys as (
    select * from int_own_keys
),

activity as (
    select source, client_id from int_activity
),

unknown as (
    select source, client_id from int_unknown_ids
),

found as (
    select source, client_id, client_key, joined_by from int_found_ids
),

final as (
    select
        keys.source,
        keys.client_id,
        coalesce(found.client_key, keys.client_key) as client_key,
        keys.is_payer,
        keys.alias_depth,
        case
            when activity.client_id is not null then null
            when unknown.client_id is not null then found.joined_by
            else keys.way
        end as joined_by
    from keys
    left join activity on keys.source = activity.source and keys.client_id = activity.client_id
    left join unknown on keys.source = unknown.source and keys.client_id = unknown.client_id
    left join found on keys.source = found.source and keys.client_id = found.client_id
)

select * from final
