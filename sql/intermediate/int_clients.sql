-- Clients, numbered in the order of their keys, all their ids merged: flags if any id says so, the rest
-- from the source with the newest document, empty fields filled from the others.
-- grain: one row per client_key
with keys as (
    select source, client_id, client_key, is_payer from int_client_keys
),

known as (
    select
        source,
        client_id,
        name,
        tax_id,
        region,
        industry,
        sales_type,
        manager,
        phone,
        email,
        do_not_contact,
        closed_on,
        one_off,
        important,
        potential,
        created_on,
        updated_on,
        brought_by,
        contact_person
    from stg_clients
),

activity as (
    select source, client_id, last_document_on from int_activity
),

ids_of_keys as (
    select client_key, count(*) as ids
    from keys
    where not is_payer
    group by client_key
),

of_keys as (
    select keys.client_key, ids_of_keys.ids, known.*
    from ids_of_keys
    inner join keys on ids_of_keys.client_key = keys.client_key and not keys.is_payer
    inner join known on keys.source = known.source and keys.client_id = known.client_id
),

ranked as (
    select
        of_keys.*,
        row_number() over (
            partition by of_keys.client_key
            order by
                coalesce(activity.last_document_on, date '0001-01-01') desc,
                of_keys.source,
                of_keys.client_id
        ) as place
    from of_keys
    left join activity
        on of_keys.source = activity.source and of_keys.client_id = activity.client_id
    where of_keys.ids > 1
),

merged as (
    select
        client_key,
        first_value(name order by place)
            filter (where name is not null) as name,
        first_value(tax_id order by place)
            filter (where tax_id is not null) as tax_id,
        first_value(region order by place)
            filter (where region is not null) as region,
        first_value(industry order by place)
            filter (where industry is not null) as industry,
        first_value(sales_type order by place)
            filter (where sales_type is not null) as sales_type,
        first_value(manager order by place)
            filter (where manager is not null) as manager,
        first_value(phone order by place)
            filter (where phone is not null) as phone,
        first_value(email order by place)
            filter (where email is not null) as email,
        bool_or(do_not_contact) as do_not_contact,
        case when count(closed_on) = count(*) then max(closed_on) else null end as closed_on,
        bool_or(one_off) as one_off,
        bool_or(important) as important,
        first_value(potential order by place)
            filter (where potential is not null) as potential,
        first_value(created_on order by place)
            filter (where created_on is not null) as created_on,
        max(updated_on) as updated_on,
        first_value(brought_by order by place)
            filter (where brought_by is not null) as brought_by,
        first_value(contact_person order by place)
            filter (where contact_person is not null) as contact_person
    from ranked
    group by client_key
    union all
    select
        client_key,
        name,
        tax_id,
        region,
        industry,
        sales_type,
        manager,
        phone,
        email,
        do_not_contact,
        closed_on,
        one_off,
        important,
        potential,
        created_on,
        updated_on,
        brought_by,
        contact_person
    from of_keys
    where ids = 1
),

every_key as (
    select distinct client_key from keys
),

final as (
    select
        every_key.client_key,
        cast(row_number() over (order by every_key.client_key) as int) as client,
        coalesce(merged.name, every_key.client_key) as name,
        merged.tax_id,
        merged.region,
        merged.industry,
        coalesce(merged.sales_type, $sales_type) as sales_type,
        merged.manager,
        merged.phone,
        merged.email,
        coalesce(merged.do_not_contact, false) as do_not_contact,
        merged.closed_on,
        coalesce(merged.one_off, false) as one_off,
        coalesce(merged.important, false) as important,
        merged.potential,
        merged.created_on,
        merged.updated_on,
        merged.brought_by,
        merged.contact_person
    from every_key
    left join merged on every_key.client_key = merged.client_key
)

select * from final
