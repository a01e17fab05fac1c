-- The median cycle of the company and of each sales type, for the purchases of a quarter.
-- grain: one row per quarter_start and sales_type (NULL: the company)
with clients as (
    select client_key, sales_type from int_clients
),

last_before as (
    select
        client_key,
        date,
        next_date,
        cast(
            cast(days_between(first_date, date) as decimal(18, 9)) / (number - 1) as decimal(18, 9)
        ) as mean_gap,
        unnest(
            quarter_starts(
                add_days(quarter_end(date), 1),
                least(coalesce(next_date, $as_of), add_days(add_months(date, 12), 1))
            )
        ) as quarter_start
    from int_purchase_history
    where
        number >= $cycle_min_purchases
        and number > 1
        and quarter_end(date) < coalesce(next_date, $as_of)
),

considered as (
    select last_before.quarter_start, clients.sales_type, last_before.mean_gap
    from last_before
    inner join clients on last_before.client_key = clients.client_key
    where
        last_before.quarter_start <= coalesce(last_before.next_date, $as_of)
        and last_before.date > add_months(add_days(last_before.quarter_start, -1), -12)
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
