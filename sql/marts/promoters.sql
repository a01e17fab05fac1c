-- Clients who are awake and gave 9 or 10 last: whom to try a script on, and to ask for a reference.
-- grain: one row per client_key
with last_scores as (
    select client_key, date, score from int_scores where is_last and score >= 9
),

final as (
    select
        clients.client_key,
        clients.name,
        clients.phone,
        clients.email,
        briefs.ask_for,
        last_scores.score,
        last_scores.date as scored_on,
        clients.last_purchase,
        clients.annual_value,
        clients.tier,
        clients.manager
    from last_scores
    inner join dim_clients as clients on last_scores.client_key = clients.client_key
    left anti join int_off_limits as off_limits
        on last_scores.client_key = off_limits.client_key
    left join int_briefs as briefs on last_scores.client_key = briefs.client_key
    where clients.fell_asleep_on is null
)

select * from final
