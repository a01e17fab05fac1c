-- Documents that stand around sales: quotes, orders, invoices and payments, and shipments that
-- name another document, have a due date, or come from a source that writes invoices and links
-- nothing.
-- grain: one row per source, kind, document_id and year of date
with invoicing as (
    select source, bool_or(has_invoices) and not bool_or(has_links) as links_nothing
    from int_activity
    group by source
),

final as (
    select
        keys.client_key,
        documents.source,
        documents.document_id,
        documents.kind,
        documents.date,
        documents.amount,
        documents.related_document_id,
        documents.manager,
        documents.due_date,
        documents.paid_on,
        documents.paid_amount
    from stg_documents as documents
    inner join invoicing on documents.source = invoicing.source
    inner join int_client_keys as keys
        on documents.source = keys.source and documents.client_id = keys.client_id
    where
        not documents.cancelled
        and documents.kind <> 'return'
        and (
            documents.kind <> 'shipment'
            or documents.related_document_id is not null
            or documents.due_date is not null
            or invoicing.links_nothing
        )
)

select * from final
