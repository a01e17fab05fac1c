-- What the newest survey of each spell came to, and the attempts that were made in it.
-- grain: one row per client_key and spell
select
    client_key,
    spell,
    count(*) as attempts,
    bool_or(returned) as won_back,
    count(*) filter (where step = 'failed') as failed,
    first_value(
        survey_result
        order by
            coalesce(surveyed_on, started_on) desc,
            started_on desc,
            reactivation_id desc,
            source desc
    ) filter (where survey_result is not null) as survey_result,
    first_value(reactivation_id order by started_on desc, reactivation_id desc, source desc)
        filter (where returned) as claimed_by,
    first_value(offer order by started_on desc, reactivation_id desc, source desc)
        filter (where returned) as claimed_offer,
    max(started_on) as last_attempt_on
from int_attempts
where spell is not null
group by client_key, spell
