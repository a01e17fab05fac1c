-- What there is of each input that a report may need, up to the day.
-- grain: one row per input
with lines as (
    select count(*) as rows, count(cost) as costs, max(date) as newest from stg_document_lines
),

attempts as (
    select count(*) as rows, count(cost) as costs, max(started_on) as newest
    from stg_reactivations
)

select
    'documents' || coalesce('.' || kind, '') as input,
    count(*) as rows,
    max(date) as newest
from stg_documents
group by grouping sets ((kind), ())
union all
select 'document_lines' as input, rows, newest from lines
union all
select 'document_lines.cost' as input, costs as rows, newest from lines
union all
select 'reactivations' as input, rows, newest from attempts
union all
select 'reactivations.cost' as input, costs as rows, newest from attempts
union all
select 'clients' as input, count(*) as rows, cast(null as date) as newest from stg_clients
union all
select 'client_aliases' as input, count(*) as rows, cast(null as date) as newest
from stg_client_aliases
union all
select 'contacts' as input, count(*) as rows, max(date) as newest from stg_contacts
union all
select 'refusals' as input, count(*) as rows, max(date) as newest from stg_refusals
union all
select 'scores' as input, count(*) as rows, max(date) as newest from stg_scores
union all
select 'survey_answers' as input, count(*) as rows, max(date) as newest from stg_survey_answers
union all
select 'managers' as input, count(*) as rows, cast(null as date) as newest from stg_managers
union all
select 'improvements' as input, count(*) as rows, max(date) as newest from stg_improvements
union all
select 'offers' as input, count(*) as rows, max(date) as newest from stg_offers
union all
select 'exchange_rates' as input, count(*) as rows, max(date) as newest from stg_exchange_rates
union all
select 'events' as input, count(*) as rows, max(date) as newest from stg_events
