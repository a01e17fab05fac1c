-- Each purchase with the next one and the client's own cycle as known on that day.
-- grain: one row per client_key and date
with histories as (
    select client_key, unnest(purchase_history(date, ordered_on)) as purchase
    from int_purchase_days
    group by client_key
),

final as (
    select
        client_key,
        purchase['date'] as date,
        purchase['next_date'] as next_date,
        purchase['first_date'] as first_date,
        purchase['number'] as number,
        purchase['cycle'] as own_cycle,
        purchase['ordered_on'] as ordered_on
    from histories
)

select * from final
