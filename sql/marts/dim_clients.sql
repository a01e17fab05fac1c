-- Clients who have bought, as they stand on the day.
-- grain: one row per client_key
with clients as (
    select * from int_clients
),

last_cycles as (
    select * from int_buyers
),

values_now as (
    select client_key, annual_value, tier, abc from int_tiers where date = $as_of
),

margins as (
    select
        last_cycles.client_key,
        sum(costs.gross) as gross,
        sum(costs.covered) as covered,
        sum(costs.amount) as amount,
        sum(costs.amount - costs.cost) as margin
    from last_cycles
    inner join int_line_costs as costs
        on last_cycles.client_key = costs.client_key
        and costs.date >= add_days(last_cycles.last_purchase, -363)
    group by last_cycles.client_key
),

odds as (
    select odds_basis, r, alpha, a, b from int_odds where in_force
),

last_spells as (
    select
        client_key,
        spell['spell'] as spell,
        spell['fell_asleep_on'] as fell_asleep_on,
        spell['returned_on'] as returned_on,
        spell['returned_purchase'] as returned_purchase
    from (
        select client_key, array_element(rhythm['spells'], -1) as spell from int_rhythms
    ) as last
),

joins as (
    select client_key, listed(joined_by) as joined_by
    from (
        select distinct client_key, joined_by from int_client_keys where joined_by is not null
    ) as ways
    group by client_key
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
        joins.joined_by,
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
        values_now.abc,
        variation.xyz,
        case
            when margins.amount > 0 and margins.covered >= 0.8 * margins.gross
                then cast(margins.margin as double) / cast(margins.amount as double)
            else null
        end as margin,
        payers.days_late,
        odds.odds_basis,
        p_silent(
            odds.r,
            odds.alpha,
            odds.a,
            odds.b,
            cast(last_cycles.purchases - 1 as int),
            days_between(last_cycles.first_purchase, last_cycles.last_purchase),
            days_between(last_cycles.first_purchase, $as_of),
            $odds_horizon_days
        ) as p_silent,
        last_spells.spell as spells,
        case when last_spells.returned_on is null then last_spells.fell_asleep_on else null end
            as fell_asleep_on,
        last_spells.returned_on,
        coalesce(last_cycles.purchases - last_spells.returned_purchase, 0) as further_purchases
    from last_cycles
    inner join clients on last_cycles.client_key = clients.client_key
    inner join rules on clients.sales_type = rules.sales_type
    inner join values_now on last_cycles.client_key = values_now.client_key
    cross join odds
    left join joins on last_cycles.client_key = joins.client_key
    left join int_variation as variation on last_cycles.client_key = variation.client_key
    left join margins on last_cycles.client_key = margins.client_key
    left join int_days_late as payers on last_cycles.client_key = payers.client_key
    left join last_spells on last_cycles.client_key = last_spells.client_key
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
        joined_by,
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
        abc,
        xyz,
        margin,
        days_late,
        annual_value < $value_small and coalesce(potential < $value_small_potential, true)
            as small,
        cast(p_silent as decimal(9, 6)) as p_silent,
        odds_basis,
        cast(
            round(
                cast(cast(p_silent as decimal(38, 15)) * annual_value as decimal(38, 15))
                * $odds_horizon_days
                / 364,
                2
            ) as decimal(18, 2)
        ) as expected_loss,
        cast(coalesce(spells, 0) as int) as spells,
        fell_asleep_on,
        case
            when fell_asleep_on is not null then days_between(fell_asleep_on, $as_of)
            else null
        end as days_asleep,
        returned_on,
        case when returned_on is null then null else further_purchases end as further_purchases,
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
