-- Complaints: how long each has been open, and whether the client has bought since.
-- grain: one row per source and contact_id
with complaints as (
    select * from int_touches where kind = 'complaint'
),

bought as (
    select
        complaints.source,
        complaints.contact_id,
        min(days.date) as bought_on
    from complaints
    inner join int_purchase_days as days
        on complaints.client_key = days.client_key and complaints.date < days.date
    group by complaints.source, complaints.contact_id
),

final as (
    select
        complaints.source,
        complaints.contact_id,
        complaints.client_key,
        clients.name,
        complaints.date,
        complaints.complaint_kind,
        complaints.note,
        coalesce(complaints.manager, clients.manager) as manager,
        complaints.closed_on,
        days_between(complaints.date, coalesce(complaints.closed_on, $as_of)) as days_open,
        bought.bought_on,
        bought.bought_on is not null as bought_since
    from complaints
    inner join int_clients as clients on complaints.client_key = clients.client_key
    left join bought
        on complaints.source = bought.source and complaints.contact_id = bought.contact_id
)

select * from final
