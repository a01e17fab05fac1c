-- The median cycle of the pairs of each direction, for the purchases of a quarter.
-- grain: one row per quarter_start and direction
with last_before as (
    select
        direction,
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
    from int_direction_history
    where
        number >= $cycle_min_purchases
        and number > 1
        and quarter_end(date) < coalesce(next_date, $as_of)
),

final as (
    select
        quarter_start,
        direction,
        cast(round(median(mean_gap), 0) as decimal(18, 4)) as cycle
    from last_before
    where
        quarter_start <= coalesce(next_date, $as_of)
        and date > add_months(add_days(quarter_start, -1), -12)
    group by quarter_start, direction
    having count(*) >= $cycle_min_clients
)

select * from final
