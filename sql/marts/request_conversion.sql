-- What came of requests: those with an order or purchase from their day to the end of their
-- window, and those whose window is not over.
-- grain: one row per quarter, manager and client_key
with closed_quarters as (
    select quarter, quarter_start, quarter_end from dim_quarters where closed
),

asked as (
    select
        requests.client_key,
        requests.date,
        coalesce(requests.manager, clients.manager, 'unknown') as manager
    from int_requests as requests
    inner join int_clients as clients on requests.client_key = clients.client_key
    left join int_buyers as buyers on requests.client_key = buyers.client_key
    where buyers.client_key is not null or $client_is = 'negotiated'
),

answers as (
    select client_key, date from int_purchase_days
    union all
    select client_key, date from int_papers where kind = 'order'
),

answered as (
    select asked.client_key, asked.date, min(answers.date) as answered_on
    from asked
    inner join answers
        on asked.client_key = answers.client_key
        and answers.date >= asked.date
        and answers.date <= add_days(asked.date, $signs_request_window_days)
    group by asked.client_key, asked.date
),

judged as (
    select
        asked.client_key,
        asked.manager,
        quarter_start(asked.date) as quarter_start,
        answered.answered_on is not null as converted,
        add_days(asked.date, $signs_request_window_days) <= $as_of as over
    from asked
    left join answered
        on asked.client_key = answered.client_key and asked.date = answered.date
),

final as (
    select
        closed_quarters.quarter,
        closed_quarters.quarter_start,
        closed_quarters.quarter_end,
        judged.manager,
        judged.client_key,
        count(*) as requests,
        count(*) filter (where judged.over and judged.converted) as converted,
        count(*) filter (where judged.over and not judged.converted) as not_converted,
        count(*) filter (where not judged.over) as pending,
        cast(count(*) filter (where judged.over and judged.converted) as double)
        / nullif(count(*) filter (where judged.over), 0) as conversion
    from judged
    inner join closed_quarters on judged.quarter_start = closed_quarters.quarter_start
    group by
        closed_quarters.quarter,
        closed_quarters.quarter_start,
        closed_quarters.quarter_end,
        judged.manager,
        judged.client_key
)

select * from final
