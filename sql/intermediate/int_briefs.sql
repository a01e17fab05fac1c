-- What to know of a client before calling: whom to ask for, what was said, what he owes and waits for.
-- grain: one row per client_key
with touches as (
    select * from int_touches
),

-- The newest contact with somebody who answered, else the newest.
persons as (
    select
        client_key,
        first_value(
            person
            order by coalesce(outcome, '') = 'no_answer', date desc, contact_id desc, source desc
        ) as person
    from touches
    where person is not null
    group by client_key
),

spoken as (
    select
        client_key,
        date,
        channel,
        kind,
        outcome,
        note,
        row_number() over (
            partition by client_key
            order by date desc, contact_id desc, source desc
        ) as place
    from touches
    where
        outcome in ('answered', 'ordered', 'declined')
        or initiated_by = 'client' and outcome is null
),

said as (
    select
        client_key,
        date as last_said_on,
        concat_ws(
            ': ',
            concat_ws(', ', channel, phrase('value', kind), phrase('value', outcome)),
            note
        ) as last_said
    from spoken
    where place = 1
),

answers as (
    select
        client_key,
        date,
        claim,
        answer,
        row_number() over (
            partition by client_key
            order by date desc, answer_id desc, source desc
        ) as place
    from int_claims
),

unpaid as (
    select
        client_key,
        count(*) as unpaid_count,
        cast(sum(amount - paid) as decimal(18, 2)) as unpaid_amount,
        min(date) as oldest_unpaid_on
    from int_invoices
    where settled_on is null and paid < amount
    group by client_key
),

unshipped as (
    select client_key, count(*) as unshipped_orders
    from int_orders
    where is_followed and shipped_on is null
    group by client_key
),

-- What nobody wrote down is not known to be nothing.
known as (
    select
        max(rows) filter (where input = 'documents.invoice') > 0 as has_invoices,
        max(rows) filter (where input = 'documents.order') > 0 as has_orders
    from int_inputs
),

final as (
    select
        clients.client_key,
        coalesce(persons.person, clients.contact_person) as ask_for,
        said.last_said_on,
        said.last_said,
        answers.date as claimed_on,
        answers.claim,
        answers.answer as claim_words,
        case when known.has_invoices then coalesce(unpaid.unpaid_count, 0) else null end
            as unpaid_count,
        case
            when known.has_invoices
                then coalesce(unpaid.unpaid_amount, cast(0 as decimal(18, 2)))
            else null
        end as unpaid_amount,
        unpaid.oldest_unpaid_on,
        case when known.has_orders then coalesce(unshipped.unshipped_orders, 0) else null end
            as unshipped_orders
    from int_clients as clients
    cross join known
    left join persons on clients.client_key = persons.client_key
    left join said on clients.client_key = said.client_key
    left join answers on clients.client_key = answers.client_key and answers.place = 1
    left join unpaid on clients.client_key = unpaid.client_key
    left join unshipped on clients.client_key = unshipped.client_key
)

select * from final
