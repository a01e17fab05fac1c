-- The direction in which a client bought most in the 52 weeks before each spell.
-- grain: one row per client_key and spell
with moves as (
    select client_key, direction, moves from int_direction_histories
),

found as (
    select
        moves.client_key,
        moves.direction,
        unnest(nets_before(moves.moves, whole.rhythm['spells'])) as found
    from moves
    inner join int_rhythms as whole on moves.client_key = whole.client_key
),

nets as (
    select client_key, direction, found['spell'] as spell, found['net'] as net from found
),

final as (
    select client_key, spell, first_value(direction order by net desc, direction) as direction
    from nets
    group by client_key, spell
)

select * from final
