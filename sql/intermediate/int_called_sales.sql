-- Documents of purchase kind and returns of the 364 days up to the last purchase of each client on the
-- call list, in the direction that he sleeps in.
-- grain: one row per document of purchase kind or return
with windows as (
    select client_key, last_purchase, direction from int_call_rows
),

final as (
    select
        sales.source,
        sales.kind,
        sales.document_id,
        sales.issued_on,
        sales.client_key,
        windows.direction
    from windows
    inner join int_sales as sales
        on windows.client_key = sales.client_key
        and sales.date > add_days(windows.last_purchase, -364)
        and sales.date <= windows.last_purchase
)

select * from final
