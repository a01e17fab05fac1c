-- Clients who have bought, as they stand on the day.
-- grain: one row per client_key
with clients as (
    select * from int_clients
),

last_cycles as (
    select
        client_key,
        date as last_purchase,
        first_date as first_purchase,
        number as purchases,
        cycle,
        cycle_basis,
        threshold
    from int_cycles
    where next_date is null
),

values_now as (
    select client_key, annual_value, tier from int_tiers where date = $as_of
),

last_spells as (
    select client_key, spell, fell_asleep_on, returned_on
    from (
        select
            client_key,
            spell,
            fell_asleep_on,
            returned_on,
            row_number() over (partition by client_key order by spell desc) as place
        from int_spells
    ) as ranked
    where place = 1
),

purchases_since as (
    select last_spells.client_key, count(*) as further
    from last_spells
    inner join int_purchase_days as days
        on last_spells.client_key = days.client_key and days.date > last_spells.returned_on
    group by last_spells.client_key
),

rules as (
    select sales_type, lost_deal from set_sleep_rules
),

dated as (
    select
        clients.client_key,
        clients.name,
        clients.tax_id,
        clients.region,
        clients.industry,
        clients.sales_type,
        clients.manager,
        clients.phone,
        clients.email,
        clients.do_not_contact,
        clients.closed_on,
        clients.one_off or last_cycles.purchases = 1 as one_off,
        clients.important,
        clients.potential,
        clients.created_on,
        last_cycles.first_purchase,
        last_cycles.last_purchase,
        last_cycles.purchases,
        last_cycles.cycle,
        last_cycles.cycle_basis,
        last_cycles.threshold,
        case
            when rules.lost_deal or last_cycles.threshold is null then null
            else add_days(last_cycles.last_purchase, last_cycles.threshold)
        end as call_by,
        add_days(
            last_cycles.last_purchase,
            cast(ceil(last_cycles.cycle) as bigint) + $overdue_grace_days
        ) as overdue_from,
        values_now.annual_value,
        values_now.tier,
        last_spells.spell as spells,
        case when last_spells.returned_on is null then last_spells.fell_asleep_on else null end
            as fell_asleep_on,
        last_spells.returned_on,
        coalesce(purchases_since.further, 0) as further_purchases
    from last_cycles
    inner join clients on last_cycles.client_key = clients.client_key
    inner join rules on clients.sales_type = rules.sales_type
    inner join values_now on last_cycles.client_key = values_now.client_key
    left join last_spells on last_cycles.client_key = last_spells.client_key
    left join purchases_since on last_cycles.client_key = purchases_since.client_key
),

final as (
    select
        client_key,
        name,
        tax_id,
        region,
        industry,
        sales_type,
        manager,
        phone,
        email,
        do_not_contact,
        closed_on,
        one_off,
        important,
        potential,
        created_on,
        first_purchase,
        last_purchase,
        purchases,
        cycle,
        cycle_basis,
        threshold,
        case when call_by is null then null else least(overdue_from, call_by) end as call_from,
        call_by,
        annual_value,
        tier,
        cast(coalesce(spells, 0) as int) as spells,
        fell_asleep_on,
        case
            when fell_asleep_on is not null then days_between(fell_asleep_on, $as_of)
            else null
        end as days_asleep,
        case
            when fell_asleep_on is not null and closed_on is not null then 'closed'
            when
                fell_asleep_on is not null
                and days_between(fell_asleep_on, $as_of) > $lost_after_days
                then 'lost'
            when fell_asleep_on is not null then 'asleep'
            when call_by is not null and $as_of >= least(overdue_from, call_by) then 'overdue'
            when returned_on is not null and further_purchases < $watch_purchases then 'returned'
            when first_purchase >= $quarter_start then 'new'
            else 'active'
        end as status
    from dated
)

select * from final
