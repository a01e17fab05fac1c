-- Every spell of sleep, with its return where there was one; `value_before` is the client's annual
-- value on the last day of the quarter before.
-- grain: one row per client_key and spell
with found as (
    select client_key, client, unnest(rhythm['spells']) as spell from int_rhythms
),

final as (
    select
        client_key,
        client,
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
