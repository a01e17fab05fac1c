-- The code of each text that was given as a reason: the first pattern that matches.
-- grain: one row per reason
with given as (
    select reason from stg_refusals where reason is not null
    union
    select reason_client from stg_refusals where reason_client is not null
    union
    select reason_manager from stg_refusals where reason_manager is not null
    union
    select reason_verified from stg_refusals where reason_verified is not null
),

matched as (
    select given.reason, min(reasons.line_no) as line_no
    from given
    inner join reasons on regexp_like(replace(lower(given.reason), 'ё', 'е'), reasons.pattern)
    group by given.reason
),

final as (
    select
        matched.reason,
        reasons.code,
        reasons.reason_group,
        reasons.survey_group,
        coalesce(reasons.human_factor, 'false') = 'true' as human_factor,
        reasons.hint
    from matched
    inner join reasons on matched.line_no = reasons.line_no
)

select * from final
