-- Rows of contacts, refusals, attempts, scores and surveys whose client no document knows, and the clients
-- whose names come nearest.
-- grain: one row per source, table_name and client_id
with unknown as (
    select unknown.source, unknown.client_id, unknown.name
    from int_unknown_ids as unknown
    left anti join int_found_ids as found
        on unknown.source = found.source and unknown.client_id = found.client_id
),

named as (
    select 'contacts' as table_name, source, client_id, date from stg_contacts
    union all
    select 'refusals' as table_name, source, client_id, date from stg_refusals
    union all
    select 'reactivations' as table_name, source, client_id, started_on as date
    from stg_reactivations
    union all
    select 'scores' as table_name, source, client_id, date from stg_scores
    union all
    select 'survey_answers' as table_name, source, client_id, date from stg_survey_answers
),

counted as (
    select
        named.source,
        named.table_name,
        named.client_id,
        unknown.name,
        count(*) as rows,
        min(named.date) as first_on,
        max(named.date) as last_on
    from named
    inner join unknown on named.source = unknown.source and named.client_id = unknown.client_id
    group by named.source, named.table_name, named.client_id, unknown.name
),

final as (
    select
        source,
        table_name,
        client_id,
        name,
        rows,
        first_on,
        last_on,
        nearest_names(
            name,
            (
                select array_agg(named_struct('client_key', client_key, 'name', name) order by client_key)
                from dim_clients
            )
        ) as nearest
    from counted
)

select * from final
