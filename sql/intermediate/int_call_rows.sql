-- Who is to be contacted on the day, why, and what that may bring; in the order of the list.
-- grain: one row per client_key
with clients as (
    select dim_clients.*, coalesce($list_only, false) as on_target
    from dim_clients
),

listed_tiers as (
    select tier from set_list_tiers
),

awake as (
    select clients.*
    from clients
    left anti join int_off_limits as off_limits on clients.client_key = off_limits.client_key
    left join listed_tiers on clients.tier = listed_tiers.tier
    where
        clients.fell_asleep_on is null
        and clients.on_target
        and (listed_tiers.tier is not null or clients.important)
),

odds as (
    select months_asleep, tier, returned, spells from int_return_odds where spells > 0
),

directions as (
    select
        spells.client_key,
        spells.spell,
        spells.direction,
        spells.last_purchase,
        spells.fell_asleep_on,
        spells.reason,
        spells.reason_group,
        spells.reason_source,
        spells.hint,
        spells.reason_on,
        spells.lost_by,
        spells.cycle,
        spells.cycle_basis,
        spells.threshold,
        spells.annual_value,
        cast(
            coalesce(round(spells.annual_value * odds.returned / odds.spells, 2), 0)
            as decimal(18, 2)
        ) as gain,
        row_number() over (
            partition by spells.client_key
            order by spells.annual_value desc, spells.direction
        ) as place
    from int_direction_spell_facts as spells
    left join odds
        on spells.tier = odds.tier
        and least(days_between(spells.fell_asleep_on, $as_of) / 30, 36) = odds.months_asleep
    where spells.returned_on is null
),

sleepers as (
    select sleeping_clients.*, facts.reason_on
    from sleeping_clients
    left join int_spell_facts as facts
        on sleeping_clients.client_key = facts.client_key
        and sleeping_clients.spell = facts.spell
    where sleeping_clients.listed
),

signs as (
    select distinct client_signs.client_key
    from client_signs
    inner join set_list_also as also on client_signs.sign = also.sign
),

kept as (
    select basis, rate from int_keep_rate
),

reasons_to_call as (
    select
        client_key,
        1 as place,
        'asleep' as why,
        cast(null as varchar) as direction,
        last_purchase,
        fell_asleep_on,
        reason,
        reason_group,
        reason_source,
        hint,
        reason_on,
        lost_by,
        cycle,
        cycle_basis,
        threshold,
        action,
        annual_value,
        return_odds,
        expected_gain as gain,
        'odds' as gain_basis
    from sleepers
    union all
    select
        awake.client_key,
        case when awake.status = 'overdue' then 2 else 4 end as place,
        case when awake.status = 'overdue' then 'overdue' else 'sign' end as why,
        cast(null as varchar) as direction,
        awake.last_purchase,
        cast(null as date) as fell_asleep_on,
        cast(null as varchar) as reason,
        cast(null as varchar) as reason_group,
        cast(null as varchar) as reason_source,
        cast(null as varchar) as hint,
        cast(null as date) as reason_on,
        cast(null as varchar) as lost_by,
        awake.cycle,
        awake.cycle_basis,
        awake.threshold,
        'call' as action,
        awake.annual_value,
        cast(null as decimal(9, 6)) as return_odds,
        cast(round(kept.rate * awake.p_silent * awake.annual_value, 2) as decimal(18, 2)) as gain,
        kept.basis as gain_basis
    from awake
    cross join kept
    left join signs on awake.client_key = signs.client_key
    where awake.status = 'overdue' or signs.client_key is not null
    union all
    select
        awake.client_key,
        3 as place,
        'direction' as why,
        directions.direction,
        directions.last_purchase,
        directions.fell_asleep_on,
        directions.reason,
        directions.reason_group,
        directions.reason_source,
        directions.hint,
        directions.reason_on,
        directions.lost_by,
        directions.cycle,
        directions.cycle_basis,
        directions.threshold,
        'call' as action,
        directions.annual_value,
        cast(null as decimal(9, 6)) as return_odds,
        directions.gain,
        'odds' as gain_basis
    from awake
    inner join directions on awake.client_key = directions.client_key and directions.place = 1
),

firsts as (
    select
        reasons_to_call.*,
        row_number() over (partition by client_key order by place) as first
    from reasons_to_call
),

running as (
    select
        client_key,
        first_value(manager order by started_on desc, reactivation_id desc, source desc)
            as in_attempt_by,
        first_value(window_end order by started_on desc, reactivation_id desc, source desc)
            as attempt_until
    from int_attempts
    where is_running
    group by client_key
),

final as (
    select
        firsts.client_key,
        firsts.why,
        firsts.direction,
        firsts.last_purchase,
        firsts.fell_asleep_on,
        firsts.reason,
        firsts.reason_group,
        firsts.reason_source,
        firsts.hint,
        firsts.reason_on,
        firsts.lost_by,
        firsts.cycle,
        firsts.cycle_basis,
        firsts.threshold,
        firsts.action,
        firsts.annual_value,
        firsts.return_odds,
        firsts.gain,
        firsts.gain_basis,
        running.client_key is not null as in_attempt,
        running.in_attempt_by,
        running.attempt_until,
        cast(
            row_number() over (
                order by
                    clients.important desc,
                    firsts.gain desc,
                    coalesce(firsts.fell_asleep_on, $as_of) desc,
                    firsts.client_key
            ) as bigint
        ) as order_no
    from firsts
    inner join clients on firsts.client_key = clients.client_key
    left join running on firsts.client_key = running.client_key
    where
        firsts.first = 1
        and ($list_in_attempt = 'mark' or running.client_key is null)
)

select * from final
