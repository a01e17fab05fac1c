-- Days on which a client asked for something, with the next such day; requests of one day are one.
-- grain: one row per client_key and date
with days as (
    select
        client_key,
        date,
        first_value(manager order by source, contact_id)
            filter (where manager is not null) as manager
    from int_touches
    where kind = 'request'
    group by client_key, date
),

final as (
    select
        client_key,
        date,
        manager,
        lead(date) over (partition by client_key order by date) as next_date,
        row_number() over (partition by client_key order by date desc) as from_last,
        count(*) over (partition by client_key) as requests
    from days
)

select * from final
