-- Documents of purchase kind and returns, by client: `net` counts in the period of `date`, and
-- towards the purchase of `purchase_date`.
-- grain: one row per document of purchase kind or return
with simple_purchases as (
    select
        client_key,
        source,
        document_id,
        date as issued_on,
        date,
        amount,
        direction,
        manager,
        region,
        cast(null as date) as ordered_on
    from int_documents
    where is_purchase and not counts_when_paid and related_document_id is null
),

first_payments as (
    select client_key, source, related_document_id as document_id, min(date) as paid_on
    from int_documents
    where kind = 'payment' and counts_when_paid and related_document_id is not null
    group by client_key, source, related_document_id
),

orders as (
    select client_key, source, document_id, date as ordered_on
    from int_documents
    where kind = 'order'
),

linked_purchases as (
    select
        documents.client_key,
        documents.source,
        documents.document_id,
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
    from int_documents as documents
    left join first_payments
        on documents.client_key = first_payments.client_key
        and documents.source = first_payments.source
        and documents.document_id = first_payments.document_id
    where
        documents.is_purchase
        and (documents.counts_when_paid or documents.related_document_id is not null)
),

ordered_purchases as (
    select
        linked_purchases.client_key,
        linked_purchases.source,
        linked_purchases.document_id,
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
        linked_purchases.issued_on,
        linked_purchases.date,
        linked_purchases.amount,
        linked_purchases.direction,
        linked_purchases.manager,
        linked_purchases.region
),

purchases as (
    select * from simple_purchases
    union all
    select * from ordered_purchases
),

returned as (
    select
        client_key,
        source,
        document_id,
        date,
        amount,
        related_document_id,
        direction,
        manager,
        region
    from int_documents
    where kind = 'return'
),

sent_back as (
    select
        returned.client_key,
        returned.source,
        returned.document_id,
        returned.date,
        first_value(purchases.date order by purchases.issued_on desc) as purchase_date
    from returned
    inner join purchases
        on returned.client_key = purchases.client_key
        and returned.source = purchases.source
        and returned.related_document_id = purchases.document_id
        and purchases.issued_on <= returned.date
    group by returned.client_key, returned.source, returned.document_id, returned.date
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
        coalesce(sent_back.purchase_date, returned.date) as purchase_date,
        false as is_purchase,
        cast(-returned.amount as decimal(18, 2)) as net,
        returned.document_id,
        returned.direction,
        returned.manager,
        returned.region,
        cast(null as date) as ordered_on
    from returned
    left join sent_back
        on returned.client_key = sent_back.client_key
        and returned.source = sent_back.source
        and returned.document_id = sent_back.document_id
        and returned.date = sent_back.date
)

select * from final
