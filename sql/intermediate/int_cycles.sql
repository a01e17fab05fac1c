-- Each purchase with the cycle and threshold that hold after it.
-- grain: one row per client_key and date
with purchases as (
    select client_key, unnest(rhythm['cycles']) as purchase from int_rhythms
),

final as (
    select
        client_key,
        purchase['date'] as date,
        purchase['next_date'] as next_date,
        purchase['first_date'] as first_date,
        purchase['number'] as number,
        purchase['ordered_on'] as ordered_on,
        purchase['cycle'] as cycle,
        purchase['cycle_basis'] as cycle_basis,
        purchase['threshold'] as threshold
    from purchases
)

select * from final
