-- NPS by quarter, of the company and by manager: of a client's answers of one day the lowest counts.
-- grain: one row per quarter and manager
with closed_quarters as (
    select quarter, quarter_start, quarter_end from dim_quarters where closed
),

scores as (
    select
        quarter_start(scores.date) as quarter_start,
        coalesce(clients.manager, 'unknown') as manager,
        scores.score
    from int_scores as scores
    inner join int_clients as clients on scores.client_key = clients.client_key
),

counted as (
    select
        quarter_start,
        manager,
        count(*) as scores,
        count(*) filter (where score >= 9) as promoters,
        count(*) filter (where score <= 6) as detractors,
        sum(score) as total
    from scores
    group by grouping sets ((quarter_start, manager), (quarter_start))
),

final as (
    select
        counted.manager is null as is_total,
        closed_quarters.quarter,
        coalesce(counted.manager, 'all') as manager,
        closed_quarters.quarter_start,
        closed_quarters.quarter_end,
        counted.scores,
        counted.promoters,
        counted.detractors,
        cast(
            round(
                100 * cast(counted.promoters - counted.detractors as decimal(18, 4))
                / counted.scores,
                1
            ) as decimal(18, 1)
        ) as nps,
        cast(round(cast(counted.total as decimal(18, 4)) / counted.scores, 2) as decimal(18, 2))
            as mean_score
    from counted
    inner join closed_quarters on counted.quarter_start = closed_quarters.quarter_start
)

select * from final
