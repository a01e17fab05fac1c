-- Who fell asleep and who came back in the 7 days up to the day.
-- grain: one row per client_key, spell and change
with entered as (
    select
        facts.client_key,
        facts.spell,
        facts.fell_asleep_on,
        list.listed,
        list.excluded_because
    from int_spell_facts as facts
    left join sleeping_clients as list
        on facts.client_key = list.client_key and facts.spell = list.spell
    where facts.fell_asleep_on > add_days($as_of, -7)
),

left_again as (
    select client_key, spell, returned_on
    from int_spell_facts
    where returned_on > add_days($as_of, -7)
),

changes as (
    select
        client_key,
        spell,
        fell_asleep_on,
        cast(null as date) as returned_on,
        listed,
        excluded_because
    from entered
    union all
    select
        client_key,
        spell,
        cast(null as date) as fell_asleep_on,
        returned_on,
        cast(null as boolean) as listed,
        cast(null as varchar) as excluded_because
    from left_again
),

final as (
    select
        changes.client_key,
        changes.spell,
        case when changes.returned_on is null then 'entered' else 'left' end as change,
        coalesce(changes.returned_on, changes.fell_asleep_on) as date,
        clients.name,
        clients.manager,
        clients.tier,
        clients.annual_value,
        changes.listed,
        changes.excluded_because
    from changes
    inner join dim_clients as clients on changes.client_key = clients.client_key
)

select * from final
