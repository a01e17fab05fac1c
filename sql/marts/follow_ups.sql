-- Calls that lose sales when forgotten: invoices that are not settled, whatever else the client buys,
-- and offers without a purchase since; both without a contact of ours since.
-- grain: one row per client_key, date and kind
with open_invoices as (
    select
        client_key,
        date,
        'invoice' as kind,
        cast(sum(amount) as decimal(18, 2)) as amount,
        count(*) as documents,
        min(document_id) as document_id
    from int_invoices
    where settled_on is null
    group by client_key, date
),

quotes as (
    select client_key, date, amount, document_id from int_papers where kind = 'quote'
    union all
    select client_key, date, cast(null as decimal(18, 2)) as amount, contact_id as document_id
    from int_touches
    where kind = 'quote'
),

offers as (
    select
        client_key,
        date,
        'offer' as kind,
        cast(sum(amount) as decimal(18, 2)) as amount,
        count(*) as documents,
        min(document_id) as document_id
    from quotes
    group by client_key, date
),

waiting as (
    select * from open_invoices
    union all
    select * from offers
),

final as (
    select
        waiting.client_key,
        waiting.date,
        waiting.kind,
        waiting.document_id,
        waiting.documents,
        waiting.amount,
        days_between(waiting.date, $as_of) as days,
        days_between(waiting.date, $as_of) >= $follow_up_late_days as late,
        clients.name,
        clients.phone,
        clients.manager
    from waiting
    inner join int_clients as clients on waiting.client_key = clients.client_key
    left anti join int_off_limits as off_limits
        on waiting.client_key = off_limits.client_key
    left join int_last_touches as touches on waiting.client_key = touches.client_key
    left join int_buyers as buyers on waiting.client_key = buyers.client_key
    where
        days_between(waiting.date, $as_of) >= $follow_up_days
        and days_between(waiting.date, $as_of) <= $follow_up_drop_days
        and coalesce(touches.last_contact, date '0001-01-01') <= waiting.date
        and (
            waiting.kind = 'invoice'
            or coalesce(buyers.last_purchase, date '0001-01-01') < waiting.date
        )
)

select * from final
