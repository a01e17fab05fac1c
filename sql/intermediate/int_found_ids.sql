-- Ids that no document knows and of which a card has the phone, the mail or else the name of exactly one
-- client with documents, and no other tax id: all ids of one key together.
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
    select client_key, tax_id, 'phone' as way, unnest(plain_phones(phone)) as value
    from unknown
    union all
    select client_key, tax_id, 'mail' as way, unnest(plain_mails(email)) as value
    from unknown
    union all
    select client_key, tax_id, 'name' as way, plain_name(name) as value
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
        told.client_key,
        told.way = 'name' as by_name,
        told.way,
        answering.client_key as fits
    from told
    inner join answering on told.way = answering.way and told.value = answering.value
    where coalesce(told.tax_id, answering.tax_id, '') = coalesce(answering.tax_id, told.tax_id, '')
),

single as (
    select client_key, by_name, max(way) as way, min(fits) as fits
    from fitting
    group by client_key, by_name
    having count(distinct fits) = 1
),

decided as (
    select
        client_key,
        first_value(fits order by by_name) as fits,
        first_value(way order by by_name) as joined_by
    from single
    group by client_key
),

final as (
    select unknown.source, unknown.client_id, decided.fits as client_key, decided.joined_by
    from unknown
    inner join decided on unknown.client_key = decided.client_key
)

select * from final
