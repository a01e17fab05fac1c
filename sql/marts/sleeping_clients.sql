-- Every open spell on the day: who is to be called, in which order, and why others are not.
-- grain: one row per client_key
with sleepers as (
    select * from dim_clients where fell_asleep_on is not null
),

spells as (
    select * from int_spell_facts where returned_on is null
),

won_back as (
    select distinct client_key
    from int_attempts
    where returned_on between window_start and window_end
),

earlier as (
    select
        facts.client_key,
        bool_or(true) as any_spell,
        bool_or(
            facts.trigger in ('refusal', 'lost_deal')
            or days_between(facts.fell_asleep_on, facts.returned_on) > $lost_after_days
        ) as lost_before
    from int_spell_facts as facts
    where facts.returned_on is not null
    group by facts.client_key
),

contacts_seen as (
    select
        keys.client_key,
        max(contacts.date) filter (where contacts.initiated_by = 'us') as last_contact,
        max(contacts.date) filter (where contacts.kind = 'request') as last_request
    from stg_contacts as contacts
    inner join int_client_keys as keys
        on contacts.source = keys.source and contacts.client_id = keys.client_id
    group by keys.client_key
),

judged as (
    select
        sleepers.client_key,
        spells.spell,
        sleepers.name,
        sleepers.phone,
        sleepers.email,
        sleepers.tier,
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
        sleepers.annual_value,
        cast(
            round(sleepers.annual_value * sleepers.days_asleep / 364, 2) as decimal(18, 2)
        ) as lost_value,
        spells.reason,
        spells.reason_group,
        spells.reason_source,
        sleepers.manager,
        spells.lost_by,
        coalesce(spells.survey_group, 'unknown') as survey_group,
        contacts_seen.last_contact,
        contacts_seen.last_request,
        sleepers.important,
        case
            when sleepers.do_not_contact then 'do_not_contact'
            when sleepers.closed_on is not null and $list_closed = 'exclude' then 'closed'
            when
                $list_lost_twice = 'exclude'
                and (coalesce(earlier.lost_before, false) or won_back.client_key is not null)
                then 'lost_twice'
            when $list_lost_twice = 'any_spell' and coalesce(earlier.any_spell, false)
                then 'lost_twice'
            when sleepers.important then null
            when sleepers.one_off then 'one_off'
            when
                sleepers.annual_value < $value_small
                and (sleepers.potential is null or sleepers.potential < $value_small_potential)
                then 'small'
            else null
        end as excluded_because
    from sleepers
    inner join spells on sleepers.client_key = spells.client_key
    left join earlier on sleepers.client_key = earlier.client_key
    left join won_back on sleepers.client_key = won_back.client_key
    left join contacts_seen on sleepers.client_key = contacts_seen.client_key
),

final as (
    select
        client_key,
        spell,
        excluded_because is null as listed,
        excluded_because,
        case
            when excluded_because is null
                then row_number() over (
                    partition by excluded_because is null
                    order by important desc, annual_value desc, days_asleep, client_key
                )
            else null
        end as priority,
        name,
        phone,
        email,
        tier,
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
        last_contact,
        last_request,
        annual_value,
        lost_value,
        reason,
        reason_group,
        reason_source,
        manager,
        lost_by,
        survey_group,
        important
    from judged
)

select * from final
