-- Measures of kept quarters that have changed since they were first published, and why: what was published
-- against what the same documents would give today, as of the same day.
-- grain: one row per quarter, table_name, key and measure
with published_then as (
    select * from kept_measures
),

now_known as (
    select * from measures_now
),

compared as (
    select
        coalesce(published_then.quarter, now_known.quarter) as quarter,
        coalesce(published_then.table_name, now_known.table_name) as table_name,
        coalesce(published_then.key, now_known.key) as key,
        coalesce(published_then.whole, now_known.whole) as whole,
        coalesce(published_then.measure, now_known.measure) as measure,
        coalesce(published_then.adds_up, now_known.adds_up) as adds_up,
        coalesce(published_then.cause, now_known.cause) as cause,
        published_then.value as published,
        now_known.value as now,
        coalesce(now_known.value, 0) - coalesce(published_then.value, 0) as difference
    from published_then
    full outer join now_known
        on published_then.quarter = now_known.quarter
        and published_then.table_name = now_known.table_name
        and published_then.key = now_known.key
        and published_then.measure = now_known.measure
),

totals as (
    select quarter, table_name, whole, measure, sum(difference) as difference
    from compared
    where whole is not null and adds_up
    group by quarter, table_name, whole, measure
),

-- Where nothing changed but how the whole is split by what clients are now: of a sum its own total, of what
-- does not add up those of all sums beside it.
only_split as (
    select
        quarter,
        table_name,
        whole,
        count(*) filter (where difference <> 0) = 0 as all_sums
    from totals
    group by quarter, table_name, whole
),

days as (
    select quarter, quarter_start, quarter_end from dim_quarters
),

final as (
    select
        compared.quarter,
        days.quarter_start,
        days.quarter_end,
        compared.table_name,
        compared.key,
        compared.measure,
        case
            when compared.adds_up and totals.difference = 0 then 'attributes'
            when not compared.adds_up and only_split.all_sums then 'attributes'
            else compared.cause
        end as cause,
        compared.published,
        compared.now,
        compared.difference
    from compared
    left join days on compared.quarter = days.quarter
    left join only_split
        on compared.quarter = only_split.quarter
        and compared.table_name = only_split.table_name
        and compared.whole = only_split.whole
    left join totals
        on compared.quarter = totals.quarter
        and compared.table_name = totals.table_name
        and compared.whole = totals.whole
        and compared.measure = totals.measure
    where
        compared.difference <> 0
        and abs(compared.difference) >= $restatements_min_amount
        and abs(compared.difference)
            >= $restatements_min_share * abs(coalesce(compared.published, 0))
)

select * from final
