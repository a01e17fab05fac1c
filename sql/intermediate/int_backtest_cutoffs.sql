-- The days on which the rules are judged, for each horizon: the ends of the last 8 closed quarters
-- whose horizon is over, or the one day asked for.
-- grain: one row per cutoff and horizon
with horizons as (
    select '1.5 cycles' as horizon, cast(null as int) as horizon_days, 90 as days_after
    union all
    select '90 days' as horizon, 90 as horizon_days, 90 as days_after
    union all
    select '180 days' as horizon, 180 as horizon_days, 180 as days_after
),

days as (
    select quarter_end as cutoff from dim_quarters where closed and $backtest_at is null
    union all
    select $backtest_at as cutoff where $backtest_at is not null
),

ranked as (
    select
        days.cutoff,
        horizons.horizon,
        horizons.horizon_days,
        row_number() over (partition by horizons.horizon order by days.cutoff desc) as place
    from days
    inner join horizons on days.cutoff <= add_days($as_of, -horizons.days_after)
),

company as (
    select quarter_start, cycle from int_common_cycles where sales_type is null
),

final as (
    select
        ranked.cutoff,
        ranked.horizon,
        ranked.horizon_days,
        cast(coalesce(company.cycle, $cycle_default_days) as double) / 7 as alpha
    from ranked
    left join company on quarter_start(ranked.cutoff) = company.quarter_start
    where ranked.place <= 8
)

select * from final
