-- Returns with the day of the purchase that they send back: that of the newest document of purchase
-- kind of the client that they name, else their own.
-- grain: one row per source, document_id and year of date
with purchases as (
    select client_key, source, document_id, date as issued_on, date
    from int_documents
    where is_purchase and not counts_when_paid and related_document_id is null
    union all
    select client_key, source, document_id, issued_on, date
    from int_linked_sales
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
    from int_linked_documents
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
    where returned.related_document_id is not null
    group by returned.client_key, returned.source, returned.document_id, returned.date
),

final as (
    select
        returned.client_key,
        returned.source,
        returned.document_id,
        returned.date,
        coalesce(sent_back.purchase_date, returned.date) as purchase_date,
        returned.amount,
        returned.direction,
        returned.manager,
        returned.region
    from returned
    left join sent_back
        on returned.client_key = sent_back.client_key
        and returned.source = sent_back.source
        and returned.document_id = sent_back.document_id
        and returned.date = sent_back.date
)

select * from final
