-- Attempts of ours with their window, the spell they belong to and the return that they claim; an
-- attempt without a spell is preventive.
-- grain: one row per source and reactivation_id
with attempts as (
    select keys.client_key, reactivations.*
    from stg_reactivations as reactivations
    inner join int_client_keys as keys
        on reactivations.source = keys.source and reactivations.client_id = keys.client_id
),

purchases as (
    select client_key, date, next_date, cycle, threshold from int_cycles
),

-- Each purchase that is the last before the attempt, lies between its start and waking, or is the
-- last before its window.
around as (
    select
        attempts.source,
        attempts.reactivation_id,
        min(purchases.date) filter (
            where purchases.date >= attempts.started_on and purchases.date < attempts.woken_on
        ) as bought_before_waking,
        max(purchases.date) filter (where purchases.date < attempts.started_on)
            as last_before_start,
        first_value(purchases.threshold order by purchases.date desc) filter (
            where purchases.date < attempts.started_on
        ) as threshold_at_start,
        first_value(purchases.cycle order by purchases.date desc) filter (
            where purchases.date < attempts.started_on
        ) as cycle_at_start,
        min(purchases.date) filter (where purchases.date >= attempts.started_on)
            as first_from_start,
        max(purchases.date) filter (where purchases.date < attempts.woken_on)
            as last_before_waking,
        first_value(purchases.threshold order by purchases.date desc) filter (
            where purchases.date < attempts.woken_on
        ) as threshold_at_waking,
        first_value(purchases.cycle order by purchases.date desc) filter (
            where purchases.date < attempts.woken_on
        ) as cycle_at_waking,
        min(purchases.date) filter (where purchases.date >= attempts.woken_on)
            as first_from_waking
    from attempts
    inner join purchases on attempts.client_key = purchases.client_key
    group by attempts.source, attempts.reactivation_id
),

started as (
    select
        attempts.*,
        attempts.woken_on is not null and around.bought_before_waking is null as woken,
        case
            when attempts.woken_on is null or around.bought_before_waking is not null
                then attempts.started_on
            else attempts.woken_on
        end as window_start,
        case
            when attempts.woken_on is null or around.bought_before_waking is not null
                then add_days(around.last_before_start, around.threshold_at_start)
            else add_days(around.last_before_waking, around.threshold_at_waking)
        end as silent_from,
        case
            when attempts.woken_on is null or around.bought_before_waking is not null
                then add_days(
                    around.last_before_start,
                    cast(ceil(around.cycle_at_start) as bigint) + $overdue_grace_days
                )
            else
                add_days(
                    around.last_before_waking,
                    cast(ceil(around.cycle_at_waking) as bigint) + $overdue_grace_days
                )
        end as quiet_from,
        case
            when attempts.woken_on is null or around.bought_before_waking is not null
                then around.first_from_start
            else around.first_from_waking
        end as next_purchase,
        case
            when attempts.woken_on is null or around.bought_before_waking is not null
                then around.cycle_at_start
            else around.cycle_at_waking
        end as last_cycle
    from attempts
    left join around
        on attempts.source = around.source
        and attempts.reactivation_id = around.reactivation_id
),

rules as (
    select sales_type, lost_deal from set_sleep_rules
),

clients as (
    select client_key, sales_type, region from int_clients
),

in_spells as (
    select
        started.*,
        spells.spell,
        spells.fell_asleep_on,
        spells.returned_on,
        spells.last_purchase,
        spells.cycle,
        spells.tier,
        spells.reason_group,
        spells.survey_group,
        spells.human_factor,
        spells.competitor,
        spells.sales_type,
        spells.region,
        spells.direction,
        spells.lost_by,
        case
            when coalesce(spells.cycle, started.last_cycle) is null then null
            else add_days(
                started.window_start,
                cast(
                    greatest(
                        ceil($conversion_cycles * coalesce(spells.cycle, started.last_cycle)),
                        $conversion_min_days
                    ) as bigint
                ) - 1
            )
        end as window_end
    from started
    left join int_spell_facts as spells
        on started.client_key = spells.client_key
        and spells.fell_asleep_on <= add_days(started.window_start, -1)
        and coalesce(spells.returned_on, date '9999-12-31') > add_days(started.window_start, -1)
),

numbered as (
    select
        in_spells.*,
        case
            when spell is null then null
            else row_number() over (
                partition by client_key, spell
                order by started_on, reactivation_id, source
            )
        end as number_in_spell,
        coalesce(returned_on between window_start and window_end, false) as could_claim
    from in_spells
),

claimed as (
    select
        numbered.*,
        case when numbered.spell is not null or rules.lost_deal then null else numbered.silent_from end
            as call_by,
        case
            when numbered.spell is not null or rules.lost_deal or numbered.silent_from is null
                then null
            else coalesce(numbered.next_purchase <= numbered.silent_from, false)
        end as kept,
        could_claim
        and row_number() over (
            partition by numbered.client_key, spell, could_claim
            order by started_on desc, reactivation_id desc, source desc
        ) = 1 as returned
    from numbered
    inner join clients on numbered.client_key = clients.client_key
    inner join rules on clients.sales_type = rules.sales_type
),

final as (
    select
        claimed.client_key,
        claimed.source,
        claimed.reactivation_id,
        claimed.batch,
        claimed.started_on,
        claimed.surveyed_on,
        claimed.survey_result,
        claimed.letter_on,
        claimed.woken_on,
        claimed.woken,
        claimed.knows_waking,
        claimed.closed_on,
        claimed.offer,
        claimed.channel,
        claimed.manager,
        claimed.cost,
        claimed.window_start,
        claimed.window_end,
        claimed.spell is not null and claimed.window_end <= $as_of as matured,
        claimed.spell,
        claimed.fell_asleep_on,
        claimed.returned_on,
        claimed.returned,
        case
            when claimed.spell is null then 'preventive'
            when claimed.returned then 'returned'
            when claimed.closed_on < claimed.window_end then 'closed_early'
            when claimed.window_end > $as_of then 'running'
            else 'failed'
        end as step,
        claimed.closed_on is null
        and claimed.returned_on is null
        and not coalesce(claimed.kept, false)
        and coalesce(claimed.window_end > $as_of, false) as is_running,
        claimed.number_in_spell,
        cast(
            least(days_between(claimed.fell_asleep_on, claimed.window_start) / 30, 36) as int
        ) as months_asleep,
        claimed.tier,
        claimed.reason_group,
        claimed.survey_group,
        claimed.human_factor,
        claimed.competitor,
        clients.sales_type,
        clients.region,
        claimed.direction,
        claimed.lost_by,
        claimed.call_by,
        case when claimed.call_by is null then null else least(claimed.quiet_from, claimed.call_by) end
            as call_from,
        claimed.kept
    from claimed
    inner join clients on claimed.client_key = clients.client_key
)

select * from final
