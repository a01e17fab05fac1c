-- Documents that stand around sales: quotes, orders, invoices and payments, and shipments that
-- name another document, have a due date, or come from a source that writes invoices and links
-- nothing.
-- grain: one row per source, kind, document_id and year of date
with linking_nothing as (
    select source
    from int_activity
    group by source
    having bool_or(has_invoices) and not bool_or(has_links)
),

writers as (
    select source, client_id
    from int_activity
    where has_papers or source in (select source from linking_nothing)
),

keys as (
    select keys.source, keys.client_id, keys.client_key
    from int_client_keys as keys
    inner join writers on keys.source = writers.source and keys.client_id = writers.client_id
),

documents as (
    select
        source,
        client_id,
        document_id,
        kind,
        date,
        amount,
        related_document_id,
        manager,
        due_date,
        paid_on,
        paid_amount
    from stg_documents
    where
        not cancelled
        and kind <> 'return'
        and (
            kind <> 'shipment'
            or related_document_id is not null
            or due_date is not null
            or source in (select source from linking_nothing)
        )
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
    from keys
    inner join documents
        on keys.source = documents.source and keys.client_id = documents.client_id
)

select * from final
