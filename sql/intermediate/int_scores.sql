-- The lowest score of each day on which a client gave one.
-- grain: one row per client_key and date
with days as (
    select keys.client_key, scores.date, min(scores.score) as score
    from stg_scores as scores
    inner join int_client_keys as keys
        on scores.source = keys.source and scores.client_id = keys.client_id
    group by keys.client_key, scores.date
),

final as (
    select
        client_key,
        date,
        score,
        row_number() over (partition by client_key order by date desc) = 1 as is_last
    from days
)

select * from final
