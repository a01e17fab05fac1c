-- The parameters of the odds of silence, how well they foretold, and which are in force.
-- grain: one row per odds_basis and cutoff
select
    odds_basis,
    cutoff,
    clients,
    repeaters,
    r,
    alpha,
    a,
    b,
    log_likelihood,
    brier,
    in_force,
    because
from int_odds
