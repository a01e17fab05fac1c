-- Refusals: the beginnings of spells of clients and of their directions, said or unsaid, and
-- recorded refusals that began nothing.
-- grain: one row per refusal
with clients as (
    select client_key, region, industry, sales_type from int_clients
),

tiers as (
    select client_key, date, tier from int_tiers
),

refused as (
    select
        client_key || '#' || cast(spell as varchar) as refusal,
        fell_asleep_on as date,
        last_purchase,
        client_key,
        spell,
        'client' as scope,
        form,
        trigger,
        direction,
        stage,
        reason,
        reason_group,
        reason_source,
        reasons_disagree,
        human_factor,
        competitor,
        region,
        industry,
        lost_by as manager,
        sales_type,
        tier,
        annual_value as lost_annual_value
    from int_spell_facts
    union all
    select
        client_key || '#' || direction || '#' || cast(spell as varchar) as refusal,
        fell_asleep_on as date,
        last_purchase,
        client_key,
        spell,
        'direction' as scope,
        form,
        trigger,
        direction,
        stage,
        reason,
        reason_group,
        reason_source,
        reasons_disagree,
        human_factor,
        competitor,
        region,
        industry,
        lost_by as manager,
        sales_type,
        tier,
        annual_value as lost_annual_value
    from int_direction_spell_facts
    union all
    select
        deals.source || ':' || deals.refusal_id as refusal,
        deals.date,
        cast(null as date) as last_purchase,
        deals.client_key,
        cast(null as int) as spell,
        'deal' as scope,
        'spoken' as form,
        cast(null as varchar) as trigger,
        deals.direction,
        deals.stage,
        deals.reason,
        deals.reason_group,
        deals.reason_source,
        deals.reasons_disagree,
        deals.human_factor,
        deals.competitor,
        clients.region,
        clients.industry,
        deals.manager,
        clients.sales_type,
        coalesce(tiers.tier, 'untiered') as tier,
        deals.amount as lost_annual_value
    from int_deal_refusals as deals
    inner join clients on deals.client_key = clients.client_key
    left join tiers
        on deals.client_key = tiers.client_key
        and add_days(quarter_start(deals.date), -1) = tiers.date
),

final as (
    select
        refusal,
        quarter_name(date) as quarter,
        quarter_start(date) as quarter_start,
        quarter_end(date) as quarter_end,
        case when last_purchase is null then null else quarter_name(last_purchase) end
            as stopped_quarter,
        date,
        client_key,
        spell,
        scope,
        form,
        trigger,
        direction,
        stage,
        reason,
        reason_group,
        reason_source,
        reasons_disagree,
        human_factor,
        competitor,
        region,
        industry,
        manager,
        sales_type,
        tier,
        lost_annual_value
    from refused
)

select * from final
