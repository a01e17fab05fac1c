-- Documents that stand, by client; `is_purchase` marks those of purchase kind.
-- grain: one row per source, kind, document_id and year of date
with documents as (
    select * from stg_documents where not cancelled
),

keys as (
    select source, client_id, client_key from int_client_keys
),

kinds as (
    select source, kind as purchase_kind, from_date, until_date from int_purchase_kinds
),

joined as (
    select
        keys.client_key,
        documents.source,
        documents.document_id,
        documents.kind,
        documents.date,
        documents.amount,
        documents.related_document_id,
        documents.direction,
        documents.manager,
        documents.region,
        documents.paid_on,
        kinds.purchase_kind
    from kinds
    inner join keys on kinds.source = keys.source
    inner join documents
        on keys.source = documents.source
        and keys.client_id = documents.client_id
        and documents.date >= kinds.from_date
        and documents.date <= kinds.until_date
),

final as (
    select
        client_key,
        source,
        document_id,
        kind,
        date,
        amount,
        related_document_id,
        direction,
        manager,
        region,
        paid_on,
        kind = case when purchase_kind = 'paid_invoice' then 'invoice' else purchase_kind end
            as is_purchase,
        purchase_kind = 'paid_invoice' as counts_when_paid
    from joined
)

select * from final
