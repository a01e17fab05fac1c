-- How many clients of each score fell silent and how many did not, for each ranking: the odds (in
-- ten-thousandths), the days since the last purchase, and those days in cycles (in hundredths).
-- grain: one row per cutoff, horizon, population, ranking and score
with scored as (
    select
        cutoff,
        horizon,
        purchases,
        seen_within_a_year,
        silent,
        unnest(
            [
                named_struct('ranking', 'odds', 'score', odds),
                named_struct('ranking', 'days', 'score', cast(days_since as bigint)),
                named_struct('ranking', 'cycles', 'score', cycles_since)
            ]
        ) as scored
    from int_backtest_cases
    where silent is not null
),

counted as (
    select
        cutoff,
        horizon,
        scored['ranking'] as ranking,
        scored['score'] as score,
        count(*) filter (where silent) as silent,
        count(*) filter (where not silent) as active,
        count(*) filter (where silent and purchases >= 3) as silent_3,
        count(*) filter (where not silent and purchases >= 3) as active_3,
        count(*) filter (where silent and seen_within_a_year) as silent_year,
        count(*) filter (where not silent and seen_within_a_year) as active_year
    from scored
    group by cutoff, horizon, scored['ranking'], scored['score']
),

by_population as (
    select
        cutoff,
        horizon,
        ranking,
        score,
        unnest(
            [
                named_struct('population', 'all', 'silent', silent, 'active', active),
                named_struct(
                    'population', 'three purchases', 'silent', silent_3, 'active', active_3
                ),
                named_struct(
                    'population', 'seen within a year', 'silent', silent_year, 'active', active_year
                )
            ]
        ) as counted
    from counted
),

final as (
    select
        cutoff,
        horizon,
        counted['population'] as population,
        ranking,
        score,
        counted['silent'] as silent,
        counted['active'] as active
    from by_population
    where counted['silent'] + counted['active'] > 0
)

select * from final
