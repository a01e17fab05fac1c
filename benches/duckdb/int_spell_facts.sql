-- Every spell with its cycle, value, tier, reason and who lost the client.
-- grain: one row per client_key and spell
with spells as (
    select * from int_spells
),

clients as (
    select client_key, region, industry, sales_type, manager from int_clients
),

cycles as (
    select client_key, date, number, cycle, cycle_basis, threshold from int_cycles
),

tiers as (
    select client_key, date, tier from int_tiers
),

reasons_given as (
    select
        spells.client_key,
        spells.spell,
        refusals.reason,
        refusals.reason_group,
        refusals.survey_group,
        refusals.reason_source,
        refusals.human_factor,
        refusals.reasons_disagree,
        refusals.stage,
        refusals.competitor,
        refusals.manager,
        row_number() over (
            partition by spells.client_key, spells.spell
            order by refusals.reason_rank, refusals.date desc, refusals.refusal_id desc, refusals.source desc
        ) as place
    from spells
    inner join int_refusals as refusals
        on spells.client_key = refusals.client_key
        and refusals.date >= spells.fell_asleep_on
        and refusals.date < coalesce(spells.returned_on, date '9999-12-31')
),

last_documents as (
    select
        spells.client_key,
        spells.spell,
        sales.manager,
        row_number() over (
            partition by spells.client_key, spells.spell
            order by sales.net desc, sales.document_id, sales.source
        ) as place
    from spells
    inner join int_sales as sales
        on spells.client_key = sales.client_key
        and spells.last_purchase = sales.date
        and sales.is_purchase
),

direction_sales as (
    select
        spells.client_key,
        spells.spell,
        sales.direction,
        sum(sales.net) as net
    from spells
    inner join int_direction_sales as sales
        on spells.client_key = sales.client_key
        and sales.date >= add_days(spells.fell_asleep_on, -364)
        and sales.date < spells.fell_asleep_on
    group by spells.client_key, spells.spell, sales.direction
),

directions as (
    select
        client_key,
        spell,
        direction,
        row_number() over (partition by client_key, spell order by net desc, direction) as place
    from direction_sales
),

final as (
    select
        spells.client_key,
        spells.spell,
        spells.last_purchase,
        cycles.number as purchases,
        cycles.cycle,
        cycles.cycle_basis,
        cycles.threshold,
        spells.fell_asleep_on,
        spells.trigger,
        case when spells.trigger = 'silence' then 'silent' else 'spoken' end as form,
        spells.spoken_on,
        spells.returned_on,
        coalesce(reasons_given.reason, 'unknown') as reason,
        coalesce(reasons_given.reason_group, 'unknown') as reason_group,
        reasons_given.survey_group,
        reasons_given.reason_source,
        coalesce(reasons_given.human_factor, false) as human_factor,
        coalesce(reasons_given.reasons_disagree, false) as reasons_disagree,
        reasons_given.stage,
        reasons_given.competitor,
        directions.direction,
        clients.region,
        clients.industry,
        clients.sales_type,
        coalesce(last_documents.manager, reasons_given.manager, clients.manager) as lost_by,
        coalesce(tiers.tier, 'untiered') as tier,
        annual.annual_value
    from spells
    inner join clients on spells.client_key = clients.client_key
    left join cycles
        on spells.client_key = cycles.client_key and spells.last_purchase = cycles.date
    left join int_values as annual
        on spells.client_key = annual.client_key and spells.fell_asleep_on = annual.date
    left join tiers
        on spells.client_key = tiers.client_key
        and add_days(quarter_start(spells.fell_asleep_on), -1) = tiers.date
    left join reasons_given
        on spells.client_key = reasons_given.client_key
        and spells.spell = reasons_given.spell
        and reasons_given.place = 1
    left join last_documents
        on spells.client_key = last_documents.client_key
        and spells.spell = last_documents.spell
        and last_documents.place = 1
    left join directions
        on spells.client_key = directions.client_key
        and spells.spell = directions.spell
        and directions.place = 1
)

select * from final
