-- Quarters in which the managers' books and the client base differ.
with books as (
    select
        quarter,
        sum(awake) as awake,
        sum(fell_asleep) as fell_asleep,
        sum(returned) as returned
    from manager_book
    group by quarter
)

select books.quarter, books.awake, books.fell_asleep, books.returned
from books
inner join client_base on books.quarter = client_base.quarter
where
    books.awake <> client_base.closing
    or books.fell_asleep <> client_base.fell_asleep + client_base.closed
    or books.returned <> client_base.returned
