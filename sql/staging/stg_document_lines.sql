-- Lines of trade documents seen up to the day.
-- grain: one row per source, kind, document_id, year of date and line_no
select
    source,
    document_id,
    kind,
    date,
    line_no,
    item,
    direction,
    amount,
    cost
from document_lines
where date <= $as_of
