-- What was known of each client on the day, and one horizon before it: repeat purchases, days from
-- the first to the last purchase and to that day, and whether he was silent afterwards.
-- grain: one row per client_key and cutoff
with cutoffs as (
    select $as_of as cutoff
    union all
    select add_days($as_of, -$odds_horizon_days) as cutoff
),

final as (
    select
        cycles.client_key,
        cutoffs.cutoff,
        cast(cycles.number - 1 as int) as repeats,
        days_between(cycles.first_date, cycles.date) as recency_days,
        days_between(cycles.first_date, cutoffs.cutoff) as age_days,
        case
            when cutoffs.cutoff = $as_of then null
            else
                coalesce(cycles.next_date, date '9999-12-31')
                > add_days(cutoffs.cutoff, $odds_horizon_days)
        end as silent
    from int_cycles as cycles
    inner join cutoffs
        on cycles.date <= cutoffs.cutoff
        and coalesce(cycles.next_date, date '9999-12-31') > cutoffs.cutoff
)

select * from final
