-- Every spell of sleep of a client in one direction whose first day finds him awake as a whole.
-- grain: one row per client_key, direction and spell
with purchases as (
    select client_key, direction, date, threshold, ordered_on from int_direction_cycles
),

pairs as (
    select client_key, direction from int_direction_pairs
),

happenings as (
    select client_key, direction, 'purchase' as kind, date, threshold, ordered_on from purchases
    union all
    select
        pairs.client_key,
        pairs.direction,
        case
            when refusals.scope = 'direction' then 'refusal'
            else coalesce(refusals.begins, 'spoken')
        end as kind,
        refusals.date,
        cast(null as int) as threshold,
        cast(null as date) as ordered_on
    from pairs
    inner join int_refusals as refusals
        on pairs.client_key = refusals.client_key
        and (refusals.scope = 'client' or refusals.direction = pairs.direction)
    union all
    select
        pairs.client_key,
        pairs.direction,
        'closed' as kind,
        clients.closed_on as date,
        cast(null as int) as threshold,
        cast(null as date) as ordered_on
    from pairs
    inner join int_clients as clients on pairs.client_key = clients.client_key
    where clients.closed_on is not null
),

found as (
    select
        client_key,
        direction,
        unnest(spells(kind, date, threshold, ordered_on)) as found
    from happenings
    group by client_key, direction
),

spells_found as (
    select
        client_key,
        direction,
        found['last_purchase'] as last_purchase,
        found['fell_asleep_on'] as fell_asleep_on,
        found['trigger'] as trigger,
        found['spoken_on'] as spoken_on,
        found['returned_on'] as returned_on
    from found
),

counted as (
    select spells_found.*
    from spells_found
    left anti join int_spells as whole
        on spells_found.client_key = whole.client_key
        and spells_found.fell_asleep_on >= whole.fell_asleep_on
        and spells_found.fell_asleep_on < coalesce(whole.returned_on, date '9999-12-31')
),

final as (
    select
        client_key,
        direction,
        cast(
            row_number() over (partition by client_key, direction order by fell_asleep_on) as int
        ) as spell,
        last_purchase,
        fell_asleep_on,
        trigger,
        spoken_on,
        returned_on
    from counted
)

select * from final
