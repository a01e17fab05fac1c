-- The median cycle of the company and of each sales type, for the purchases of a quarter.
-- grain: one row per quarter_start and sales_type (NULL: the company)
with clients as (
    select client_key, sales_type from int_clients
),

known as (
    select client_key, unnest(known) as known from int_histories
),

considered as (
    select
        known.known['quarter_start'] as quarter_start,
        clients.sales_type,
        cast(
            cast(known.known['days'] as decimal(18, 9)) / known.known['gaps'] as decimal(18, 9)
        ) as mean_gap
    from known
    inner join clients on known.client_key = clients.client_key
),

final as (
    select
        quarter_start,
        sales_type,
        cast(round(median(mean_gap), 0) as decimal(18, 4)) as cycle,
        count(*) as clients
    from considered
    group by grouping sets ((quarter_start, sales_type), (quarter_start))
)

select * from final where clients >= $cycle_min_clients
