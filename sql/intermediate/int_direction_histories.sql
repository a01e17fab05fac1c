-- Each client who has bought in directions: of each his moves of money and his purchases with his own
-- cycle as known on that day, and his mean gaps as each later quarter knows them, of directions with
-- enough purchases.
-- grain: one row per client_key
with histories as (
    select
        client_key,
        direction_histories(direction, date, purchase_date, net, is_purchase, ordered_on)
            as histories
    from int_direction_sales
    group by client_key
),

final as (
    select
        client_key,
        histories['directions'] as directions,
        histories['known'] as known
    from histories
)

select * from final
