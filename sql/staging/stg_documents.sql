-- Trade documents seen up to the day, in the base currency; those without a usable rate are left
-- out here and counted by the check documents_without_rate.
-- grain: one row per source, kind, document_id and year of date
with one_rate_a_day as (
    select
        currency,
        date,
        rate,
        row_number() over (partition by currency, date order by source) as place
    from exchange_rates
    where date <= $as_of
),

rates as (
    select
        currency as rate_currency,
        date as rate_from,
        rate,
        lead(date) over (partition by currency order by date) as next_rate_from
    from one_rate_a_day
    where place = 1
),

in_base_currency as (
    select
        documents.source,
        documents.document_id,
        documents.kind,
        documents.date,
        documents.client_id,
        case
            when documents.currency = $currency then documents.amount
            else cast(round(documents.amount * rates.rate, 2) as decimal(18, 2))
        end as amount,
        documents.related_document_id,
        documents.direction,
        documents.manager,
        documents.region,
        documents.due_date,
        documents.paid_on,
        case
            when documents.currency = $currency then documents.paid_amount
            else cast(round(documents.paid_amount * rates.rate, 2) as decimal(18, 2))
        end as paid_amount,
        documents.cancelled
    from documents
    left join rates
        on documents.currency = rates.rate_currency
        and documents.currency <> $currency
        and documents.date >= rates.rate_from
        and documents.date < coalesce(rates.next_rate_from, date '9999-12-31')
        and documents.date <= add_days(rates.rate_from, $rates_max_age_days)
    where
        documents.date <= $as_of
        and (documents.currency = $currency or rates.rate is not null)
),

final as (
    select
        source,
        document_id,
        kind,
        date,
        client_id,
        amount,
        related_document_id,
        direction,
        manager,
        region,
        due_date,
        case when paid_on <= $as_of then paid_on else null end as paid_on,
        case when paid_on <= $as_of then paid_amount else null end as paid_amount,
        cancelled
    from in_base_currency
)

select * from final
