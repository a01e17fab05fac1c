-- Every spell with the first attempt that was begun in it, and the days from the first to the last of
-- the window that an attempt would have.
-- grain: one row per client_key and spell
with begun as (
    select
        spells.client_key,
        spells.spell,
        min(attempts.started_on) as first_attempt_on
    from int_spells as spells
    inner join int_attempts as attempts
        on spells.client_key = attempts.client_key
        and attempts.started_on < coalesce(spells.returned_on, date '9999-12-31')
        and (attempts.started_on >= spells.fell_asleep_on or attempts.spell = spells.spell)
    group by spells.client_key, spells.spell
),

final as (
    select
        facts.client_key,
        facts.spell,
        facts.fell_asleep_on,
        facts.returned_on,
        facts.tier,
        cast(greatest(ceil($conversion_cycles * facts.cycle), $conversion_min_days) as bigint) - 1
            as window_days,
        begun.first_attempt_on
    from int_spell_facts as facts
    left join begun on facts.client_key = begun.client_key and facts.spell = begun.spell
)

select * from final
