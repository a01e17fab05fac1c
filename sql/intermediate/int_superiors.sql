-- Everybody who stands above a manager, the nearest first, and whether he is in office; a circle ends after
-- ten steps.
-- grain: one row per manager and superior
with recursive people as (
    select manager, role, superior, in_office from int_people
),

direct as (
    select manager, superior from people where superior is not null
),

chain as (
    select manager, superior, 1 as depth from direct
    union all
    select chain.manager, direct.superior, chain.depth + 1
    from chain
    inner join direct on chain.superior = direct.manager
    where chain.depth < 10
),

nearest as (
    select manager, superior, min(depth) as depth
    from chain
    where manager <> superior
    group by manager, superior
),

final as (
    select
        nearest.manager,
        nearest.superior,
        nearest.depth,
        people.role,
        coalesce(people.in_office, true) as in_office
    from nearest
    left join people on nearest.superior = people.manager
)

select * from final
