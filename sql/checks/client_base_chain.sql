-- Quarters that open with other clients than the one before closed with.
with chained as (
    select quarter, opening, lag(closing) over (order by quarter_start) as closing_before
    from client_base
)

select * from chained where opening <> coalesce(closing_before, 0)
