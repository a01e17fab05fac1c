-- Each client who has bought: his purchases with the cycle and threshold that hold since, his spells
-- of sleep, and his value on the last day of each closed quarter and on the day.
-- grain: one row per client_key
with clients as (
    select client_key, client, sales_type, closed_on from int_clients
),

rules as (
    select sales_type, cycles, days from set_sleep_rules
),

of_type as (
    select
        sales_type,
        array_agg(
            named_struct('quarter_start', quarter_start, 'cycle', cycle) order by quarter_start
        ) as cycles
    from int_common_cycles
    where sales_type is not null
    group by sales_type
),

of_company as (
    select
        array_agg(
            named_struct('quarter_start', quarter_start, 'cycle', cycle) order by quarter_start
        ) as cycles
    from int_common_cycles
    where sales_type is null
),

refusals as (
    select
        client_key,
        array_agg(
            named_struct('kind', coalesce(begins, 'spoken'), 'date', date) order by date, begins
        ) as said
    from int_refusals
    group by client_key
),

found as (
    select
        histories.client_key,
        clients.client,
        rhythm(
            histories.purchases,
            histories.moves,
            rules.cycles,
            rules.days,
            of_type.cycles,
            of_company.cycles,
            refusals.said,
            clients.closed_on,
            $backtest_at
        ) as rhythm
    from int_histories as histories
    inner join clients on histories.client_key = clients.client_key
    inner join rules on clients.sales_type = rules.sales_type
    cross join of_company
    left join of_type on clients.sales_type = of_type.sales_type
    left join refusals on histories.client_key = refusals.client_key
),

final as (
    select client_key, client, rhythm from found
)

select * from final
