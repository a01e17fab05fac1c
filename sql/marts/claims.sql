-- What surveys say is wrong, counted and weighed by annual value.
-- grain: one row per quarter and claim
with closed_quarters as (
    select quarter, quarter_start, quarter_end from dim_quarters where closed
),

claimants as (
    select
        quarter_end(date) as quarter_end,
        client_key,
        claim,
        count(*) as answers
    from int_claims
    group by quarter_end(date), client_key, claim
),

final as (
    select
        closed_quarters.quarter,
        closed_quarters.quarter_start,
        closed_quarters.quarter_end,
        claimants.claim,
        sum(claimants.answers) as answers,
        count(*) as clients,
        cast(coalesce(sum(states.annual_value), 0) as decimal(18, 2)) as annual_value
    from claimants
    inner join closed_quarters on claimants.quarter_end = closed_quarters.quarter_end
    left join int_tiers as states
        on claimants.client_key = states.client_key and claimants.quarter_end = states.date
    group by
        closed_quarters.quarter,
        closed_quarters.quarter_start,
        closed_quarters.quarter_end,
        claimants.claim
)

select * from final
