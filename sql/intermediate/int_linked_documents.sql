-- Documents that may be linked with others: returns, payments, orders, and those of purchase kind
-- that name another document or count when they are paid.
-- grain: one row per source, kind, document_id and year of date
select *
from int_documents
where
    kind in ('return', 'payment', 'order')
    or (is_purchase and (counts_when_paid or related_document_id is not null))
