-- Invoices with the day on which they were settled and what was paid of them: by paid_on, by a
-- payment or shipment that names them, or, where the source links nothing, by any of at least the
-- amount from that day on.
-- grain: one row per source, document_id and date
with papers as (
    select * from int_papers
),

invoices as (
    select * from papers where kind = 'invoice'
),

settling as (
    select * from papers where kind in ('payment', 'shipment') and amount > 0
),

linking as (
    select source, bool_or(related_document_id is not null) as links
    from settling
    group by source
),

named as (
    select
        settling.client_key,
        settling.source,
        settling.related_document_id as document_id,
        settling.kind,
        settling.document_id as settling_id,
        settling.date as settled_on,
        settling.amount,
        max(invoices.date) as date
    from settling
    inner join invoices
        on settling.client_key = invoices.client_key
        and settling.source = invoices.source
        and settling.related_document_id = invoices.document_id
        and settling.date >= invoices.date
    group by
        settling.client_key,
        settling.source,
        settling.related_document_id,
        settling.kind,
        settling.document_id,
        settling.date,
        settling.amount
),

by_name as (
    select
        client_key,
        source,
        document_id,
        date,
        min(settled_on) as settled_on,
        min(settled_on) filter (where kind = 'payment') as first_paid_on,
        sum(amount) filter (where kind = 'payment') as paid
    from named
    group by client_key, source, document_id, date
),

by_amount as (
    select
        invoices.client_key,
        invoices.source,
        invoices.document_id,
        invoices.date,
        min(settling.date) as settled_on,
        min(settling.date) filter (where settling.kind = 'payment') as first_paid_on
    from invoices
    inner join linking on invoices.source = linking.source and not linking.links
    inner join settling
        on invoices.client_key = settling.client_key
        and invoices.source = settling.source
        and settling.date >= invoices.date
        and settling.amount >= invoices.amount
    group by invoices.client_key, invoices.source, invoices.document_id, invoices.date
),

final as (
    select
        invoices.client_key,
        invoices.source,
        invoices.document_id,
        invoices.date,
        invoices.manager,
        invoices.amount,
        coalesce(invoices.due_date, add_days(invoices.date, 30)) as due_on,
        least(invoices.paid_on, by_name.settled_on, by_amount.settled_on) as settled_on,
        cast(
            least(
                invoices.amount,
                case
                    when invoices.paid_on is not null
                        then coalesce(invoices.paid_amount, invoices.amount)
                    when by_name.paid is not null then by_name.paid
                    when by_amount.first_paid_on is not null then invoices.amount
                    else 0
                end
            ) as decimal(18, 2)
        ) as paid
    from invoices
    left join by_name
        on invoices.client_key = by_name.client_key
        and invoices.source = by_name.source
        and invoices.document_id = by_name.document_id
        and invoices.date = by_name.date
    left join by_amount
        on invoices.client_key = by_amount.client_key
        and invoices.source = by_amount.source
        and invoices.document_id = by_amount.document_id
        and invoices.date = by_amount.date
)

select * from final
