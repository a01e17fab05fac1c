-- The three items of which a client on the call list bought most in the 364 days up to his last
-- purchase.
-- grain: one row per client_key
with sales as (
    select * from int_called_sales
),

lines as (
    select lines.source, lines.kind, lines.document_id, lines.date, lines.item, lines.direction, lines.amount
    from stg_document_lines as lines
    left semi join sales
        on lines.source = sales.source
        and lines.document_id = sales.document_id
),

-- A negative invoice or shipment is kept as a return: its lines are those of a return.
kept as (
    select
        source,
        kind,
        document_id,
        date_part('year', date) as year,
        case when kind in ('invoice', 'shipment') and sum(amount) < 0 then 'return' else kind end
            as kept_kind
    from lines
    group by source, kind, document_id, date_part('year', date)
),

bought as (
    select
        sales.client_key,
        lines.item,
        sum(case when lines.kind = 'return' then -lines.amount else lines.amount end) as net
    from sales
    inner join kept
        on sales.source = kept.source
        and sales.kind = kept.kept_kind
        and sales.document_id = kept.document_id
        and date_part('year', sales.issued_on) = kept.year
    inner join lines
        on kept.source = lines.source
        and kept.kind = lines.kind
        and kept.document_id = lines.document_id
        and kept.year = date_part('year', lines.date)
    where
        lines.item is not null
        and (sales.direction is null or coalesce(lines.direction, sales.direction) = sales.direction)
    group by sales.client_key, lines.item
),

ranked as (
    select
        client_key,
        item,
        row_number() over (partition by client_key order by net desc, item) as place
    from bought
    where net > 0
),

final as (
    select client_key, string_agg(item, ', ' order by place) as last_items
    from ranked
    where place <= 3
    group by client_key
)

select * from final
