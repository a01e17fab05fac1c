-- How many spells began in one quarter and ended in another, by each dimension that returns are
-- reported by.
-- grain: one row per dimension, value, began_in and returned_in (NULL: not yet)
with facts as (
    select
        quarter_start(fell_asleep_on) as began_in,
        quarter_start(returned_on) as returned_in,
        trigger,
        tier,
        reason_group,
        sales_type,
        coalesce(region, 'unknown') as region,
        coalesce(lost_by, 'unknown') as manager,
        coalesce(direction, 'unknown') as direction
    from int_spell_facts
),

final as (
    select 'total' as dimension, 'all' as value, began_in, returned_in, count(*) as spells
    from facts
    group by began_in, returned_in
    union all
    select 'trigger', trigger, began_in, returned_in, count(*) as spells
    from facts
    group by trigger, began_in, returned_in
    union all
    select 'tier', tier, began_in, returned_in, count(*) as spells
    from facts
    group by tier, began_in, returned_in
    union all
    select 'reason_group', reason_group, began_in, returned_in, count(*) as spells
    from facts
    group by reason_group, began_in, returned_in
    union all
    select 'sales_type', sales_type, began_in, returned_in, count(*) as spells
    from facts
    group by sales_type, began_in, returned_in
    union all
    select 'region', region, began_in, returned_in, count(*) as spells
    from facts
    group by region, began_in, returned_in
    union all
    select 'manager', manager, began_in, returned_in, count(*) as spells
    from facts
    group by manager, began_in, returned_in
    union all
    select 'direction', direction, began_in, returned_in, count(*) as spells
    from facts
    group by direction, began_in, returned_in
)

select * from final
