-- Documents in another currency than the base one, seen up to the day.
-- grain: one row per source, kind, document_id and year of date
select documents.source, documents.kind, documents.document_id, documents.date, documents.currency
from documents
inner join set_project on documents.currency <> set_project.currency
where documents.date <= $as_of
