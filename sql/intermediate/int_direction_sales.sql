-- Documents of purchase kind and returns, by client and direction: a document's amount belongs to
-- the directions of its lines, or to its own where it has none.
-- grain: one row per document of purchase kind or return, and direction
with sales as (
    select * from int_sales
),

lines as (
    select source, kind, document_id, date_part('year', date) as year, direction, amount
    from stg_document_lines
),

by_direction as (
    select source, kind, document_id, year, direction, sum(amount) as amount
    from lines
    group by source, kind, document_id, year, direction
),

totals as (
    select source, kind, document_id, year, sum(amount) as total
    from lines
    group by source, kind, document_id, year
    having sum(amount) <> 0
),

parts as (
    select
        by_direction.source,
        by_direction.kind,
        by_direction.document_id,
        by_direction.year,
        by_direction.direction,
        by_direction.amount,
        totals.total
    from by_direction
    inner join totals
        on by_direction.source = totals.source
        and by_direction.kind = totals.kind
        and by_direction.document_id = totals.document_id
        and by_direction.year = totals.year
),

split as (
    select
        sales.client_key,
        case when totals.total is null then sales.direction else parts.direction end as direction,
        sales.date,
        sales.purchase_date,
        sales.is_purchase,
        case
            when totals.total is null then sales.net
            else cast(round(sales.net * parts.amount / parts.total, 2) as decimal(18, 2))
        end as net,
        sales.source,
        sales.document_id,
        sales.manager,
        sales.ordered_on
    from sales
    left join totals
        on sales.source = totals.source
        and sales.kind = totals.kind
        and sales.document_id = totals.document_id
        and date_part('year', sales.issued_on) = totals.year
    left join parts
        on sales.source = parts.source
        and sales.kind = parts.kind
        and sales.document_id = parts.document_id
        and date_part('year', sales.issued_on) = parts.year
)

select * from split where direction is not null
