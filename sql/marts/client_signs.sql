-- Each sign that a client shows on the day, with its value, the limit and since when.
-- grain: one row per client_key and sign
with clients as (
    select
        client_key,
        first_purchase,
        last_purchase,
        cycle,
        threshold,
        fell_asleep_on,
        days_asleep
    from dim_clients
),

touches as (
    select * from int_last_touches
),

requests as (
    select
        client_key,
        max(date) as last_request,
        min(date) filter (where from_last <= $signs_requests) as since,
        count(*) filter (where from_last <= $signs_requests) as counted,
        max(requests) as requests
    from int_requests
    group by client_key
),

orders as (
    select client_key, max(date) as last_order
    from int_papers
    where kind = 'order'
    group by client_key
),

last_scores as (
    select client_key, date, score from int_scores where is_last
),

late_orders as (
    select
        client_key,
        days_between(due_date, coalesce(shipped_on, $as_of)) as days_late,
        shipped_on,
        coalesce(shipped_on, add_days(due_date, 1)) as since
    from int_orders
    where due_date < coalesce(shipped_on, $as_of) and (shipped_on is not null or is_followed)
),

falling as (
    select * from int_falling_signs
),

signs as (
    select
        client_key,
        'silence' as sign,
        cast(days_asleep as decimal(18, 4)) as value,
        cast(threshold as decimal(18, 4)) as limit_value,
        fell_asleep_on as since
    from clients
    where fell_asleep_on is not null
    union all
    select
        clients.client_key,
        'no_requests' as sign,
        cast(days_between(requests.last_request, $as_of) as decimal(18, 4)) as value,
        cast(
            greatest(
                days_between(
                    requests.last_request,
                    add_months(requests.last_request, $signs_no_request_months)
                ),
                clients.threshold
            ) as decimal(18, 4)
        ) as limit_value,
        requests.last_request as since
    from clients
    inner join requests on clients.client_key = requests.client_key
    where
        requests.requests >= 3
        and add_months(requests.last_request, $signs_no_request_months) <= $as_of
        and days_between(requests.last_request, $as_of) >= coalesce(clients.threshold, 0)
    union all
    select
        clients.client_key,
        'requests_without_order' as sign,
        cast(requests.counted as decimal(18, 4)) as value,
        cast($signs_requests as decimal(18, 4)) as limit_value,
        requests.since
    from clients
    inner join requests on clients.client_key = requests.client_key
    left join orders on clients.client_key = orders.client_key
    where
        requests.counted >= $signs_requests
        and clients.last_purchase < requests.since
        and coalesce(orders.last_order, date '0001-01-01') < requests.since
    union all
    select
        clients.client_key,
        'no_answer' as sign,
        cast(touches.unanswered as decimal(18, 4)) as value,
        cast($signs_unanswered as decimal(18, 4)) as limit_value,
        touches.unanswered_since as since
    from clients
    inner join touches on clients.client_key = touches.client_key
    where touches.unanswered >= $signs_unanswered
    union all
    select
        clients.client_key,
        'detractor' as sign,
        cast(last_scores.score as decimal(18, 4)) as value,
        cast(6 as decimal(18, 4)) as limit_value,
        last_scores.date as since
    from clients
    inner join last_scores on clients.client_key = last_scores.client_key
    where
        last_scores.score <= 6
        and last_scores.date > add_months($as_of, -$signs_score_months)
    union all
    select
        clients.client_key,
        'complaint' as sign,
        cast(days_between(touches.last_complaint, $as_of) as decimal(18, 4)) as value,
        clients.cycle as limit_value,
        touches.last_complaint as since
    from clients
    inner join touches on clients.client_key = touches.client_key
    where days_between(touches.last_complaint, $as_of) <= clients.cycle
    union all
    select
        clients.client_key,
        'no_outreach' as sign,
        cast(
            days_between(coalesce(touches.last_contact, clients.first_purchase), $as_of)
            as decimal(18, 4)
        ) as value,
        cast($signs_neglect_days as decimal(18, 4)) as limit_value,
        coalesce(touches.last_contact, clients.first_purchase) as since
    from clients
    inner join int_inputs as inputs on inputs.input = 'contacts' and inputs.rows > 0
    left join touches on clients.client_key = touches.client_key
    where
        clients.fell_asleep_on is null
        and days_between(coalesce(touches.last_contact, clients.first_purchase), $as_of)
            >= $signs_neglect_days
    union all
    select
        clients.client_key,
        'late_delivery' as sign,
        cast(max(late_orders.days_late) as decimal(18, 4)) as value,
        cast(0 as decimal(18, 4)) as limit_value,
        max(late_orders.since) as since
    from clients
    inner join late_orders on clients.client_key = late_orders.client_key
    where
        late_orders.shipped_on is null
        or days_between(late_orders.shipped_on, $as_of) <= clients.cycle
    group by clients.client_key
    union all
    select * from falling
),

drifting as (
    select
        client_key,
        'drifting' as sign,
        cast(count(*) as decimal(18, 4)) as value,
        cast(2 as decimal(18, 4)) as limit_value,
        max(since) as since
    from falling
    group by client_key
    having count(*) >= 2
),

final as (
    select client_key, sign, value, limit_value, since from signs
    union all
    select client_key, sign, value, limit_value, since from drifting
)

select * from final
