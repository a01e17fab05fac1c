-- Of the spells that had lasted so many months, the share that ended within the next 365 days, by
-- tier and over all.
-- grain: one row per months_asleep and tier (NULL: all)
with reached as (
    select
        tier,
        fell_asleep_on,
        returned_on,
        unnest(
            range(
                0,
                least(
                    36,
                    days_between(
                        fell_asleep_on,
                        least(
                            add_days(coalesce(returned_on, date '9999-12-31'), -1),
                            add_days($as_of, -365)
                        )
                    ) / 30
                ) + 1
            )
        ) as months_asleep
    from int_spell_facts
    where
        fell_asleep_on <= add_days($as_of, -365)
),

final as (
    select
        months_asleep,
        tier,
        count(*) as spells,
        count(*) filter (
            where returned_on <= add_days(fell_asleep_on, 30 * months_asleep + 365)
        ) as returned
    from reached
    group by grouping sets ((months_asleep, tier), (months_asleep))
)

select * from final
