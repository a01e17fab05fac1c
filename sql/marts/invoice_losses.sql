-- Invoices issued in each quarter: settled, not settled after 30 days, and those whose 30 days are
-- not over.
-- grain: one row per quarter
with closed_quarters as (
    select quarter, quarter_start, quarter_end from dim_quarters where closed
),

invoices as (
    select
        quarter_start(date) as quarter_start,
        amount,
        case
            when settled_on is not null then 'settled'
            when add_days(date, 30) <= $as_of then 'not settled'
            else 'pending'
        end as state
    from int_invoices
),

final as (
    select
        closed_quarters.quarter,
        closed_quarters.quarter_start,
        closed_quarters.quarter_end,
        count(*) as issued,
        cast(sum(invoices.amount) as decimal(18, 2)) as issued_amount,
        count(*) filter (where invoices.state = 'settled') as settled,
        cast(
            coalesce(sum(invoices.amount) filter (where invoices.state = 'settled'), 0)
            as decimal(18, 2)
        ) as settled_amount,
        count(*) filter (where invoices.state = 'not settled') as not_settled,
        cast(
            coalesce(sum(invoices.amount) filter (where invoices.state = 'not settled'), 0)
            as decimal(18, 2)
        ) as not_settled_amount,
        count(*) filter (where invoices.state = 'pending') as pending,
        cast(count(*) filter (where invoices.state = 'not settled') as double)
        / nullif(count(*) filter (where invoices.state <> 'pending'), 0) as lost_share
    from invoices
    inner join closed_quarters on invoices.quarter_start = closed_quarters.quarter_start
    group by closed_quarters.quarter, closed_quarters.quarter_start, closed_quarters.quarter_end
)

select * from final
