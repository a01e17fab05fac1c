-- Spells that begin before the one before has ended, or end before they begin.
with spells as (
    select
        client_key,
        cast(null as varchar) as direction,
        spell,
        last_purchase,
        fell_asleep_on,
        returned_on
    from fct_spells
    union all
    select client_key, direction, spell, last_purchase, fell_asleep_on, returned_on
    from fct_direction_spells
),

ordered as (
    select
        spells.*,
        lag(returned_on) over (partition by client_key, direction order by spell) as returned_before,
        lag(spell) over (partition by client_key, direction order by spell) as spell_before
    from spells
)

select *
from ordered
where
    returned_on <= fell_asleep_on
    or last_purchase >= fell_asleep_on
    or (spell_before is not null and (returned_before is null or returned_before > last_purchase))
    or spell <> coalesce(spell_before, 0) + 1
