-- The same with how many clients and how many active ones have a lower score: a silent client counts
-- as ranked above each of these, and half above each active one with the same score.
-- grain: one row per cutoff, horizon, population, ranking and score
with final as (
    select
        cutoff,
        horizon,
        population,
        ranking,
        score,
        silent,
        active,
        coalesce(
            sum(active) over (
                partition by cutoff, horizon, population, ranking
                order by score
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as active_below,
        coalesce(
            sum(silent + active) over (
                partition by cutoff, horizon, population, ranking
                order by score
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as clients_below,
        sum(silent + active) over (partition by cutoff, horizon, population, ranking) as clients
    from int_backtest_scores
)

select * from final
