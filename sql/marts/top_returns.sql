-- The ten clients of most annual value who came back in each quarter, and who won them back.
-- grain: one row per quarter and place
with closed_quarters as (
    select quarter, quarter_start, quarter_end from dim_quarters where closed
),

ended as (
    select
        quarter_start(returned_on) as quarter_start,
        client_key,
        first_value(spell order by annual_value desc, spell) as spell
    from int_spell_facts
    where returned_on is not null
    group by quarter_start(returned_on), client_key
),

won as (
    select client_key, spell, manager, offer
    from int_attempts
    where returned
),

ranked as (
    select
        ended.quarter_start,
        facts.*,
        row_number() over (
            partition by ended.quarter_start
            order by facts.annual_value desc, facts.client_key
        ) as place
    from ended
    inner join int_spell_facts as facts
        on ended.client_key = facts.client_key and ended.spell = facts.spell
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
        ranked.returned_on,
        days_between(ranked.fell_asleep_on, ranked.returned_on) as days_asleep,
        ranked.reason,
        ranked.lost_by,
        won.manager as won_by,
        won.offer
    from ranked
    inner join closed_quarters on ranked.quarter_start = closed_quarters.quarter_start
    inner join int_clients as clients on ranked.client_key = clients.client_key
    left join won on ranked.client_key = won.client_key and ranked.spell = won.spell
    where ranked.place <= 10
)

select * from final
