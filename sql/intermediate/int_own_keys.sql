-- The key that each id of each source has by itself: where its alias leads, followed to the end, else its
-- tax id, else its own.
-- grain: one row per source and client_id
with recursive clients as (
    select source, client_id, tax_id from stg_clients
),

aliases as (
    select from_id, to_id, role from stg_client_aliases
),

ids as (
    select source, client_id from int_activity
    union
    select source, client_id from clients
    union
    select source, client_id from stg_contacts
    union
    select source, client_id from stg_refusals
    union
    select source, client_id from stg_reactivations
    union
    select source, client_id from stg_scores
    union
    select source, client_id from stg_survey_answers
),

own as (
    select
        ids.source,
        ids.client_id,
        ids.source || ':' || ids.client_id as id,
        case
            when $client_key = 'tax_id' and clients.tax_id is not null then clients.tax_id
            else ids.source || ':' || ids.client_id
        end as own_key,
        case
            when $client_key = 'tax_id' and clients.tax_id is not null then 'tax_id'
            else null
        end as way
    from ids
    left join clients on ids.source = clients.source and ids.client_id = clients.client_id
),

chain as (
    select from_id, to_id, 1 as depth
    from aliases
    union all
    select chain.from_id, aliases.to_id, chain.depth + 1
    from chain
    inner join aliases on chain.to_id = aliases.from_id
    where chain.depth < 20
),

chain_ends as (
    select chain.from_id, chain.to_id, chain.depth
    from chain
    inner join (
        select from_id, max(depth) as depth from chain group by from_id
    ) as longest on chain.from_id = longest.from_id and chain.depth = longest.depth
),

final as (
    select
        own.source,
        own.client_id,
        coalesce(target.own_key, chain_ends.to_id, own.own_key) as client_key,
        coalesce(aliases.role, '') = 'payer' as is_payer,
        case when aliases.from_id is not null then 'alias' else own.way end as way,
        coalesce(chain_ends.depth, 0) as alias_depth
    from own
    left join aliases on own.id = aliases.from_id
    left join chain_ends on own.id = chain_ends.from_id
    left join own as target on chain_ends.to_id = target.id
)

select * from final
