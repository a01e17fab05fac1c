-- Recorded refusals of clients, with the code of their reason and what they would begin.
-- grain: one row per source and refusal_id
with refusals_seen as (
    select * from stg_refusals
),

keys as (
    select source, client_id, client_key from int_client_keys
),

clients as (
    select client_key, sales_type from int_clients
),

rules as (
    select sales_type, lost_deal from set_sleep_rules
),

codes as (
    select reason, code, reason_group, survey_group, human_factor, hint from int_reasons
),

final as (
    select
        keys.client_key,
        refusals_seen.source,
        refusals_seen.refusal_id,
        refusals_seen.date,
        refusals_seen.scope,
        refusals_seen.stage,
        refusals_seen.direction,
        refusals_seen.amount,
        coalesce(codes.code, 'unknown') as reason,
        coalesce(codes.reason_group, 'unknown') as reason_group,
        codes.survey_group,
        coalesce(codes.human_factor, false) as human_factor,
        codes.hint,
        of_client.code as reason_client,
        of_manager.code as reason_manager,
        of_verified.code as reason_verified,
        refusals_seen.reason as reason_words,
        refusals_seen.reason_source,
        coalesce(of_client.code <> of_manager.code, false) as reasons_disagree,
        refusals_seen.reason_rank,
        refusals_seen.competitor,
        refusals_seen.manager,
        case
            when refusals_seen.scope = 'client' then 'refusal'
            when
                rules.lost_deal
                and (
                    refusals_seen.competitor is not null
                    or coalesce(codes.reason_group, '') = 'competitor'
                )
                then 'lost_deal'
            else null
        end as begins
    from refusals_seen
    inner join keys
        on refusals_seen.source = keys.source and refusals_seen.client_id = keys.client_id
    inner join clients on keys.client_key = clients.client_key
    inner join rules on clients.sales_type = rules.sales_type
    left join codes on refusals_seen.reason = codes.reason
    left join codes as of_client on refusals_seen.reason_client = of_client.reason
    left join codes as of_manager on refusals_seen.reason_manager = of_manager.reason
    left join codes as of_verified on refusals_seen.reason_verified = of_verified.reason
)

select * from final
