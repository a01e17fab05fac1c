-- Clients who must not be contacted: they stand on no list but the master list.
-- grain: one row per client_key
with clients as (
    select client_key, do_not_contact, closed_on from int_clients
),

-- What a client said himself, or somebody made sure of, counts; a manager's guess does not.
gone as (
    select client_key
    from int_spell_facts
    where returned_on is null and hint = 'exclude' and reason_source in ('verified', 'client')
),

judged as (
    select
        clients.client_key,
        clients.do_not_contact,
        clients.closed_on is not null or gone.client_key is not null as closed
    from clients
    left join gone on clients.client_key = gone.client_key
),

final as (
    select
        client_key,
        case when do_not_contact then 'do_not_contact' else 'closed' end as because
    from judged
    where do_not_contact or closed and $list_closed = 'exclude'
)

select * from final
