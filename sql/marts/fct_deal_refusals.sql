-- Recorded refusals that began no spell and lie in none: of deals.
-- grain: one row per refusal
select
    refusal,
    quarter,
    quarter_start,
    quarter_end,
    date,
    client_key,
    name,
    scope,
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
    manager,
    sales_type,
    tier,
    lost_annual_value
from int_all_refusals
where scope = 'deal'
