-- Who is in office on the day: of several rows of one person the newest that says something.
-- grain: one row per manager
select
    manager,
    first_value(role order by coalesce(from_date, date '0001-01-01') desc, source)
        filter (where role is not null) as role,
    first_value(superior order by coalesce(from_date, date '0001-01-01') desc, source)
        filter (where superior is not null) as superior,
    first_value(email order by coalesce(from_date, date '0001-01-01') desc, source)
        filter (where email is not null) as email
from stg_managers
group by manager
