-- Offers that were made ready for clients, seen up to the day.
-- grain: one row per source and offer_id
select source, offer_id, date, name, kind, cost, valid_until
from offers
where date <= $as_of
