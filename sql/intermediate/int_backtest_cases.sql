-- The same for each horizon: whether the client stayed silent through it, and what each rule and
-- each ranking said of him; cases whose horizon is not over have silent NULL.
-- grain: one row per client_key, cutoff and horizon
with horizons as (
    select * from int_backtest_cutoffs
),

dated as (
    select
        states.*,
        horizons.horizon,
        horizons.alpha,
        coalesce(horizons.horizon_days, cast(ceil(1.5 * states.cycle) as int)) as horizon_days
    from int_backtest_states as states
    inner join horizons on states.cutoff = horizons.cutoff
),

final as (
    select
        cutoff,
        horizon,
        purchases,
        seen_within_a_year,
        annual_value,
        case
            when add_days(cutoff, horizon_days) > $as_of then null
            else coalesce(next_date, date '9999-12-31') > add_days(cutoff, horizon_days)
        end as silent,
        asleep,
        days_since > case
            when $cycle_fixed_days is not null then silence_days(cast(1 as decimal(18, 4)), cycle)
            else least(
                greatest(silence_days(cast(1 as decimal(18, 4)), cycle), $sleep_min_days),
                $sleep_max_days
            )
        end as asleep_1,
        days_since > case
            when $cycle_fixed_days is not null then silence_days(cast(1.5 as decimal(18, 4)), cycle)
            else least(
                greatest(silence_days(cast(1.5 as decimal(18, 4)), cycle), $sleep_min_days),
                $sleep_max_days
            )
        end as asleep_1_5,
        days_since > case
            when $cycle_fixed_days is not null then silence_days(cast(2 as decimal(18, 4)), cycle)
            else least(
                greatest(silence_days(cast(2 as decimal(18, 4)), cycle), $sleep_min_days),
                $sleep_max_days
            )
        end as asleep_2,
        days_since > case
            when $cycle_fixed_days is not null then silence_days(cast(3 as decimal(18, 4)), cycle)
            else least(
                greatest(silence_days(cast(3 as decimal(18, 4)), cycle), $sleep_min_days),
                $sleep_max_days
            )
        end as asleep_3,
        days_since,
        cast(
            round(days_since / greatest(cycle, cast(0.0001 as decimal(18, 4))) * 100) as bigint
        ) as cycles_since,
        cast(
            round(
                p_silent(
                    cast($odds_fixed_r as double),
                    alpha,
                    cast($odds_fixed_a as double),
                    cast($odds_fixed_b as double),
                    cast(purchases - 1 as int),
                    recency_days,
                    age_days,
                    cast(horizon_days as bigint)
                )
                * 10000
            ) as bigint
        ) as odds
    from dated
)

select * from final
