-- What was decided against what clients say is wrong, each with the code of the reason that it meets.
-- grain: one row per source and improvement_id
select
    improvements.source,
    improvements.improvement_id,
    improvements.date,
    improvements.claim,
    coalesce(codes.code, improvements.reason) as reason,
    improvements.what,
    improvements.owner,
    improvements.done_on,
    improvements.told_on,
    improvements.cost
from stg_improvements as improvements
left join int_reasons as codes on improvements.reason = codes.reason
