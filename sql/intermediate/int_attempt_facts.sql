-- Attempts with what would have come back anyway and what came of those that were won back, once
-- for each dimension by which they are reported.
-- grain: one row per source, reactivation_id and dimension
with attempts as (
    select
        attempts.*,
        expected.spells as compared_spells,
        coalesce(expected.tried_within, 0) as left_out,
        cast(expected.share as decimal(18, 9)) as expected,
        sales.purchases as purchases_after,
        sales.net_sales as net_sales_after
    from int_attempts as attempts
    left join int_expected_returns as expected
        on attempts.months_asleep = expected.months_asleep
    left join int_attempt_sales as sales
        on attempts.source = sales.source
        and attempts.reactivation_id = sales.reactivation_id
),

final as (
    select
        attempts.*,
        unnest(
            [
                named_struct('dimension', 'total', 'value', 'all'),
                named_struct('dimension', 'tier', 'value', coalesce(tier, 'none')),
                named_struct('dimension', 'reason_group', 'value', coalesce(reason_group, 'none')),
                named_struct(
                    'dimension',
                    'survey_group',
                    'value',
                    coalesce(survey_result, survey_group, 'unknown')
                ),
                named_struct('dimension', 'offer', 'value', coalesce(offer, 'none')),
                named_struct(
                    'dimension',
                    'letter',
                    'value',
                    case when letter_on <= window_start then 'before waking' else 'none' end
                ),
                named_struct(
                    'dimension',
                    'attempt',
                    'value',
                    coalesce(cast(number_in_spell as varchar), 'preventive')
                ),
                named_struct(
                    'dimension',
                    'months_asleep',
                    'value',
                    coalesce(cast(months_asleep as varchar), 'preventive')
                ),
                named_struct('dimension', 'batch', 'value', coalesce(batch, 'none')),
                named_struct(
                    'dimension',
                    'human_factor',
                    'value',
                    case when human_factor then 'true' when human_factor is null then 'none' else 'false' end
                ),
                named_struct('dimension', 'competitor', 'value', coalesce(competitor, 'none')),
                named_struct('dimension', 'channel', 'value', coalesce(channel, 'unknown')),
                named_struct('dimension', 'manager', 'value', coalesce(manager, 'unknown')),
                named_struct('dimension', 'sales_type', 'value', coalesce(sales_type, 'none')),
                named_struct('dimension', 'region', 'value', coalesce(region, 'unknown')),
                named_struct('dimension', 'direction', 'value', coalesce(direction, 'unknown'))
            ]
        ) as counted_by
    from attempts
)

select * from final
