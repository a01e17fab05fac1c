-- Quarters whose steps do not lead from opening to closing, or whose opening is not the closing before.
with steps as (
    select
        dimension,
        value,
        quarter,
        opening,
        opening + new + returned - fell_asleep - closed + grown - shrunk as reached,
        closing,
        lag(closing) over (partition by dimension, value order by quarter_start) as closing_before
    from value_bridge
)

select *
from steps
where
    reached <> closing
    or dimension = 'total' and coalesce(closing_before, 0) <> opening
