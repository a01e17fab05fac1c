-- The direction in which a client bought most in the 52 weeks before each spell.
-- grain: one row per client_key and spell
with found as (
    select client_key, unnest(rhythms['main_directions']) as main from int_direction_rhythms
),

final as (
    select client_key, main['spell'] as spell, main['direction'] as direction from found
)

select * from final
