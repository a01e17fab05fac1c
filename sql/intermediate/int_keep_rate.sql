-- What a call in time keeps: of those who were called before they fell silent, the share that bought by
-- call_by, less that of overdue clients whom nobody called; the setting list.keep_rate until 30 such
-- attempts have been measured.
-- grain: one row
with called as (
    select
        count(*) as attempts,
        count(*) filter (where kept) as kept
    from int_attempts
    where
        step = 'preventive'
        and kept is not null
        and window_start >= call_from
        and call_by < $as_of
),

attempted as (
    select client_key, started_on from int_attempts
),

rules as (
    select sales_type, lost_deal from set_sleep_rules
),

clients as (
    select client_key, sales_type from int_clients
),

-- Who said that he stops was not to be kept by a call in time.
said as (
    select client_key, last_purchase from int_spells where trigger <> 'silence'
),

overdue as (
    select
        purchases.client_key,
        purchases.date,
        coalesce(purchases.next_date <= add_days(purchases.date, purchases.threshold), false) as kept
    from int_cycles as purchases
    inner join clients on purchases.client_key = clients.client_key
    inner join rules on clients.sales_type = rules.sales_type and not rules.lost_deal
    left anti join said
        on purchases.client_key = said.client_key and purchases.date = said.last_purchase
    left anti join attempted
        on purchases.client_key = attempted.client_key
        and attempted.started_on >= purchases.date
        and attempted.started_on <= add_days(purchases.date, purchases.threshold)
    where
        add_days(purchases.date, purchases.threshold) < $as_of
        and coalesce(purchases.next_date, date '9999-12-31')
            > add_days(
                purchases.date,
                least(
                    cast(ceil(purchases.cycle) as bigint) + $overdue_grace_days,
                    purchases.threshold
                )
            )
),

not_called as (
    select
        count(*) as clients,
        count(*) filter (where kept) as kept
    from overdue
),

shares as (
    select
        called.attempts,
        cast(cast(called.kept as double) / nullif(called.attempts, 0) as decimal(9, 6))
        - cast(
            coalesce(cast(not_called.kept as double) / nullif(not_called.clients, 0), 0)
            as decimal(9, 6)
        ) as measured
    from called
    cross join not_called
    where called.attempts >= 30
),

wished as (
    select cast($list_keep_rate as decimal(9, 6)) as rate
),

final as (
    select
        case when shares.attempts is null then 'keep_rate' else 'measured_keep_rate' end as basis,
        cast(greatest(coalesce(shares.measured, wished.rate), 0) as decimal(9, 6)) as rate
    from wished
    left join shares on true
)

select * from final
