-- Documents in another currency than the base one, seen up to the day.
-- grain: one row per source, kind, document_id and year of date
select source, document_id, kind, date, currency
from documents
where date <= $as_of and currency <> $currency
