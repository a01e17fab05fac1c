-- What surveys say is wrong, counted and weighed by annual value, and what was done about it by the end of
-- the quarter: the conversion of attempts on clients who named it, before and after.
-- grain: one row per quarter and claim
with closed_quarters as (
    select quarter, quarter_start, quarter_end from dim_quarters where closed
),

named as (
    select client_key, claim, date from int_claims
),

claimants as (
    select
        quarter_end(date) as quarter_end,
        client_key,
        claim,
        count(*) as answers
    from named
    group by quarter_end(date), client_key, claim
),

counted as (
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
),

firsts as (
    select claim, min(date) as named_on from named group by claim
),

-- What was done before anybody named the claim did nothing about it.
improvements as (
    select
        made.claim,
        made.date,
        case when made.done_on >= firsts.named_on then made.done_on else null end as done_on
    from int_improvements as made
    inner join firsts on made.claim = firsts.claim
),

mended as (
    select
        counted.quarter_end,
        counted.claim,
        count(*) as decided,
        count(improvements.done_on) filter (where improvements.done_on <= counted.quarter_end)
            as done,
        min(improvements.done_on) filter (where improvements.done_on <= counted.quarter_end)
            as done_on
    from counted
    inner join improvements
        on counted.claim = improvements.claim and counted.quarter_end >= improvements.date
    group by counted.quarter_end, counted.claim
),

-- Attempts on clients who had named the claim when they were begun.
tried as (
    select distinct
        attempts.source,
        attempts.reactivation_id,
        named.claim,
        attempts.window_start,
        attempts.window_end,
        attempts.returned
    from int_attempts as attempts
    inner join named
        on attempts.client_key = named.client_key and attempts.window_start >= named.date
    where attempts.woken and attempts.spell is not null
),

judged as (
    select
        counted.quarter_end,
        counted.claim,
        count(*) filter (
            where tried.window_start < coalesce(mended.done_on, date '9999-12-31')
        ) as attempts_before,
        count(*) filter (
            where tried.returned
            and tried.window_start < coalesce(mended.done_on, date '9999-12-31')
        ) as returned_before,
        count(*) filter (where tried.window_start >= mended.done_on) as attempts_after,
        count(*) filter (where tried.returned and tried.window_start >= mended.done_on)
            as returned_after
    from counted
    inner join tried
        on counted.claim = tried.claim and counted.quarter_end >= tried.window_end
    left join mended
        on counted.quarter_end = mended.quarter_end and counted.claim = mended.claim
    group by counted.quarter_end, counted.claim
),

final as (
    select
        counted.quarter,
        counted.quarter_start,
        counted.quarter_end,
        counted.claim,
        counted.answers,
        counted.clients,
        counted.annual_value,
        coalesce(mended.decided, 0) as decided,
        coalesce(mended.done, 0) as done,
        days_between(firsts.named_on, mended.done_on) as days_to_done,
        coalesce(judged.attempts_before, 0) as attempts_before,
        cast(judged.returned_before as double) / nullif(judged.attempts_before, 0)
            as conversion_before,
        coalesce(judged.attempts_after, 0) as attempts_after,
        cast(judged.returned_after as double) / nullif(judged.attempts_after, 0)
            as conversion_after
    from counted
    inner join firsts on counted.claim = firsts.claim
    left join mended
        on counted.quarter_end = mended.quarter_end and counted.claim = mended.claim
    left join judged
        on counted.quarter_end = judged.quarter_end and counted.claim = judged.claim
)

select * from final
