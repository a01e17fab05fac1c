-- Annual value of each client on the last day of each closed quarter, on the first day of each
-- spell, and on the day.
-- grain: one row per client_key and date
with purchases as (
    select client_key, date from int_purchase_history
),

buyers as (
    select client_key, first_purchase from int_buyers
),

quarter_ends as (
    select
        client_key,
        unnest(quarter_starts(add_months(first_purchase, 3), add_days($as_of, 1))) as next_quarter
    from buyers
),

asked as (
    select client_key, add_days(next_quarter, -1) as date from quarter_ends
    union
    select client_key, fell_asleep_on as date from int_spells
    union
    select client_key, $as_of as date from buyers
    union
    select client_key, $backtest_at as date from buyers where $backtest_at is not null
),

rows as (
    select client_key, 'purchase' as kind, date, cast(null as decimal(18, 2)) as amount
    from purchases
    union all
    select sales.client_key, 'move' as kind, sales.date, sales.net as amount
    from int_sales as sales
    inner join buyers on sales.client_key = buyers.client_key
    union all
    select client_key, 'ask' as kind, date, cast(null as decimal(18, 2)) as amount
    from asked
),

valued as (
    select client_key, unnest(annual_values(kind, date, amount)) as valued
    from rows
    group by client_key
),

final as (
    select
        client_key,
        valued['date'] as date,
        valued['last_purchase'] as last_purchase,
        valued['annual_value'] as annual_value
    from valued
)

select * from final
