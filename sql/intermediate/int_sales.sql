-- Documents of purchase kind and returns, by client: `net` counts in the period of `date`, and
-- towards the purchase of `purchase_date`.
-- grain: one row per document of purchase kind or return, not cancelled
with documents as (
    select * from stg_documents where not cancelled
),

keys as (
    select source, client_id, client_key from int_client_keys
),

kinds as (
    select source, kind as purchase_kind, from_date, until_date from int_purchase_kinds
),

first_payments as (
    select
        payments.source,
        payments.client_id,
        payments.related_document_id as document_id,
        min(payments.date) as paid_on
    from documents as payments
    inner join kinds
        on payments.source = kinds.source and kinds.purchase_kind = 'paid_invoice'
    where payments.kind = 'payment' and payments.related_document_id is not null
    group by payments.source, payments.client_id, payments.related_document_id
),

orders as (
    select source, client_id, document_id, date
    from documents
    where kind = 'order'
),

candidates as (
    select
        documents.source,
        documents.document_id,
        documents.client_id,
        documents.date as issued_on,
        case
            when kinds.purchase_kind = 'paid_invoice'
                then coalesce(
                    least(documents.paid_on, first_payments.paid_on),
                    documents.paid_on,
                    first_payments.paid_on
                )
            else documents.date
        end as date,
        documents.amount,
        documents.related_document_id,
        documents.direction,
        documents.manager,
        documents.region
    from documents
    inner join kinds
        on documents.source = kinds.source
        and documents.kind
        = case when kinds.purchase_kind = 'paid_invoice' then 'invoice' else kinds.purchase_kind end
        and documents.date between kinds.from_date and kinds.until_date
    left join first_payments
        on kinds.purchase_kind = 'paid_invoice'
        and documents.source = first_payments.source
        and documents.client_id = first_payments.client_id
        and documents.document_id = first_payments.document_id
),

named_orders as (
    select
        candidates.source,
        candidates.document_id,
        candidates.issued_on,
        max(orders.date) as ordered_on
    from candidates
    inner join orders
        on candidates.source = orders.source
        and candidates.client_id = orders.client_id
        and candidates.related_document_id = orders.document_id
        and orders.date <= candidates.issued_on
    where candidates.related_document_id is not null
    group by candidates.source, candidates.document_id, candidates.issued_on
),

purchases as (
    select
        keys.client_key,
        candidates.source,
        candidates.document_id,
        candidates.issued_on,
        candidates.date,
        candidates.amount,
        candidates.direction,
        candidates.manager,
        candidates.region,
        named_orders.ordered_on
    from candidates
    inner join keys
        on candidates.source = keys.source and candidates.client_id = keys.client_id
    left join named_orders
        on candidates.source = named_orders.source
        and candidates.document_id = named_orders.document_id
        and candidates.issued_on = named_orders.issued_on
    where candidates.date is not null
),

returned as (
    select
        keys.client_key,
        documents.source,
        documents.document_id,
        documents.date,
        documents.amount,
        documents.related_document_id,
        documents.direction,
        documents.manager,
        documents.region
    from documents
    inner join keys on documents.source = keys.source and documents.client_id = keys.client_id
    where documents.kind = 'return'
),

related as (
    select
        returned.client_key,
        returned.source,
        returned.document_id,
        returned.date,
        max(purchases.issued_on) as issued_on
    from returned
    inner join purchases
        on returned.client_key = purchases.client_key
        and returned.source = purchases.source
        and returned.related_document_id = purchases.document_id
        and purchases.issued_on <= returned.date
    where returned.related_document_id is not null
    group by returned.client_key, returned.source, returned.document_id, returned.date
),

related_days as (
    select related.*, max(purchases.date) as purchase_date
    from related
    inner join purchases
        on related.client_key = purchases.client_key
        and related.source = purchases.source
        and related.issued_on = purchases.issued_on
    inner join returned
        on related.client_key = returned.client_key
        and related.source = returned.source
        and related.document_id = returned.document_id
        and related.date = returned.date
        and returned.related_document_id = purchases.document_id
    group by
        related.client_key,
        related.source,
        related.document_id,
        related.date,
        related.issued_on
),

final as (
    select
        client_key,
        date,
        date as purchase_date,
        true as is_purchase,
        amount as net,
        document_id,
        direction,
        manager,
        region,
        ordered_on
    from purchases
    union all
    select
        returned.client_key,
        returned.date,
        coalesce(related_days.purchase_date, returned.date) as purchase_date,
        false as is_purchase,
        cast(-returned.amount as decimal(18, 2)) as net,
        returned.document_id,
        returned.direction,
        returned.manager,
        returned.region,
        cast(null as date) as ordered_on
    from returned
    left join related_days
        on returned.client_key = related_days.client_key
        and returned.source = related_days.source
        and returned.document_id = related_days.document_id
        and returned.date = related_days.date
)

select * from final
