-- What would have come back anyway: of the spells that were still open in the middle of each month
-- after falling asleep and had not been tried until then, the share that ends within the window
-- that an attempt would have had.
--
-- A spell in which an attempt begins within that window is seen until then and no longer (Kaplan
-- and Meier 1958, time being counted in windows): to leave it out altogether would keep those who
-- come back before they are tried and drop those who do not.
-- grain: one row per months_asleep
with asked as (
    select distinct months_asleep
    from int_attempts
    where months_asleep is not null
),

reached as (
    select
        asked.months_asleep,
        add_days(spells.fell_asleep_on, 30 * asked.months_asleep + 15) as reached_on,
        spells.returned_on,
        spells.first_attempt_on,
        spells.window_days
    from int_attempt_spells as spells
    inner join asked
        on add_days(spells.fell_asleep_on, 30 * asked.months_asleep + 15)
            < least(
                coalesce(spells.returned_on, date '9999-12-31'),
                coalesce(spells.first_attempt_on, date '9999-12-31'),
                add_days($as_of, 1)
            )
),

compared as (
    select
        months_asleep,
        returned_on,
        first_attempt_on,
        -- Half a day before the attempt: what happens on its day is its own.
        least(
            2 * coalesce(days_between(reached_on, returned_on), 1000000),
            2 * coalesce(days_between(reached_on, first_attempt_on), 1000000) - 1
        ) as half_days,
        window_days,
        coalesce(returned_on, date '9999-12-31')
            < coalesce(first_attempt_on, date '9999-12-31') as came_back
    from reached
    where add_days(reached_on, window_days) <= $as_of
),

at_risk as (
    select
        months_asleep,
        came_back,
        half_days <= 2 * window_days as within_window,
        count(*) over (partition by months_asleep) + 1
        - row_number() over (
            partition by months_asleep
            order by cast(half_days as double) / window_days, came_back desc
        ) as still_open
    from compared
),

final as (
    select
        months_asleep,
        count(*) as spells,
        count(*) filter (where within_window and came_back) as returned,
        count(*) filter (where within_window and not came_back) as tried_within,
        case
            when bool_or(within_window and came_back and still_open = 1) then cast(1 as double)
            else
                1 - exp(
                    coalesce(
                        cast(
                            sum(
                                cast(
                                    ln(1 - 1 / cast(greatest(still_open, 2) as double))
                                    as decimal(18, 12)
                                )
                            ) filter (where within_window and came_back) as double
                        ),
                        0
                    )
                )
        end as share
    from at_risk
    group by months_asleep
)

select * from final
