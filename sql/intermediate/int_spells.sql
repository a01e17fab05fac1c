-- Every spell of sleep, with its return where there was one.
-- grain: one row per client_key and spell
with purchases as (
    select client_key, date, threshold, ordered_on from int_cycles
),

buyers as (
    select client_key from int_buyers
),

happenings as (
    select client_key, 'purchase' as kind, date, threshold, ordered_on from purchases
    union all
    select
        refusals.client_key,
        coalesce(refusals.begins, 'spoken') as kind,
        refusals.date,
        cast(null as int) as threshold,
        cast(null as date) as ordered_on
    from int_refusals as refusals
    inner join buyers on refusals.client_key = buyers.client_key
    union all
    select
        clients.client_key,
        'closed' as kind,
        clients.closed_on as date,
        cast(null as int) as threshold,
        cast(null as date) as ordered_on
    from int_clients as clients
    inner join buyers on clients.client_key = buyers.client_key
    where clients.closed_on is not null
),

found as (
    select client_key, unnest(spells(kind, date, threshold, ordered_on)) as found
    from happenings
    group by client_key
),

final as (
    select
        client_key,
        found['spell'] as spell,
        found['last_purchase'] as last_purchase,
        found['fell_asleep_on'] as fell_asleep_on,
        found['trigger'] as trigger,
        found['spoken_on'] as spoken_on,
        found['returned_on'] as returned_on
    from found
)

select * from final
