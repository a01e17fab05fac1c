-- Each purchase of a client in a direction, of pairs with enough of them, with the next one and
-- the pair's own cycle as known on that day.
-- grain: one row per client_key, direction and date
with days as (
    select
        client_key,
        direction,
        purchase_date as date,
        case
            when count(ordered_on) = count(*) filter (where is_purchase) then max(ordered_on)
            else null
        end as ordered_on
    from int_direction_sales
    group by client_key, direction, purchase_date
    having sum(net) > 0
),

histories as (
    select client_key, direction, unnest(purchase_history(date, ordered_on)) as purchase
    from days
    group by client_key, direction
    having count(*) >= $direction_min_purchases
),

final as (
    select
        client_key,
        direction,
        purchase['date'] as date,
        purchase['next_date'] as next_date,
        purchase['first_date'] as first_date,
        purchase['number'] as number,
        purchase['cycle'] as own_cycle,
        purchase['ordered_on'] as ordered_on
    from histories
)

select * from final
