-- Odds of silence of which not exactly one is in force.
select count(*) filter (where in_force) as in_force
from odds_fit
having count(*) filter (where in_force) <> 1
