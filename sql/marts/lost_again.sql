-- Of the returns that are at least a year old, the share whose client fell asleep again within 365
-- days.
-- grain: one row per quarter of the return, dimension and value
with closed_quarters as (
    select quarter, quarter_start, quarter_end from dim_quarters where closed
),

spells as (
    select
        client_key,
        spell,
        returned_on,
        reason,
        lead(fell_asleep_on) over (partition by client_key order by spell) as asleep_again_on
    from int_spell_facts
),

returns as (
    select
        spells.returned_on,
        coalesce(
            spells.asleep_again_on <= add_days(spells.returned_on, 365), false
        ) as lost_again,
        unnest(
            [
                named_struct('dimension', 'total', 'value', 'all'),
                named_struct('dimension', 'reason', 'value', spells.reason),
                named_struct(
                    'dimension', 'offer', 'value', coalesce(attempts.claimed_offer, 'none')
                ),
                named_struct(
                    'dimension',
                    'attempt',
                    'value',
                    cast(coalesce(attempts.attempts, 0) as varchar)
                )
            ]
        ) as counted_by
    from spells
    left join int_surveyed_spells as attempts
        on spells.client_key = attempts.client_key and spells.spell = attempts.spell
    where spells.returned_on <= add_days($as_of, -365)
),

final as (
    select
        returns.counted_by['dimension'] = 'total' as is_total,
        closed_quarters.quarter,
        closed_quarters.quarter_start,
        closed_quarters.quarter_end,
        returns.counted_by['dimension'] as dimension,
        returns.counted_by['value'] as value,
        count(*) as returned,
        count(*) filter (where returns.lost_again) as lost_again,
        cast(count(*) filter (where returns.lost_again) as double) / count(*) as share
    from returns
    inner join closed_quarters
        on quarter_start(returns.returned_on) = closed_quarters.quarter_start
    group by
        closed_quarters.quarter,
        closed_quarters.quarter_start,
        closed_quarters.quarter_end,
        returns.counted_by['dimension'],
        returns.counted_by['value']
)

select * from final
