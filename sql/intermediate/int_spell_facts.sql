-- Every spell with its cycle, value, tier, reason and who lost the client.
-- grain: one row per client_key and spell
with spells as (
    select * from int_spells
),

clients as (
    select client_key, region, industry, sales_type, manager from int_clients
),

limits as (
    select date, limits from int_tier_limits
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
        refusals.hint,
        refusals.date as reason_on,
        refusals.reason_client,
        refusals.reason_manager,
        refusals.reason_verified,
        refusals.reason_words,
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
        named_on_largest(sales.manager, sales.net, sales.document_id, sales.source) as manager
    from spells
    inner join int_sales as sales
        on spells.client_key = sales.client_key
        and spells.last_purchase = sales.date
        and sales.is_purchase
    group by spells.client_key, spells.spell
),

directions as (
    select client_key, spell, direction from int_spell_directions
),

final as (
    select
        spells.client_key,
        spells.spell,
        spells.last_purchase,
        spells.purchases,
        spells.cycle,
        spells.cycle_basis,
        spells.threshold,
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
        -- A manager's guess that a firm is gone is for its successor to be found.
        case
            when reasons_given.hint = 'exclude' and reasons_given.reason_source = 'manager'
                then 'successor_check'
            else reasons_given.hint
        end as hint,
        reasons_given.reason_on,
        reasons_given.reason_client,
        reasons_given.reason_manager,
        reasons_given.reason_verified,
        reasons_given.reason_words,
        reasons_given.stage,
        reasons_given.competitor,
        directions.direction,
        clients.region,
        clients.industry,
        clients.sales_type,
        coalesce(last_documents.manager, reasons_given.manager, clients.manager) as lost_by,
        coalesce(tier_of(spells.value_before, spells.client, limits.limits), 'untiered') as tier,
        spells.annual_value
    from spells
    inner join clients on spells.client_key = clients.client_key
    left join limits on add_days(quarter_start(spells.fell_asleep_on), -1) = limits.date
    left join reasons_given
        on spells.client_key = reasons_given.client_key
        and spells.spell = reasons_given.spell
        and reasons_given.place = 1
    left join last_documents
        on spells.client_key = last_documents.client_key
        and spells.spell = last_documents.spell
    left join directions
        on spells.client_key = directions.client_key
        and spells.spell = directions.spell
)

select * from final
