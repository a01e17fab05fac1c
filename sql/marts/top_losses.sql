-- The ten clients of most annual value who fell asleep or closed in each quarter and were not back by its
-- end.
-- grain: one row per quarter and place
with closed_quarters as (
    select quarter, quarter_start, quarter_end from dim_quarters where closed
),

begun as (
    select
        quarter_start(fell_asleep_on) as quarter_start,
        client_key,
        first_value(spell order by annual_value desc, spell) as spell
    from int_spell_facts
    where
        returned_on is null
        or returned_on > quarter_end(fell_asleep_on)
    group by quarter_start(fell_asleep_on), client_key
),

ranked as (
    select
        begun.quarter_start,
        facts.*,
        row_number() over (
            partition by begun.quarter_start
            order by facts.annual_value desc, facts.client_key
        ) as place
    from begun
    inner join int_spell_facts as facts
        on begun.client_key = facts.client_key and begun.spell = facts.spell
),

final as (
    select
        closed_quarters.quarter,
        ranked.place,
        closed_quarters.quarter_start,
        closed_quarters.quarter_end,
        ranked.client_key,
        clients.name,
        ranked.spell,
        ranked.annual_value,
        ranked.fell_asleep_on,
        ranked.last_purchase,
        ranked.trigger,
        ranked.reason,
        ranked.reason_source,
        ranked.lost_by,
        ranked.returned_on
    from ranked
    inner join closed_quarters on ranked.quarter_start = closed_quarters.quarter_start
    inner join int_clients as clients on ranked.client_key = clients.client_key
    where ranked.place <= 10
)

select * from final
