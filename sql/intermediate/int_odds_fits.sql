-- The parameters of MBG/NBD that fit best what was known on each cut-off.
-- grain: one row per cutoff
with fits as (
    select cutoff, unnest(fit_odds(repeats, recency_days, age_days)) as fit
    from int_odds_states
    group by cutoff
),

final as (
    select
        cutoff,
        fit['clients'] as clients,
        fit['repeaters'] as repeaters,
        fit['r'] as r,
        fit['alpha'] as alpha,
        fit['a'] as a,
        fit['b'] as b,
        fit['log_likelihood'] as log_likelihood
    from fits
)

select * from final
