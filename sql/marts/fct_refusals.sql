-- Refusals: the beginnings of clients' spells, said or unsaid.
-- grain: one row per refusal
select
    client_key || '#' || cast(spell as varchar) as refusal,
    quarter_name(fell_asleep_on) as quarter,
    quarter_start(fell_asleep_on) as quarter_start,
    quarter_end(fell_asleep_on) as quarter_end,
    quarter_name(last_purchase) as stopped_quarter,
    fell_asleep_on as date,
    client_key,
    spell,
    'client' as scope,
    form,
    trigger,
    direction,
    reason,
    reason_group,
    reason_source,
    human_factor,
    competitor,
    region,
    industry,
    lost_by as manager,
    sales_type,
    tier,
    annual_value as lost_annual_value
from int_spell_facts
