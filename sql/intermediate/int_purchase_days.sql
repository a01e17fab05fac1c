-- Purchases: days on which a client's documents, less the returns related to them and the
-- unrelated ones of that day, sum to more than 0.
-- grain: one row per client_key and date
with sales as (
    select client_key, purchase_date, net, is_purchase, ordered_on from int_sales
),

final as (
    select
        client_key,
        purchase_date as date,
        cast(sum(net) as decimal(18, 2)) as net,
        case
            when count(ordered_on) = count(*) filter (where is_purchase) then max(ordered_on)
            else null
        end as ordered_on
    from sales
    group by client_key, purchase_date
    having sum(net) > 0
)

select * from final
