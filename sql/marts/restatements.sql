-- Measures of kept quarters that late documents have changed since they were first published: what
-- was published against what the same documents would give today, as of the same day.
-- grain: one row per quarter, table_name, key and measure
with published_then as (
    select quarter, table_name, key, measure, value from kept_measures
),

now_known as (
    select quarter, table_name, key, measure, value from measures_now
),

compared as (
    select
        coalesce(published_then.quarter, now_known.quarter) as quarter,
        coalesce(published_then.table_name, now_known.table_name) as table_name,
        coalesce(published_then.key, now_known.key) as key,
        coalesce(published_then.measure, now_known.measure) as measure,
        published_then.value as published,
        now_known.value as now
    from published_then
    full outer join now_known
        on published_then.quarter = now_known.quarter
        and published_then.table_name = now_known.table_name
        and published_then.key = now_known.key
        and published_then.measure = now_known.measure
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
        compared.published,
        compared.now,
        coalesce(compared.now, 0) - coalesce(compared.published, 0) as difference
    from compared
    left join days on compared.quarter = days.quarter
    where coalesce(compared.published, 0) <> coalesce(compared.now, 0)
)

select * from final
