-- Cohorts of which fewer have returned a quarter later, or more than there are.
with ordered as (
    select
        quarter,
        dimension,
        value,
        quarters_since,
        spells,
        returned,
        lag(returned) over (
            partition by quarter, dimension, value
            order by quarters_since
        ) as returned_before
    from return_cohorts
)

select * from ordered where returned < returned_before or returned > spells
