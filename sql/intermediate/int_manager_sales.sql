-- Net purchases of each quarter by the manager of the documents, else the client's own; those of
-- clients who came back in the quarter, from their return on; and those of clients without a
-- standing purchase.
-- grain: one row per quarter_start and manager
with returns as (
    select client_key, quarter_start(returned_on) as quarter_start, min(returned_on) as returned_on
    from int_spells
    where returned_on is not null
    group by client_key, quarter_start(returned_on)
),

final as (
    select
        quarter_start(sales.date) as quarter_start,
        coalesce(sales.manager, clients.manager, 'unknown') as manager,
        cast(sum(sales.net) as decimal(18, 2)) as net,
        cast(
            coalesce(sum(sales.net) filter (where sales.date >= returns.returned_on), 0)
            as decimal(18, 2)
        ) as net_of_returned,
        cast(
            coalesce(sum(sales.net) filter (where buyers.client_key is null), 0) as decimal(18, 2)
        ) as net_without_purchase
    from int_sales as sales
    inner join int_clients as clients on sales.client_key = clients.client_key
    left join int_buyers as buyers on sales.client_key = buyers.client_key
    left join returns
        on sales.client_key = returns.client_key
        and quarter_start(sales.date) = returns.quarter_start
    group by quarter_start(sales.date), coalesce(sales.manager, clients.manager, 'unknown')
)

select * from final
