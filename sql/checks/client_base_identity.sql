-- Quarters whose clients do not add up: opening + new + returned − fell_asleep − closed = closing.
select quarter, opening, "new", returned, fell_asleep, closed, closing
from client_base
where opening + "new" + returned - fell_asleep - closed <> closing
