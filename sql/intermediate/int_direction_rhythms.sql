-- Each client who has bought in a direction: his spells of sleep in directions whose first day finds
-- him awake as a whole, and the direction in which he bought most in the 52 weeks before each spell
-- of the whole client.
-- grain: one row per client_key
with found as (
    select
        whole.client_key,
        whole.client,
        direction_rhythms(
            histories.directions,
            whole.rule_cycles,
            whole.rule_days,
            (
                select
                    array_agg(
                        named_struct('of', direction, 'quarter_start', quarter_start, 'cycle', cycle)
                        order by direction, quarter_start
                    )
                from int_direction_common_cycles
            ),
            whole.said,
            whole.closed_on,
            whole.rhythm['cycles'],
            whole.rhythm['spells'],
            whole.rhythm['states']
        ) as rhythms
    from int_rhythms as whole
    inner join int_direction_histories as histories on whole.client_key = histories.client_key
),

final as (
    select
        client_key,
        client,
        rhythms
    from found
)

select * from final
