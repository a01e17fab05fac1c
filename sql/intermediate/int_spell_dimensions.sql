-- Every spell once for each dimension that returns are reported by.
-- grain: one row per client_key, spell and dimension
with facts as (
    select * from int_spell_facts
),

final as (
    select client_key, spell, fell_asleep_on, returned_on, 'total' as dimension, 'all' as value
    from facts
    union all
    select client_key, spell, fell_asleep_on, returned_on, 'trigger', trigger from facts
    union all
    select client_key, spell, fell_asleep_on, returned_on, 'tier', tier from facts
    union all
    select client_key, spell, fell_asleep_on, returned_on, 'reason_group', reason_group from facts
    union all
    select client_key, spell, fell_asleep_on, returned_on, 'sales_type', sales_type from facts
    union all
    select client_key, spell, fell_asleep_on, returned_on, 'region', coalesce(region, 'unknown')
    from facts
    union all
    select client_key, spell, fell_asleep_on, returned_on, 'manager', coalesce(lost_by, 'unknown')
    from facts
    union all
    select
        client_key,
        spell,
        fell_asleep_on,
        returned_on,
        'direction',
        coalesce(direction, 'unknown')
    from facts
)

select * from final
