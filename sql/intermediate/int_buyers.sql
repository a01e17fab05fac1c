-- Clients who have bought, with their last purchase and the cycle and threshold that hold since, and
-- the purchase before it.
-- grain: one row per client_key
with purchases as (
    select
        client_key,
        array_element(rhythm['cycles'], -1) as last,
        array_element(rhythm['cycles'], -2) as before_last
    from int_rhythms
),

final as (
    select
        client_key,
        last['first_date'] as first_purchase,
        last['date'] as last_purchase,
        last['number'] as purchases,
        last['cycle'] as cycle,
        last['cycle_basis'] as cycle_basis,
        last['threshold'] as threshold,
        before_last['date'] as purchase_before,
        before_last['cycle'] as cycle_before
    from purchases
)

select * from final
