-- Which clients each source has documents of, and which kinds of documents it knows; `has_papers`
-- marks those of whom int_papers has more than shipments alone.
-- grain: one row per source and client_id
select
    source,
    client_id,
    min(date) as first_document_on,
    max(date) as last_document_on,
    bool_or(kind = 'shipment') as has_shipments,
    bool_or(kind = 'invoice') as has_invoices,
    bool_or(kind in ('payment', 'shipment') and related_document_id is not null) as has_links,
    bool_or(
        (kind = 'invoice' and paid_on is not null)
        or (kind = 'payment' and related_document_id is not null)
    ) as has_payments,
    bool_or(
        kind not in ('return', 'shipment')
        or (kind = 'shipment' and (related_document_id is not null or due_date is not null))
    ) as has_papers
from stg_documents
group by source, client_id
