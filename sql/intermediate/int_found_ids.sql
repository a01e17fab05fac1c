-- Ids that no document knows and whose card has the phone, the mail or else the name of exactly one client
-- with documents, and no other tax id.
-- grain: one row per source and client_id
with unknown as (
    select * from int_unknown_ids
),

known as (
    select keys.client_key, cards.name, cards.tax_id, cards.phone, cards.email
    from int_own_keys as keys
    inner join stg_clients as cards
        on keys.source = cards.source and keys.client_id = cards.client_id
    left anti join unknown on keys.client_key = unknown.client_key
    where not keys.is_payer
),

told as (
    select source, client_id, tax_id, 'phone' as way, unnest(plain_phones(phone)) as value
    from unknown
    union all
    select source, client_id, tax_id, 'mail' as way, unnest(plain_mails(email)) as value
    from unknown
    union all
    select source, client_id, tax_id, 'name' as way, plain_name(name) as value
    from unknown
),

answering as (
    select client_key, tax_id, 'phone' as way, unnest(plain_phones(phone)) as value from known
    union all
    select client_key, tax_id, 'mail' as way, unnest(plain_mails(email)) as value from known
    union all
    select client_key, tax_id, 'name' as way, plain_name(name) as value from known
),

fitting as (
    select distinct
        told.source,
        told.client_id,
        told.way = 'name' as by_name,
        told.way,
        answering.client_key
    from told
    inner join answering on told.way = answering.way and told.value = answering.value
    where coalesce(told.tax_id, answering.tax_id, '') = coalesce(answering.tax_id, told.tax_id, '')
),

single as (
    select
        source,
        client_id,
        by_name,
        max(way) as way,
        min(client_key) as client_key
    from fitting
    group by source, client_id, by_name
    having count(distinct client_key) = 1
),

final as (
    select
        source,
        client_id,
        first_value(client_key order by by_name) as client_key,
        first_value(way order by by_name) as joined_by
    from single
    group by source, client_id
)

select * from final
