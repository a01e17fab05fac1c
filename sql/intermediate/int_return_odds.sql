-- The odds that a sleeper returns within the next 365 days: of past spells that had lasted as many
-- months, the share that did, by tier; over all tiers where there are fewer than 30; where there still
-- are, of the spells that lasted at least as long, over the months from there on; else 0.
-- grain: one row per months_asleep and tier
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

counted as (
    select
        months_asleep,
        tier,
        count(*) as spells,
        count(*) filter (
            where returned_on <= add_days(fell_asleep_on, 30 * months_asleep + 365)
        ) as returned
    from reached
    group by months_asleep, tier
),

months as (
    select unnest(range(0, 37)) as months_asleep
),

of_all as (
    select
        months.months_asleep,
        coalesce(sum(counted.spells), 0) as spells,
        coalesce(sum(counted.returned), 0) as returned
    from months
    left join counted on months.months_asleep = counted.months_asleep
    group by months.months_asleep
),

from_there_on as (
    select
        months_asleep,
        spells,
        returned,
        sum(spells) over (
            order by months_asleep
            rows between current row and unbounded following
        ) as spells_from,
        sum(returned) over (
            order by months_asleep
            rows between current row and unbounded following
        ) as returned_from
    from of_all
),

tiers as (
    select unnest(['gold', 'silver', 'copper', 'untiered']) as tier
),

final as (
    select
        from_there_on.months_asleep,
        tiers.tier,
        case
            when counted.spells >= 30 then 'tier'
            when from_there_on.spells >= 30 then 'all_tiers'
            when from_there_on.spells_from >= 30 then 'longer_sleep'
            else 'none'
        end as basis,
        cast(
            case
                when counted.spells >= 30 then counted.spells
                when from_there_on.spells >= 30 then from_there_on.spells
                when from_there_on.spells_from >= 30 then from_there_on.spells_from
                else 0
            end as bigint
        ) as spells,
        cast(
            case
                when counted.spells >= 30 then counted.returned
                when from_there_on.spells >= 30 then from_there_on.returned
                when from_there_on.spells_from >= 30 then from_there_on.returned_from
                else 0
            end as bigint
        ) as returned
    from from_there_on
    cross join tiers
    left join counted
        on from_there_on.months_asleep = counted.months_asleep
        and tiers.tier = counted.tier
)

select * from final
