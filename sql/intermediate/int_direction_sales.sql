-- Documents of purchase kind and returns, by client and direction: a document's amount belongs to
-- the directions of its lines, or to its own where they name none.
-- grain: one row per document of purchase kind or return, and direction
with sales as (
    select * from int_sales
),

lines as (
    select source, kind, document_id, date_part('year', date) as year, direction, amount
    from stg_document_lines
),

-- A negative invoice or shipment is kept as a return: its lines are those of a return.
totals as (
    select
        source,
        kind,
        document_id,
        year,
        case when kind in ('invoice', 'shipment') and sum(amount) < 0 then 'return' else kind end
            as kept_kind,
        sum(amount) as total
    from lines
    group by source, kind, document_id, year
    having sum(amount) <> 0
),

parts as (
    select
        totals.source,
        totals.kept_kind,
        totals.document_id,
        totals.year,
        lines.direction,
        totals.total,
        sum(lines.amount) as amount
    from lines
    inner join totals
        on lines.source = totals.source
        and lines.kind = totals.kind
        and lines.document_id = totals.document_id
        and lines.year = totals.year
    group by
        totals.source,
        totals.kept_kind,
        totals.document_id,
        totals.year,
        lines.direction,
        totals.total
),

split as (
    select
        sales.client_key,
        coalesce(parts.direction, sales.direction) as direction,
        sales.date,
        sales.purchase_date,
        sales.is_purchase,
        case
            when parts.total is null then sales.net
            else cast(round(sales.net * parts.amount / parts.total, 2) as decimal(18, 2))
        end as net,
        sales.source,
        sales.document_id,
        sales.manager,
        sales.ordered_on
    from sales
    left join parts
        on sales.source = parts.source
        and sales.kind = parts.kept_kind
        and sales.document_id = parts.document_id
        and date_part('year', sales.issued_on) = parts.year
)

select * from split where direction is not null
