-- Every spell of sleep of a client in one direction whose first day finds him awake as a whole.
-- grain: one row per client_key, direction and spell
with found as (
    select client_key, client, unnest(rhythms['spells']) as spell from int_direction_rhythms
),

final as (
    select
        client_key,
        client,
        spell['direction'] as direction,
        spell['spell'] as spell,
        spell['last_purchase'] as last_purchase,
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
