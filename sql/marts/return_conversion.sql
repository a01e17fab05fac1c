-- Returns: of a quarter against those who slept (period), of attempts of ours against the attempts
-- (reactivation), and against what would have come back anyway (expected).
-- grain: one row per quarter, kind, dimension and value
with closed_quarters as (
    select quarter, quarter_start, quarter_end from dim_quarters where closed
),

spells as (
    select
        dimension,
        value,
        began_in,
        returned_in,
        spells,
        unnest(quarter_starts(began_in, coalesce(returned_in, $as_of))) as quarter_start
    from int_spell_dimensions
),

by_period as (
    select
        quarter_start,
        dimension,
        value,
        coalesce(sum(spells) filter (where began_in < quarter_start), 0) as asleep_at_opening,
        coalesce(sum(spells) filter (where began_in = quarter_start), 0) as fell_asleep,
        sum(spells) as base,
        coalesce(sum(spells) filter (where returned_in = quarter_start), 0) as returned
    from spells
    group by quarter_start, dimension, value
),

by_attempt as (
    select
        quarter_start(started_on) as quarter_start,
        counted_by['dimension'] as dimension,
        counted_by['value'] as value,
        count(*) filter (where spell is not null) as base,
        count(*) filter (where spell is not null and survey_result is not null) as surveyed,
        count(*) filter (where spell is not null and survey_result = 'offended') as offended,
        count(*) filter (where spell is not null and survey_result = 'forgotten') as forgotten,
        count(*) filter (where spell is not null and survey_result = 'hopeless') as hopeless,
        count(*) filter (where spell is not null and survey_result = 'no_answer') as no_answer,
        count(*) filter (where spell is not null and woken) as woken,
        count(*) filter (where returned) as returned,
        count(*) filter (where matured) as matured,
        count(*) filter (where spell is not null and not matured) as immature,
        count(*) filter (where matured and woken) as matured_woken,
        count(*) filter (where matured and woken and returned) as woken_returned,
        count(*) filter (where matured and returned) as matured_returned,
        count(*) filter (where spell is null) as preventive,
        count(*) filter (where spell is null and kept) as kept,
        cast(
            median(
                cast(days_between(window_start, returned_on) as decimal(18, 9))
            ) filter (where returned) as decimal(18, 1)
        ) as median_days_to_return,
        sum(purchases_after) as purchases_after,
        cast(sum(net_sales_after) as decimal(18, 2)) as net_sales_after,
        cast(sum(cost) filter (where spell is not null) as decimal(18, 2)) as cost,
        cast(avg(expected) filter (where matured) as double) as expected,
        min(coalesce(compared_spells, 0)) filter (where matured) as compared_spells,
        count(*) filter (where matured and expected is null) as without_comparison,
        max(left_out) filter (where matured) as left_out
    from int_attempt_facts
    group by quarter_start(started_on), counted_by['dimension'], counted_by['value']
),

converted as (
    select
        by_attempt.*,
        cast(woken_returned as double) / nullif(matured_woken, 0) as conversion,
        cast(matured_returned as double) / nullif(matured, 0) as conversion_of_base,
        without_comparison = 0 and coalesce(compared_spells, 0) >= 30 as comparable,
        nullif(cast(matured_woken as double), 0) as n
    from by_attempt
),

-- 1.959964 is the 97.5 % quantile of the normal distribution; Wilson (1927).
bounded as (
    select
        converted.*,
        (conversion + 1.92072944 / n) / (1 + 3.84145888 / n) as centre,
        1.959964 * sqrt(conversion * (1 - conversion) / n + 0.96036472 / (n * n))
        / (1 + 3.84145888 / n) as half_width
    from converted
),

united as (
    select
        quarter_start,
        'period' as kind,
        dimension,
        value,
        asleep_at_opening,
        fell_asleep,
        base,
        returned,
        cast(returned as double) / nullif(base, 0) as conversion
    from by_period
    union all by name
    select
        quarter_start,
        'reactivation' as kind,
        dimension,
        value,
        base,
        surveyed,
        offended,
        forgotten,
        hopeless,
        no_answer,
        woken,
        returned,
        matured,
        immature,
        matured_woken,
        matured_returned,
        conversion,
        conversion_of_base,
        case
            when conversion is null then null
            when matured < $conversion_min_attempts then 'too few'
            when conversion < $conversion_calls_alone then 'below calls alone'
            when conversion < $conversion_average then 'above calls alone'
            when conversion < $conversion_best then 'above the average of the method'
            else 'above the best its authors recorded'
        end as reference,
        preventive,
        kept,
        median_days_to_return,
        purchases_after,
        net_sales_after,
        cost,
        cast(round(cost / nullif(returned, 0), 2) as decimal(18, 2)) as cost_per_returned,
        cast(cost as double)
        / nullif(returned, 0)
        / nullif(cast($acquisition_cost as double), 0) as cost_ratio
    from bounded
    union all by name
    select
        quarter_start,
        'expected' as kind,
        dimension,
        value,
        matured as base,
        matured_woken as woken,
        woken_returned as returned,
        matured,
        matured_woken,
        matured_returned,
        conversion,
        compared_spells,
        left_out,
        case when comparable then expected else null end as expected,
        case when comparable then conversion - expected else null end as uplift,
        case when comparable then centre - half_width - expected else null end as uplift_low,
        case when comparable then centre + half_width - expected else null end as uplift_high,
        case when comparable then 'observed, not proved' else 'too few spells to compare with' end
            as evidence
    from bounded
    where matured > 0
),

final as (
    select
        united.dimension = 'total' as is_total,
        closed_quarters.quarter,
        closed_quarters.quarter_start,
        closed_quarters.quarter_end,
        united.kind,
        united.dimension,
        united.value,
        united.asleep_at_opening,
        united.fell_asleep,
        united.base,
        united.surveyed,
        united.offended,
        united.forgotten,
        united.hopeless,
        united.no_answer,
        united.woken,
        united.returned,
        united.matured,
        united.immature,
        united.matured_woken,
        united.matured_returned,
        united.conversion,
        united.conversion_of_base,
        united.reference,
        united.preventive,
        united.kept,
        united.median_days_to_return,
        united.purchases_after,
        united.net_sales_after,
        united.cost,
        united.cost_per_returned,
        united.cost_ratio,
        united.compared_spells,
        united.left_out,
        united.expected,
        united.uplift,
        united.uplift_low,
        united.uplift_high,
        united.evidence
    from united
    inner join closed_quarters on united.quarter_start = closed_quarters.quarter_start
)

select * from final
