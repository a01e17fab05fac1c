-- The quarters from that of the first purchase to the running one.
-- grain: one row per quarter
with span as (
    select min(first_purchase) as first_purchase from int_buyers
),

documents_from as (
    select coalesce($history_from, min(first_document_on)) as history_from from int_activity
),

quarters as (
    select unnest(quarter_starts(first_purchase, $as_of)) as quarter_start
    from span
    where first_purchase is not null
),

final as (
    select
        quarter_name(quarters.quarter_start) as quarter,
        quarters.quarter_start,
        quarter_end(quarters.quarter_start) as quarter_end,
        cast(substr(quarter_name(quarters.quarter_start), 1, 4) as int) as fiscal_year,
        quarter_end(quarters.quarter_start) <= $as_of as closed,
        quarters.quarter_start < add_months(documents_from.history_from, 12) as warming_up
    from quarters
    cross join documents_from
)

select * from final
