-- Everybody who sells or has sold: of several rows of one person those of his office first, then the newest
-- that says something.
-- grain: one row per manager
with known as (
    select
        manager,
        role,
        superior,
        email,
        in_office,
        row_number() over (
            partition by manager
            order by in_office desc, coalesce(from_date, date '0001-01-01') desc, source
        ) as place
    from stg_managers
)

select
    manager,
    first_value(role order by place) filter (where role is not null) as role,
    first_value(superior order by place) filter (where superior is not null) as superior,
    first_value(email order by place) filter (where email is not null) as email,
    bool_or(in_office) as in_office
from known
group by manager
