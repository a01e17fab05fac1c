-- Purchases by documents that name another one or count when they are paid, with the day on which
-- they count and that of the order they name.
-- grain: one row per source, kind, document_id and year of date
with payments as (
    select
        payments.client_key,
        payments.source,
        payments.related_document_id as document_id,
        payments.document_id as payment_id,
        payments.date as paid_on,
        max(invoices.date) as issued_on
    from int_linked_documents as payments
    inner join int_linked_documents as invoices
        on payments.client_key = invoices.client_key
        and payments.source = invoices.source
        and payments.related_document_id = invoices.document_id
        and invoices.date <= payments.date
    where
        payments.kind = 'payment'
        and payments.counts_when_paid
        and invoices.is_purchase
        and invoices.counts_when_paid
    group by
        payments.client_key,
        payments.source,
        payments.related_document_id,
        payments.document_id,
        payments.date
),

first_payments as (
    select client_key, source, document_id, issued_on, min(paid_on) as paid_on
    from payments
    group by client_key, source, document_id, issued_on
),

orders as (
    select client_key, source, document_id, date as ordered_on
    from int_linked_documents
    where kind = 'order'
),

linked_purchases as (
    select
        documents.client_key,
        documents.source,
        documents.document_id,
        documents.kind,
        documents.date as issued_on,
        case
            when not documents.counts_when_paid then documents.date
            when documents.paid_on < first_payments.paid_on then documents.paid_on
            else coalesce(first_payments.paid_on, documents.paid_on)
        end as date,
        documents.amount,
        documents.direction,
        documents.manager,
        documents.region,
        documents.related_document_id
    from int_linked_documents as documents
    left join first_payments
        on documents.client_key = first_payments.client_key
        and documents.source = first_payments.source
        and documents.document_id = first_payments.document_id
        and documents.date = first_payments.issued_on
    where
        documents.is_purchase
        and (documents.counts_when_paid or documents.related_document_id is not null)
),

final as (
    select
        linked_purchases.client_key,
        linked_purchases.source,
        linked_purchases.document_id,
        linked_purchases.kind,
        linked_purchases.issued_on,
        linked_purchases.date,
        linked_purchases.amount,
        linked_purchases.direction,
        linked_purchases.manager,
        linked_purchases.region,
        max(orders.ordered_on) as ordered_on
    from linked_purchases
    left join orders
        on linked_purchases.client_key = orders.client_key
        and linked_purchases.source = orders.source
        and linked_purchases.related_document_id = orders.document_id
        and orders.ordered_on <= linked_purchases.issued_on
    where linked_purchases.date is not null
    group by
        linked_purchases.client_key,
        linked_purchases.source,
        linked_purchases.document_id,
        linked_purchases.kind,
        linked_purchases.issued_on,
        linked_purchases.date,
        linked_purchases.amount,
        linked_purchases.direction,
        linked_purchases.manager,
        linked_purchases.region
)

select * from final
