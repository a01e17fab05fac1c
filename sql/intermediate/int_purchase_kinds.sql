-- Which documents of each source are purchases, and from when to when.
-- grain: one row per source and from_date
with sources as (
    select
        source,
        bool_or(has_shipments) as has_shipments,
        bool_or(has_payments) as has_payments
    from int_activity
    group by source
),

given as (
    select
        source,
        kind,
        coalesce(from_date, date '0001-01-01') as from_date,
        coalesce(until_date, date '9999-12-31') as until_date
    from set_purchase_kinds
),

final as (
    select source, kind, from_date, until_date, true as given
    from given
    union all
    select
        sources.source,
        case
            when sources.has_shipments then 'shipment'
            when sources.has_payments then 'paid_invoice'
            else 'invoice'
        end as kind,
        date '0001-01-01' as from_date,
        date '9999-12-31' as until_date,
        false as given
    from sources
    left anti join given on sources.source = given.source
)

select * from final
