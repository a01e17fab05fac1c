-- Attempts to win clients back, seen up to the day; where a source has no woken_on, every attempt
-- of it counts as woken on the day it was started.
-- grain: one row per source and reactivation_id
with mapped as (
    select source, count(woken_on) as woken
    from reactivations
    group by source
),

final as (
    select
        reactivations.source,
        reactivations.reactivation_id,
        reactivations.client_id,
        reactivations.batch,
        reactivations.started_on,
        case when reactivations.surveyed_on <= $as_of then reactivations.surveyed_on else null end
            as surveyed_on,
        case
            when reactivations.surveyed_on > $as_of then null
            else reactivations.survey_result
        end as survey_result,
        case when reactivations.letter_on <= $as_of then reactivations.letter_on else null end
            as letter_on,
        case
            when mapped.woken = 0 then reactivations.started_on
            when reactivations.woken_on <= $as_of then reactivations.woken_on
            else null
        end as woken_on,
        mapped.woken > 0 as knows_waking,
        reactivations.offer,
        reactivations.channel,
        reactivations.manager,
        reactivations.cost,
        case when reactivations.closed_on <= $as_of then reactivations.closed_on else null end
            as closed_on
    from reactivations
    inner join mapped on reactivations.source = mapped.source
    where reactivations.started_on <= $as_of
)

select * from final
