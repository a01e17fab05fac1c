-- When each client was last in touch with us, and whether he answers.
-- grain: one row per client_key
with answered as (
    select
        client_key,
        date,
        outcome,
        row_number() over (
            partition by client_key
            order by date desc, contact_id desc, source desc
        ) as from_last
    from int_touches
    where initiated_by = 'us' and outcome is not null
),

unanswered as (
    select
        client_key,
        min(date) as unanswered_since,
        count(*) filter (where outcome = 'no_answer') as unanswered
    from answered
    where from_last <= $signs_unanswered
    group by client_key
),

last_of_each as (
    select
        client_key,
        max(date) filter (where initiated_by = 'us') as last_contact,
        max(date) filter (where kind = 'request') as last_request,
        max(date) filter (where kind = 'quote') as last_quote,
        max(date) filter (where kind = 'complaint') as last_complaint,
        max(date) filter (where kind = 'visit') as last_visit
    from int_touches
    group by client_key
),

final as (
    select
        last_of_each.client_key,
        last_of_each.last_contact,
        last_of_each.last_request,
        last_of_each.last_quote,
        last_of_each.last_complaint,
        last_of_each.last_visit,
        unanswered.unanswered_since,
        coalesce(unanswered.unanswered, 0) as unanswered
    from last_of_each
    left join unanswered on last_of_each.client_key = unanswered.client_key
)

select * from final
