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

-- A shipment ships the newest order of its client that has the number it names.
shipped as (
    select
        orders.client_key,
        orders.source,
        orders.document_id,
        shipments.document_id as shipment_id,
        shipments.date as shipped_on,
        max(orders.date) as ordered_on
    from int_papers as orders
    inner join int_papers as shipments
        on orders.client_key = shipments.client_key
        and orders.source = shipments.source
        and orders.document_id = shipments.related_document_id
        and shipments.kind = 'shipment'
        and shipments.date >= orders.date
    where orders.kind = 'order'
    group by
        orders.client_key,
        orders.source,
        orders.document_id,
        shipments.document_id,
        shipments.date
),

shipped_orders as (
    select orders.client_key, orders.due_date, min(shipped.shipped_on) as shipped_on
    from int_papers as orders
    inner join shipped
        on orders.client_key = shipped.client_key
        and orders.source = shipped.source
        and orders.document_id = shipped.document_id
        and orders.date = shipped.ordered_on
    where orders.kind = 'order' and orders.due_date is not null
    group by orders.client_key, orders.source, orders.document_id, orders.date, orders.due_date
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
        cast(max(days_between(shipped_orders.due_date, shipped_orders.shipped_on))
            as decimal(18, 4)) as value,
        cast(0 as decimal(18, 4)) as limit_value,
        max(shipped_orders.shipped_on) as since
    from clients
    inner join shipped_orders on clients.client_key = shipped_orders.client_key
    where
        shipped_orders.shipped_on > shipped_orders.due_date
        and days_between(shipped_orders.shipped_on, $as_of) <= clients.cycle
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
