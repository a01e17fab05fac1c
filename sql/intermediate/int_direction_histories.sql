-- The same of each client and direction.
-- grain: one row per client_key and direction
with histories as (
    select
        client_key,
        direction,
        history(date, purchase_date, net, is_purchase, ordered_on) as history
    from int_direction_sales
    group by client_key, direction
),

final as (
    select
        client_key,
        direction,
        history['moves'] as moves,
        history['purchases'] as purchases,
        history['known'] as known
    from histories
)

select * from final
