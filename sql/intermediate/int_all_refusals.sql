-- Refusals of all scopes: the beginnings of spells of clients and of their directions, said or
-- unsaid, and recorded refusals that began nothing.
-- grain: one row per scope and refusal
with clients as (
    select client_key, name, region, industry, sales_type from int_clients
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
        reason_client,
        reason_manager,
        reason_verified,
        reason_words,
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
        reason_client,
        reason_manager,
        reason_verified,
        reason_words,
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
        deals.reason_client,
        deals.reason_manager,
        deals.reason_verified,
        deals.reason_words,
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
        refused.refusal,
        quarter_name(refused.date) as quarter,
        quarter_start(refused.date) as quarter_start,
        quarter_end(refused.date) as quarter_end,
        case
            when refused.last_purchase is null then null
            else quarter_name(refused.last_purchase)
        end as stopped_quarter,
        refused.date,
        refused.client_key,
        clients.name,
        refused.spell,
        refused.scope,
        refused.form,
        refused.trigger,
        refused.direction,
        refused.stage,
        refused.reason,
        refused.reason_group,
        refused.reason_source,
        refused.reason_client,
        refused.reason_manager,
        refused.reason_verified,
        refused.reason_words,
        refused.reasons_disagree,
        refused.human_factor,
        refused.competitor,
        refused.region,
        refused.industry,
        refused.manager,
        refused.sales_type,
        refused.tier,
        refused.lost_annual_value
    from refused
    inner join clients on refused.client_key = clients.client_key
)

select * from final
