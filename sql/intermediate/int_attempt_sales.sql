-- What clients who were won back bought from their return up to the next spell or the day.
-- grain: one row per source and reactivation_id
with won as (
    select
        attempts.source,
        attempts.reactivation_id,
        attempts.client_key,
        attempts.returned_on,
        coalesce(next_spells.fell_asleep_on, date '9999-12-31') as until
    from int_attempts as attempts
    left join int_spells as next_spells
        on attempts.client_key = next_spells.client_key
        and attempts.spell + 1 = next_spells.spell
    where attempts.returned
),

final as (
    select
        won.source,
        won.reactivation_id,
        count(distinct days.date) as purchases,
        cast(sum(sales.net) as decimal(18, 2)) as net_sales
    from won
    inner join int_sales as sales
        on won.client_key = sales.client_key
        and sales.date >= won.returned_on
        and sales.date < won.until
    left join int_purchase_days as days
        on sales.client_key = days.client_key and sales.date = days.date
    group by won.source, won.reactivation_id
)

select * from final
