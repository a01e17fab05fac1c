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

final as (
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
        coalesce(
            documents.kind = case
                when kinds.purchase_kind = 'paid_invoice' then 'invoice'
                else kinds.purchase_kind
            end,
            false
        ) as is_purchase,
        coalesce(kinds.purchase_kind = 'paid_invoice', false) as counts_when_paid
    from keys
    inner join documents
        on keys.source = documents.source and keys.client_id = documents.client_id
    left join kinds
        on documents.source = kinds.source
        and documents.date between kinds.from_date and kinds.until_date
)

select * from final
