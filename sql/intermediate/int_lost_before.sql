-- Spells of clients who had slept before, and whether they had been lost then: won back by an
-- attempt of ours, or gone by refusal or lost deal, or asleep for longer than lost.after_days.
-- grain: one row per client_key and spell
with facts as (
    select client_key, spell, trigger, fell_asleep_on, returned_on from int_spell_facts
),

attempts as (
    select client_key, spell, won_back from int_surveyed_spells
),

firsts as (
    select
        facts.client_key,
        min(facts.spell) as first_spell,
        min(facts.spell) filter (
            where
            facts.trigger in ('refusal', 'lost_deal')
            or days_between(facts.fell_asleep_on, facts.returned_on) > $lost_after_days
            or attempts.won_back
        ) as first_lost
    from facts
    left join attempts
        on facts.client_key = attempts.client_key and facts.spell = attempts.spell
    group by facts.client_key
),

final as (
    select
        facts.client_key,
        facts.spell,
        coalesce(firsts.first_lost < facts.spell, false) as lost_before
    from firsts
    inner join facts
        on firsts.client_key = facts.client_key and firsts.first_spell < facts.spell
)

select * from final
