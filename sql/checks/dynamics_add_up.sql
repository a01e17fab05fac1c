-- Quarters in which the values of a dimension of clients do not add up to the total.
with by_dimension as (
    select
        quarter,
        dimension,
        sum(refusals) as refusals,
        sum(lost_annual_value) as lost_annual_value
    from refusal_dynamics
    where scope = 'client'
    group by quarter, dimension
),

total as (
    select quarter, refusals, lost_annual_value
    from by_dimension
    where dimension = 'total'
)

select by_dimension.quarter, by_dimension.dimension, by_dimension.refusals, total.refusals as expected
from by_dimension
inner join total on by_dimension.quarter = total.quarter
where
    by_dimension.refusals <> total.refusals
    or by_dimension.lost_annual_value <> total.lost_annual_value
