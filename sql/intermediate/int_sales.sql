-- Documents of purchase kind and returns, by client: `net` counts in the period of `date`, and
-- towards the purchase of `purchase_date`.
-- grain: one row per document of purchase kind or return
select
    client_key,
    date,
    date as purchase_date,
    true as is_purchase,
    amount as net,
    source,
    document_id,
    kind,
    date as issued_on,
    direction,
    manager,
    region,
    cast(null as date) as ordered_on
from int_documents
where is_purchase and not counts_when_paid and related_document_id is null
union all
select
    client_key,
    date,
    date as purchase_date,
    true as is_purchase,
    amount as net,
    source,
    document_id,
    kind,
    issued_on,
    direction,
    manager,
    region,
    ordered_on
from int_linked_sales
union all
select
    client_key,
    date,
    purchase_date,
    false as is_purchase,
    cast(-amount as decimal(18, 2)) as net,
    source,
    document_id,
    'return' as kind,
    date as issued_on,
    direction,
    manager,
    region,
    cast(null as date) as ordered_on
from int_returned
