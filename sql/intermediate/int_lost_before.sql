-- Clients who were lost in an earlier spell: won back by an attempt of ours, or gone by refusal or
-- lost deal, or asleep for longer than lost.after_days.
-- grain: one row per client_key
select
    facts.client_key,
    count(*) as earlier_spells,
    bool_or(
        facts.trigger in ('refusal', 'lost_deal')
        or days_between(facts.fell_asleep_on, facts.returned_on) > $lost_after_days
        or coalesce(attempts.won_back, false)
    ) as lost_before
from int_spell_facts as facts
left join int_surveyed_spells as attempts
    on facts.client_key = attempts.client_key and facts.spell = attempts.spell
where facts.returned_on is not null
group by facts.client_key
