-- Each client who has bought: his moves of money, his purchases with his own cycle as known on that
-- day, and his mean gap as each later quarter knows it.
-- grain: one row per client_key
with histories as (
    select
        client_key,
        history(date, purchase_date, net, is_purchase, ordered_on) as history
    from int_sales
    group by client_key
),

final as (
    select
        client_key,
        history['moves'] as moves,
        history['purchases'] as purchases,
        history['known'] as known
    from histories
)

select * from final where cardinality(purchases) > 0
