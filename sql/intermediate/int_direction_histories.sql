-- The same of each direction in which a client bought: a list of his directions, and his mean gaps
-- as quarters know them, of directions with enough purchases.
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
