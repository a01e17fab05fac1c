-- Clients as each source knows them, with the key that the source itself gives them.
-- grain: one row per source and client_id
with cleaned as (
    select
        source,
        client_id,
        name,
        normal_tax_id(tax_id) as tax_id,
        region,
        industry,
        sales_type,
        manager,
        phone,
        email,
        do_not_contact,
        case when closed_on <= $as_of then closed_on else null end as closed_on,
        one_off,
        important,
        potential,
        created_on,
        updated_on,
        brought_by,
        contact_person
    from clients
),

final as (
    select
        source,
        client_id,
        name,
        case
            when length(tax_id) < $tax_id_min_length then null
            when regexp_like(tax_id, $tax_id_ignore) then null
            else tax_id
        end as tax_id,
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
    from cleaned
)

select * from final
