-- Spells of clients who had slept before, and whether they had been lost then: won back by an
-- attempt of ours, or gone by refusal or lost deal, or asleep for longer than lost.after_days.
-- grain: one row per client_key and spell
with judged as (
    select
        facts.client_key,
        facts.spell,
        case
            when
                facts.trigger in ('refusal', 'lost_deal')
                or days_between(facts.fell_asleep_on, facts.returned_on) > $lost_after_days
                or coalesce(attempts.won_back, false)
                then 1
            else 0
        end as lost
    from int_spell_facts as facts
    left join int_surveyed_spells as attempts
        on facts.client_key = attempts.client_key and facts.spell = attempts.spell
),

final as (
    select
        client_key,
        spell,
        sum(lost) over (
            partition by client_key
            order by spell
            rows between unbounded preceding and 1 preceding
        ) > 0 as lost_before
    from judged
)

select * from final where lost_before is not null
