-- Every spell of sleep with its return, of clients and of their directions.
-- grain: one row per client_key, direction (NULL: the client as a whole) and spell
with spells as (
    select
        client_key,
        cast(null as varchar) as direction,
        spell,
        last_purchase,
        cycle,
        cycle_basis,
        threshold,
        fell_asleep_on,
        trigger,
        form,
        spoken_on,
        returned_on,
        reason,
        reason_group,
        reason_source,
        direction as main_direction,
        region,
        industry,
        sales_type,
        lost_by,
        tier,
        annual_value
    from int_spell_facts
    union all
    select
        client_key,
        direction,
        spell,
        last_purchase,
        cycle,
        cycle_basis,
        threshold,
        fell_asleep_on,
        trigger,
        form,
        spoken_on,
        returned_on,
        reason,
        reason_group,
        reason_source,
        direction as main_direction,
        region,
        industry,
        sales_type,
        lost_by,
        tier,
        annual_value
    from int_direction_spell_facts
),

final as (
    select
        client_key,
        direction,
        spell,
        quarter_name(fell_asleep_on) as quarter,
        quarter_start(fell_asleep_on) as quarter_start,
        quarter_end(fell_asleep_on) as quarter_end,
        last_purchase,
        cycle,
        cycle_basis,
        threshold,
        fell_asleep_on,
        trigger,
        form,
        spoken_on,
        returned_on,
        case when returned_on is null then null else quarter_name(returned_on) end
            as returned_quarter,
        days_between(fell_asleep_on, coalesce(returned_on, $as_of)) as days_asleep,
        reason,
        reason_group,
        reason_source,
        main_direction,
        region,
        industry,
        sales_type,
        lost_by,
        tier,
        annual_value
    from spells
)

select * from final
