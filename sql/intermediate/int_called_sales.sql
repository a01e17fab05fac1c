-- Documents of purchase kind and returns of the 364 days up to the last purchase of each client on the
-- call list.
-- grain: one row per document of purchase kind or return
with windows as (
    select buyers.client_key, buyers.last_purchase
    from int_buyers as buyers
    inner join int_call_rows as called on buyers.client_key = called.client_key
),

final as (
    select
        sales.source,
        sales.kind,
        sales.document_id,
        sales.issued_on,
        sales.client_key
    from windows
    inner join int_sales as sales
        on windows.client_key = sales.client_key
        and sales.date > add_days(windows.last_purchase, -364)
        and sales.date <= windows.last_purchase
)

select * from final
