-- Attempts of ours with their window and the spell they belong to.
-- grain: one row per source and reactivation_id
with attempts as (
    select
        keys.client_key,
        reactivations.source,
        reactivations.reactivation_id,
        reactivations.started_on,
        reactivations.woken_on
    from stg_reactivations as reactivations
    inner join int_client_keys as keys
        on reactivations.source = keys.source and reactivations.client_id = keys.client_id
),

bought_before_waking as (
    select distinct attempts.source, attempts.reactivation_id
    from attempts
    inner join int_purchase_days as days
        on attempts.client_key = days.client_key
        and days.date >= attempts.started_on
        and days.date < attempts.woken_on
),

started as (
    select
        attempts.client_key,
        attempts.source,
        attempts.reactivation_id,
        attempts.started_on,
        case
            when attempts.woken_on is null then attempts.started_on
            when bought_before_waking.reactivation_id is not null then attempts.started_on
            else attempts.woken_on
        end as window_start
    from attempts
    left join bought_before_waking
        on attempts.source = bought_before_waking.source
        and attempts.reactivation_id = bought_before_waking.reactivation_id
),

final as (
    select
        started.client_key,
        started.source,
        started.reactivation_id,
        started.started_on,
        started.window_start,
        add_days(
            started.window_start,
            cast(
                greatest(
                    ceil($conversion_cycles * cycles.cycle), $conversion_min_days
                ) as bigint
            )
        ) as window_end,
        spells.spell,
        spells.returned_on
    from started
    inner join int_spells as spells
        on started.client_key = spells.client_key
        and spells.fell_asleep_on <= add_days(started.window_start, -1)
        and coalesce(spells.returned_on, date '9999-12-31') > add_days(started.window_start, -1)
    inner join int_cycles as cycles
        on spells.client_key = cycles.client_key and spells.last_purchase = cycles.date
)

select * from final
