-- Which documents of each source are purchases on which days: as given, and where nothing is given
-- by what the source knows.
-- grain: one row per source and from_date
with sources as (
    select
        source,
        case
            when bool_or(has_shipments) then 'shipment'
            when bool_or(has_payments) then 'paid_invoice'
            else 'invoice'
        end as default_kind
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

after_each as (
    select
        source,
        add_days(until_date, 1) as from_date,
        coalesce(
            add_days(lead(from_date) over (partition by source order by from_date), -1),
            date '9999-12-31'
        ) as until_date
    from given
),

before_first as (
    select
        sources.source,
        date '0001-01-01' as from_date,
        coalesce(add_days(min(given.from_date), -1), date '9999-12-31') as until_date
    from sources
    left join given on sources.source = given.source
    group by sources.source
),

gaps as (
    select source, from_date, until_date from after_each
    union all
    select source, from_date, until_date from before_first
),

final as (
    select source, kind, from_date, until_date, true as given
    from given
    union all
    select
        gaps.source,
        sources.default_kind as kind,
        gaps.from_date,
        gaps.until_date,
        false as given
    from gaps
    inner join sources on gaps.source = sources.source
    where gaps.from_date <= gaps.until_date
)

select * from final
