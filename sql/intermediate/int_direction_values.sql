-- Annual value of each client within a direction on the first day of each spell there.
-- grain: one row per client_key, direction and date
with spells as (
    select client_key, direction, fell_asleep_on from int_direction_spells
),

rows as (
    select
        client_key,
        direction,
        'purchase' as kind,
        date,
        cast(null as decimal(18, 2)) as amount
    from int_direction_history
    union all
    select sales.client_key, sales.direction, 'move' as kind, sales.date, sales.net as amount
    from int_direction_sales as sales
    left semi join spells
        on sales.client_key = spells.client_key and sales.direction = spells.direction
    union all
    select
        client_key,
        direction,
        'ask' as kind,
        fell_asleep_on as date,
        cast(null as decimal(18, 2)) as amount
    from spells
),

valued as (
    select client_key, direction, unnest(annual_values(kind, date, amount)) as valued
    from rows
    group by client_key, direction
),

final as (
    select
        client_key,
        direction,
        valued['date'] as date,
        valued['annual_value'] as annual_value
    from valued
)

select * from final
