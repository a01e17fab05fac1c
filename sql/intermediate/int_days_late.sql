-- How late a client pays: the median of the days from due to paid.
-- grain: one row per client_key
select
    client_key,
    cast(median(cast(days_between(due_date, paid_on) as decimal(18, 9))) as decimal(18, 1))
        as days_late
from int_papers
where due_date is not null and paid_on is not null
group by client_key
