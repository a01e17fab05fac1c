-- A running quarter whose clients do not add up: opening + new + returned − fell_asleep − closed =
-- awake.
select quarter, opening, "new", returned, fell_asleep, closed, awake
from quarter_to_date
where opening + "new" + returned - fell_asleep - closed <> awake
