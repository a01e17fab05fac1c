-- Every open spell on the day: who is to be called, in which order, and why others are not.
-- grain: one row per client_key
with sleepers as (
    select dim_clients.*, coalesce($list_only, false) as on_target
    from dim_clients
    where fell_asleep_on is not null
),

spells as (
    select * from int_spell_facts where returned_on is null
),

roles as (
    select sales_type, role from set_list_roles
),

listed_tiers as (
    select tier from set_list_tiers
),

last_scores as (
    select client_key, score from int_scores where is_last
),

signs as (
    select client_key, listed(sign) as signs
    from client_signs
    group by client_key
),

last_papers as (
    select client_key, max(date) as last_paper
    from int_papers
    where kind in ('quote', 'invoice')
    group by client_key
),

odds as (
    select months_asleep, tier, returned, spells from int_return_odds where spells > 0
),

judged as (
    select
        sleepers.client_key,
        spells.spell,
        sleepers.name,
        sleepers.phone,
        sleepers.email,
        sleepers.tier,
        sleepers.abc,
        sleepers.xyz,
        sleepers.region,
        sleepers.industry,
        sleepers.sales_type,
        spells.direction,
        spells.last_purchase,
        spells.cycle,
        spells.cycle_basis,
        spells.threshold,
        spells.fell_asleep_on,
        sleepers.days_asleep,
        cast(
            round(
                cast(days_between(spells.last_purchase, $as_of) as decimal(18, 4))
                / greatest(spells.cycle, cast(0.0001 as decimal(18, 4))),
                1
            ) as decimal(18, 1)
        ) as cycles_missed,
        spells.trigger,
        signs.signs,
        sleepers.annual_value,
        cast(
            round(sleepers.annual_value * sleepers.days_asleep / 364, 2) as decimal(18, 2)
        ) as lost_value,
        spells.reason,
        spells.reason_group,
        spells.reason_source,
        sleepers.manager,
        spells.lost_by,
        roles.role as suggested_role,
        coalesce(attempts.survey_result, spells.survey_group, 'unknown') as survey_group,
        touches.last_contact,
        touches.last_request,
        greatest(touches.last_request, touches.last_quote, last_papers.last_paper)
        >= spells.fell_asleep_on as still_asks,
        coalesce(attempts.attempts, 0) as attempts,
        coalesce(odds.returned, 0) as like_him_returned,
        coalesce(odds.spells, 1) as like_him,
        sleepers.important,
        case
            when off_limits.because is not null then off_limits.because
            when attempts.survey_result = 'hopeless' then 'hopeless'
            when $list_lost_twice = 'exclude' and coalesce(earlier.lost_before, false)
                then 'lost_twice'
            when $list_lost_twice = 'any_spell' and earlier.client_key is not null
                then 'lost_twice'
            when attempts.failed >= $list_max_attempts then 'max_attempts'
            when not sleepers.on_target then 'outside_target'
            when
                not sleepers.important
                and listed_tiers.tier is null
                and coalesce(last_scores.score, 0) < 9
                then 'tier'
            when sleepers.important then null
            when sleepers.one_off then 'one_off'
            when sleepers.small then 'small'
            else null
        end as excluded_because,
        spells.hint,
        case
            when
                sleepers.closed_on is not null
                or coalesce(spells.hint, '') in ('exclude', 'successor_check')
                then 'successor_check'
            else 'call'
        end as action
    from sleepers
    inner join spells on sleepers.client_key = spells.client_key
    inner join roles on sleepers.sales_type = roles.sales_type
    left join int_off_limits as off_limits on sleepers.client_key = off_limits.client_key
    left join listed_tiers on sleepers.tier = listed_tiers.tier
    left join int_surveyed_spells as attempts
        on spells.client_key = attempts.client_key and spells.spell = attempts.spell
    left join int_lost_before as earlier
        on spells.client_key = earlier.client_key and spells.spell = earlier.spell
    left join int_last_touches as touches on sleepers.client_key = touches.client_key
    left join last_papers on sleepers.client_key = last_papers.client_key
    left join last_scores on sleepers.client_key = last_scores.client_key
    left join signs on sleepers.client_key = signs.client_key
    left join odds
        on spells.tier = odds.tier
        and least(sleepers.days_asleep / 30, 36) = odds.months_asleep
),

valued as (
    select
        judged.*,
        excluded_because is null as listed,
        cast(cast(like_him_returned as double) / like_him as decimal(9, 6)) as return_odds,
        cast(round(annual_value * like_him_returned / like_him, 2) as decimal(18, 2))
            as expected_gain
    from judged
),

final as (
    select
        client_key,
        spell,
        listed,
        excluded_because,
        case when listed then action else null end as action,
        case
            when listed
                then row_number() over (
                    partition by listed
                    order by
                        important desc,
                        case
                            when $list_order = 'expected_gain' then expected_gain
                            when $list_order = 'annual_value' then annual_value
                            when $list_order = 'return_odds'
                                then cast(return_odds as decimal(18, 6))
                            else 0
                        end desc,
                        days_asleep,
                        client_key
                )
            else null
        end as priority,
        name,
        phone,
        email,
        tier,
        abc,
        xyz,
        direction,
        region,
        industry,
        sales_type,
        last_purchase,
        cycle,
        cycle_basis,
        threshold,
        fell_asleep_on,
        days_asleep,
        cycles_missed,
        trigger,
        signs,
        last_contact,
        last_request,
        coalesce(still_asks, false) as still_asks,
        attempts,
        annual_value,
        lost_value,
        return_odds,
        expected_gain,
        reason,
        reason_group,
        reason_source,
        hint,
        manager,
        lost_by,
        suggested_role,
        survey_group,
        important
    from valued
)

select * from final
