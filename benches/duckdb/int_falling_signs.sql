-- The falling signs of clients with 5 purchases or more, judged on their last purchase.
-- grain: one row per client_key and sign
with windows as (
    select
        client_key,
        last_purchase,
        w,
        greatest(
            least(364, days_between(first_purchase, add_days(last_purchase, -w)) + 1),
            2 * w
        ) as y
    from (
        select
            client_key,
            first_purchase,
            last_purchase,
            greatest(cast(ceil(2 * cycle) as bigint), 14) as w
        from int_buyers
        where purchases >= 5
    ) as regular
),

volumes as (
    select
        windows.client_key,
        windows.last_purchase,
        windows.w,
        windows.y,
        coalesce(
            sum(sales.net) filter (where sales.date > add_days(windows.last_purchase, -windows.w)),
            0
        ) as recent,
        coalesce(
            sum(sales.net) filter (where sales.date <= add_days(windows.last_purchase, -windows.w)),
            0
        ) as before
    from windows
    inner join int_sales as sales
        on windows.client_key = sales.client_key
        and sales.date > add_days(windows.last_purchase, -(windows.w + windows.y))
        and sales.date <= windows.last_purchase
    group by windows.client_key, windows.last_purchase, windows.w, windows.y
),

last_gaps as (
    select
        windows.client_key,
        windows.last_purchase,
        days_between(cycles.date, windows.last_purchase) as gap,
        cycles.cycle
    from windows
    inner join int_cycles as cycles
        on windows.client_key = cycles.client_key and windows.last_purchase = cycles.next_date
),

invoice_counts as (
    select
        windows.client_key,
        windows.last_purchase,
        windows.w,
        windows.y,
        count(*) filter (
            where
                invoices.date > add_days(windows.last_purchase, -windows.w)
                and invoices.date <= windows.last_purchase
        ) as recent,
        count(*) filter (
            where
                invoices.date > add_days(windows.last_purchase, -(windows.w + windows.y))
                and invoices.date <= add_days(windows.last_purchase, -windows.w)
        ) as before,
        sum(invoices.amount) filter (
            where
                invoices.due_on > add_days($as_of, -windows.w)
                and invoices.due_on <= $as_of
        ) as due_recently,
        sum(invoices.paid) filter (
            where
                invoices.due_on > add_days($as_of, -windows.w)
                and invoices.due_on <= $as_of
        ) as paid_recently,
        sum(invoices.amount) filter (
            where
                invoices.due_on > add_days($as_of, -(windows.w + windows.y))
                and invoices.due_on <= add_days($as_of, -windows.w)
        ) as due_before,
        sum(invoices.paid) filter (
            where
                invoices.due_on > add_days($as_of, -(windows.w + windows.y))
                and invoices.due_on <= add_days($as_of, -windows.w)
        ) as paid_before
    from windows
    inner join int_invoices as invoices on windows.client_key = invoices.client_key
    group by windows.client_key, windows.last_purchase, windows.w, windows.y
),

final as (
    select
        client_key,
        'falling_volume' as sign,
        cast(recent as decimal(18, 4)) as value,
        cast(round($signs_volume_drop * w * before / y, 2) as decimal(18, 4)) as limit_value,
        last_purchase as since
    from volumes
    where recent * y < $signs_volume_drop * w * before
    union all
    select
        client_key,
        'falling_frequency' as sign,
        cast(gap as decimal(18, 4)) as value,
        cast(round($signs_frequency_drop * cycle, 4) as decimal(18, 4)) as limit_value,
        last_purchase as since
    from last_gaps
    where gap > $signs_frequency_drop * cycle
    union all
    select
        client_key,
        'falling_invoices' as sign,
        cast(recent as decimal(18, 4)) as value,
        cast(round($signs_volume_drop * w * before / y, 4) as decimal(18, 4)) as limit_value,
        last_purchase as since
    from invoice_counts
    where recent * y < $signs_volume_drop * w * before
    union all
    select
        client_key,
        'falling_paid_share' as sign,
        cast(round(cast(paid_recently as double) / cast(due_recently as double), 4)
            as decimal(18, 4)) as value,
        cast(round(cast(paid_before as double) / cast(due_before as double) / 2, 4)
            as decimal(18, 4)) as limit_value,
        last_purchase as since
    from invoice_counts
    where
        due_recently > 0
        and due_before > 0
        and 2 * cast(paid_recently as double) * cast(due_before as double)
            < cast(paid_before as double) * cast(due_recently as double)
)

select * from final
