-- How evenly a client buys: X, Y or Z by the coefficient of variation (population) of his net
-- purchases in the last 8 closed quarters that begin after his first purchase and do not lie after
-- the quarter of his last one.
-- grain: one row per client_key
with buyers as (
    select
        client_key,
        first_purchase,
        least(
            quarter_start(last_purchase),
            case
                when quarter_end($as_of) <= $as_of then quarter_start($as_of)
                else add_months(quarter_start($as_of), -3)
            end
        ) as last_quarter
    from int_buyers
),

spans as (
    select
        client_key,
        last_quarter,
        greatest(
            add_months(quarter_start(first_purchase), 3),
            add_months(last_quarter, -21)
        ) as first_quarter
    from buyers
),

spanned as (
    select
        client_key,
        first_quarter,
        quarter_end(last_quarter) as until,
        cast(
            cast(date_part('year', last_quarter) - date_part('year', first_quarter) as bigint) * 4
            + (
                cast(date_part('month', last_quarter) - date_part('month', first_quarter) as bigint)
            ) / 3
            + 1 as bigint
        ) as quarters
    from spans
),

sums as (
    select
        spanned.client_key,
        spanned.quarters,
        quarter_start(sales.date) as quarter_start,
        sum(sales.net) as net
    from spanned
    left join int_sales as sales
        on spanned.client_key = sales.client_key
        and sales.date >= spanned.first_quarter
        and sales.date <= spanned.until
    where spanned.quarters >= 4
    group by spanned.client_key, spanned.quarters, quarter_start(sales.date)
),

moments as (
    select
        client_key,
        quarters,
        coalesce(cast(sum(net) as double), 0) as total,
        coalesce(
            cast(sum(cast(net as decimal(18, 2)) * cast(net as decimal(18, 2))) as double),
            0
        ) as squares
    from sums
    group by client_key, quarters
),

final as (
    select
        client_key,
        case
            when total <= 0 then 'Z'
            when quarters * squares
                <= (1 + cast($value_xyz_x * $value_xyz_x as double)) * total * total
                then 'X'
            when quarters * squares
                <= (1 + cast($value_xyz_y * $value_xyz_y as double)) * total * total
                then 'Y'
            else 'Z'
        end as xyz
    from moments
)

select * from final
