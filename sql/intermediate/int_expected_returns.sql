-- What would have come back anyway: of the spells still open after so many months and not tried
-- until then, the share that ended within the window that an attempt would have had.
-- grain: one row per months_asleep
with reached as (
    select
        fell_asleep_on,
        returned_on,
        window_days,
        first_attempt_on,
        unnest(
            range(
                0,
                least(
                    36,
                    days_between(
                        fell_asleep_on,
                        least(
                            add_days(coalesce(returned_on, date '9999-12-31'), -1),
                            add_days(coalesce(first_attempt_on, date '9999-12-31'), -1),
                            $as_of
                        )
                    ) / 30
                ) + 1
            )
        ) as months_asleep
    from int_attempt_spells
    where coalesce(first_attempt_on, date '9999-12-31') > fell_asleep_on
),

windows as (
    select
        months_asleep,
        returned_on,
        add_days(fell_asleep_on, 30 * months_asleep + window_days) as window_end,
        add_days(fell_asleep_on, 30 * months_asleep + window_days) <= $as_of
        and coalesce(first_attempt_on, date '9999-12-31')
            > add_days(fell_asleep_on, 30 * months_asleep + window_days) as compared
    from reached
),

final as (
    select
        months_asleep,
        count(*) filter (where compared) as spells,
        count(*) filter (where compared and returned_on <= window_end) as returned,
        count(*) filter (where not compared) as left_out
    from windows
    group by months_asleep
)

select * from final
