-- Each manager's quarter: whose clients stayed, what they bought, why they left, whom he won back. A
-- client is whose name stands on the document of his last purchase.
-- grain: one row per quarter and manager
with closed_quarters as (
    select quarter, quarter_start, quarter_end from dim_quarters where closed
),

states as (
    select client_key, date, awake from int_tiers
),

owners as (
    select client_key, date, manager from int_owners
),

held as (
    select
        closed_quarters.quarter_start,
        owners.manager,
        count(*) as opening,
        count(*) filter (where closing.awake) as retained
    from closed_quarters
    inner join states as opening
        on add_days(closed_quarters.quarter_start, -1) = opening.date and opening.awake
    inner join owners
        on opening.client_key = owners.client_key and opening.date = owners.date
    inner join states as closing
        on opening.client_key = closing.client_key
        and closed_quarters.quarter_end = closing.date
    group by closed_quarters.quarter_start, owners.manager
),

closing as (
    select closed_quarters.quarter_start, owners.manager, count(*) as closing
    from closed_quarters
    inner join states on closed_quarters.quarter_end = states.date and states.awake
    inner join owners on states.client_key = owners.client_key and states.date = owners.date
    group by closed_quarters.quarter_start, owners.manager
),

company as (
    select quarter_start, sum(net) as net from int_manager_sales group by quarter_start
),

sold as (
    select sales.quarter_start, sales.manager, sales.net, company.net as net_of_all
    from int_manager_sales as sales
    inner join company on sales.quarter_start = company.quarter_start
),

refused as (
    select
        quarter_start(fell_asleep_on) as quarter_start,
        coalesce(lost_by, 'unknown') as manager,
        count(*) as refusals,
        count(*) filter (where reason_source = 'manager') as guessed
    from int_spell_facts
    group by quarter_start(fell_asleep_on), coalesce(lost_by, 'unknown')
),

scored as (
    select
        quarter_start(scores.date) as quarter_start,
        owners.manager,
        count(*) as scores,
        sum(scores.score) as total_score
    from int_scores as scores
    inner join owners
        on scores.client_key = owners.client_key and quarter_end(scores.date) = owners.date
    group by quarter_start(scores.date), owners.manager
),

claimed as (
    select
        quarter_start(claims.date) as quarter_start,
        owners.manager,
        count(*) as claims
    from int_claims as claims
    inner join owners
        on claims.client_key = owners.client_key and quarter_end(claims.date) = owners.date
    group by quarter_start(claims.date), owners.manager
),

tried as (
    select
        quarter_start(started_on) as quarter_start,
        coalesce(manager, 'unknown') as manager,
        count(*) as attempts
    from int_attempts
    where spell is not null
    group by quarter_start(started_on), coalesce(manager, 'unknown')
),

won as (
    select
        quarter_start(attempts.returned_on) as quarter_start,
        coalesce(attempts.manager, 'unknown') as manager,
        count(*) as returned,
        sum(sales.net_sales) as net_sales
    from int_attempts as attempts
    left join int_attempt_sales as sales
        on attempts.source = sales.source
        and attempts.reactivation_id = sales.reactivation_id
    where attempts.returned
    group by quarter_start(attempts.returned_on), coalesce(attempts.manager, 'unknown')
),

named as (
    select quarter_start, manager from held
    union
    select quarter_start, manager from closing
    union
    select quarter_start, manager from sold
    union
    select quarter_start, manager from refused
    union
    select quarter_start, manager from scored
    union
    select quarter_start, manager from claimed
    union
    select quarter_start, manager from tried
    union
    select quarter_start, manager from won
),

final as (
    select
        closed_quarters.quarter,
        named.manager,
        closed_quarters.quarter_start,
        closed_quarters.quarter_end,
        coalesce(held.opening, 0) as opening,
        coalesce(closing.closing, 0) as closing,
        coalesce(held.retained, 0) as retained,
        cast(held.retained as double) / nullif(held.opening, 0) as retention,
        coalesce(sold.net, cast(0 as decimal(18, 2))) as net_purchases,
        case
            when sold.net_of_all > 0
                then cast(sold.net as double) / cast(sold.net_of_all as double)
            else null
        end as share_of_net_purchases,
        coalesce(refused.refusals, 0) as refusals,
        coalesce(refused.guessed, 0) as guessed,
        cast(refused.guessed as double) / nullif(refused.refusals, 0) as guesses,
        coalesce(scored.scores, 0) as scores,
        cast(round(cast(scored.total_score as decimal(18, 4)) / scored.scores, 2) as decimal(18, 2))
            as mean_score,
        coalesce(claimed.claims, 0) as claims,
        coalesce(tried.attempts, 0) as attempts,
        coalesce(won.returned, 0) as returned,
        cast(coalesce(won.net_sales, 0) as decimal(18, 2)) as net_of_won_back
    from named
    inner join closed_quarters on named.quarter_start = closed_quarters.quarter_start
    left join held
        on named.quarter_start = held.quarter_start and named.manager = held.manager
    left join closing
        on named.quarter_start = closing.quarter_start and named.manager = closing.manager
    left join sold
        on named.quarter_start = sold.quarter_start and named.manager = sold.manager
    left join refused
        on named.quarter_start = refused.quarter_start and named.manager = refused.manager
    left join scored
        on named.quarter_start = scored.quarter_start and named.manager = scored.manager
    left join claimed
        on named.quarter_start = claimed.quarter_start and named.manager = claimed.manager
    left join tried
        on named.quarter_start = tried.quarter_start and named.manager = tried.manager
    left join won on named.quarter_start = won.quarter_start and named.manager = won.manager
)

select * from final
