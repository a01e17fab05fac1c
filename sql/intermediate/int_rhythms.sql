-- Each client who has bought: the rule of his sales type, what was said of him, his purchases with
-- the cycle and threshold that hold since, his spells of sleep, and his value on the last day of
-- each closed quarter and on the day.
-- grain: one row per client_key
with clients as (
    select client_key, client, sales_type, closed_on from int_clients
),

rules as (
    select sales_type, cycles, days from set_sleep_rules
),

refusals as (
    select
        client_key,
        array_agg(
            named_struct('scope', scope, 'direction', direction, 'begins', begins, 'date', date)
            order by date, scope, direction, begins
        ) as said
    from int_refusals
    group by client_key
),

-- Joined before the histories are: each join copies the rows that go through it.
known as (
    select
        clients.client_key,
        clients.client,
        clients.closed_on,
        rules.cycles,
        rules.days,
        clients.sales_type,
        refusals.said
    from clients
    inner join rules on clients.sales_type = rules.sales_type
    left join refusals on clients.client_key = refusals.client_key
),

found as (
    select
        histories.client_key,
        known.client,
        known.closed_on,
        known.cycles,
        known.days,
        known.said,
        rhythm(
            histories.purchases,
            histories.moves,
            known.cycles,
            known.days,
            known.sales_type,
            (
                select
                    array_agg(
                        named_struct('of', sales_type, 'quarter_start', quarter_start, 'cycle', cycle)
                        order by sales_type, quarter_start
                    )
                from int_common_cycles
            ),
            known.said,
            known.closed_on,
            $backtest_at
        ) as rhythm
    from int_histories as histories
    inner join known on histories.client_key = known.client_key
),

final as (
    select
        client_key,
        client,
        closed_on,
        cycles as rule_cycles,
        days as rule_days,
        said,
        rhythm
    from found
)

select * from final
