-- Measures of kept quarters that late documents have changed since they were first published.
-- grain: one row per quarter, table_name, key and measure
with kept as (
    select quarter, table_name, key, measure, value from kept_measures
),

now_known as (
    select measures.quarter, measures.table_name, measures.key, measures.measure, measures.value
    from int_quarterly_measures as measures
    inner join kept_quarters
        on measures.quarter = kept_quarters.quarter
        and measures.table_name = kept_quarters.table_name
),

compared as (
    select
        coalesce(kept.quarter, now_known.quarter) as quarter,
        coalesce(kept.table_name, now_known.table_name) as table_name,
        coalesce(kept.key, now_known.key) as key,
        coalesce(kept.measure, now_known.measure) as measure,
        kept.value as published,
        now_known.value as now
    from kept
    full outer join now_known
        on kept.quarter = now_known.quarter
        and kept.table_name = now_known.table_name
        and kept.key = now_known.key
        and kept.measure = now_known.measure
    -- What was not settled when it was published has not been restated since.
    where kept.quarter is null or kept.value is not null
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
