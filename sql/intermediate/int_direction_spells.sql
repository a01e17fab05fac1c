-- Every spell of sleep of a client in one direction whose first day finds him awake as a whole.
-- grain: one row per client_key, direction and spell
with histories as (
    select client_key, direction, purchases, moves
    from int_direction_histories
    where cardinality(purchases) >= $direction_min_purchases
),

clients as (
    select client_key, sales_type, closed_on from int_clients
),

rules as (
    select sales_type, cycles, days from set_sleep_rules
),

of_direction as (
    select
        direction,
        array_agg(
            named_struct('quarter_start', quarter_start, 'cycle', cycle) order by quarter_start
        ) as cycles
    from int_direction_common_cycles
    group by direction
),

refusals as (
    select
        client_key,
        array_agg(
            named_struct(
                'kind',
                case when scope = 'direction' then 'refusal' else coalesce(begins, 'spoken') end,
                'date',
                date,
                'direction',
                case when scope = 'client' then null else direction end
            )
            order by date, scope, begins, direction
        ) as said
    from int_refusals
    where scope = 'client' or direction is not null
    group by client_key
),

found as (
    select
        histories.client_key,
        whole.client,
        histories.direction,
        unnest(
            direction_rhythm(
                histories.direction,
                histories.purchases,
                histories.moves,
                rules.cycles,
                rules.days,
                of_direction.cycles,
                refusals.said,
                clients.closed_on,
                whole.rhythm
            )
        ) as spell
    from histories
    inner join int_rhythms as whole on histories.client_key = whole.client_key
    inner join clients on histories.client_key = clients.client_key
    inner join rules on clients.sales_type = rules.sales_type
    left join of_direction on histories.direction = of_direction.direction
    left join refusals on histories.client_key = refusals.client_key
),

final as (
    select
        client_key,
        client,
        direction,
        spell['spell'] as spell,
        spell['last_purchase'] as last_purchase,
        spell['purchases'] as purchases,
        spell['cycle'] as cycle,
        spell['cycle_basis'] as cycle_basis,
        spell['threshold'] as threshold,
        spell['fell_asleep_on'] as fell_asleep_on,
        spell['trigger'] as trigger,
        spell['spoken_on'] as spoken_on,
        spell['returned_on'] as returned_on,
        spell['annual_value'] as annual_value,
        spell['value_before'] as value_before
    from found
)

select * from final
