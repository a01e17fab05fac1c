-- Trade documents seen up to the day, in the base currency; those without a usable rate are left
-- out here and counted by the check documents_without_rate.
-- grain: one row per source, kind, document_id and year of date
with documents_seen as (
    select
        source,
        document_id,
        kind,
        date,
        client_id,
        amount,
        currency,
        related_document_id,
        direction,
        manager,
        region,
        paid_on,
        cancelled
    from documents
    where date <= $as_of
),

base as (
    select currency as base_currency
    from set_project
),

rates as (
    select
        currency as rate_currency,
        date as rate_from,
        rate,
        lead(date) over (partition by currency order by date) as next_rate_from
    from exchange_rates
    where date <= $as_of
),

final as (
    select
        documents_seen.source,
        documents_seen.document_id,
        documents_seen.kind,
        documents_seen.date,
        documents_seen.client_id,
        cast(
            case
                when documents_seen.currency = base.base_currency then documents_seen.amount
                else round(documents_seen.amount * rates.rate, 2)
            end as decimal(18, 2)
        ) as amount,
        documents_seen.related_document_id,
        documents_seen.direction,
        documents_seen.manager,
        documents_seen.region,
        case when documents_seen.paid_on <= $as_of then documents_seen.paid_on else null end
            as paid_on,
        documents_seen.cancelled
    from documents_seen
    cross join base
    left join rates
        on documents_seen.currency = rates.rate_currency
        and documents_seen.date >= rates.rate_from
        and documents_seen.date < coalesce(rates.next_rate_from, date '9999-12-31')
        and documents_seen.date <= add_days(rates.rate_from, $rates_max_age_days)
    where documents_seen.currency = base.base_currency or rates.rate is not null
)

select * from final
