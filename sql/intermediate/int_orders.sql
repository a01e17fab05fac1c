-- Orders with the day on which they were first shipped: a shipment ships the newest order of its
-- client that has the number it names. Where the shipments of a source name no orders, nothing is
-- known of them.
-- grain: one row per source, document_id and date
with orders as (
    select client_key, source, document_id, date, due_date, amount
    from int_papers
    where kind = 'order'
),

named as (
    select
        orders.client_key,
        orders.source,
        orders.document_id,
        shipments.document_id as shipment_id,
        shipments.date as shipped_on,
        max(orders.date) as date
    from orders
    inner join int_papers as shipments
        on orders.client_key = shipments.client_key
        and orders.source = shipments.source
        and orders.document_id = shipments.related_document_id
        and shipments.kind = 'shipment'
        and shipments.date >= orders.date
    group by
        orders.client_key,
        orders.source,
        orders.document_id,
        shipments.document_id,
        shipments.date
),

shipped as (
    select client_key, source, document_id, date, min(shipped_on) as shipped_on
    from named
    group by client_key, source, document_id, date
),

linking as (
    select distinct source from named
),

final as (
    select
        orders.client_key,
        orders.source,
        orders.document_id,
        orders.date,
        orders.due_date,
        orders.amount,
        shipped.shipped_on,
        linking.source is not null as is_followed
    from orders
    left join linking on orders.source = linking.source
    left join shipped
        on orders.client_key = shipped.client_key
        and orders.source = shipped.source
        and orders.document_id = shipped.document_id
        and orders.date = shipped.date
)

select * from final
