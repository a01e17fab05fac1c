-- What is known of costs: by client and day the amount of documents of purchase kind, how much of
-- it lines with a cost cover, and amount and cost of such lines less those of returns. No rows where no line does.
-- grain: one row per client_key and date
with lines as (
    select
        source,
        kind,
        document_id,
        date_part('year', date) as year,
        sum(amount) as total,
        sum(amount) filter (where cost is not null) as with_cost,
        sum(cost) as cost
    from stg_document_lines
    group by source, kind, document_id, date_part('year', date)
    having count(cost) > 0 and sum(amount) <> 0
),

kept as (
    select
        source,
        case when kind in ('invoice', 'shipment') and total < 0 then 'return' else kind end
            as kind,
        document_id,
        year,
        total,
        with_cost,
        cost
    from lines
),

known as (
    select count(*) as documents from kept
),

final as (
    select
        sales.client_key,
        sales.date,
        cast(
            coalesce(sum(sales.net) filter (where sales.is_purchase), 0) as decimal(18, 2)
        ) as gross,
        cast(
            coalesce(
                sum(round(sales.net * kept.with_cost / kept.total, 2)) filter (
                    where sales.is_purchase
                ),
                0
            ) as decimal(18, 2)
        ) as covered,
        cast(
            coalesce(sum(round(sales.net * kept.with_cost / kept.total, 2)), 0)
            as decimal(18, 2)
        ) as amount,
        cast(
            coalesce(sum(round(sales.net * kept.cost / kept.total, 2)), 0) as decimal(18, 2)
        ) as cost
    from int_sales as sales
    inner join known on known.documents > 0
    left join kept
        on sales.source = kept.source
        and sales.kind = kept.kind
        and sales.document_id = kept.document_id
        and date_part('year', sales.issued_on) = kept.year
    group by sales.client_key, sales.date
)

select * from final
