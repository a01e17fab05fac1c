-- Whose client somebody is: the manager on the document of his last purchase, as of the end of each
-- quarter and of the day; where it names none, his own manager.
-- grain: one row per client_key and date
with states as (
    select client_key, date, last_purchase from int_tiers
),

last_purchases as (
    select distinct client_key, last_purchase from states
),

named as (
    select
        last_purchases.client_key,
        last_purchases.last_purchase,
        named_on_largest(sales.manager, sales.net, sales.document_id, sales.source) as manager
    from last_purchases
    inner join int_sales as sales
        on last_purchases.client_key = sales.client_key
        and last_purchases.last_purchase = sales.date
        and sales.is_purchase
    group by last_purchases.client_key, last_purchases.last_purchase
),

final as (
    select
        states.client_key,
        states.date,
        coalesce(named.manager, clients.manager, 'unknown') as manager
    from states
    inner join int_clients as clients on states.client_key = clients.client_key
    left join named
        on states.client_key = named.client_key
        and states.last_purchase = named.last_purchase
)

select * from final
