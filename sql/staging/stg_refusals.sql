-- Recorded refusals seen up to the day, each with the reason that counts and who gave it.
-- grain: one row per source and refusal_id
select
    source,
    refusal_id,
    client_id,
    date,
    coalesce(scope, 'deal') as scope,
    stage,
    direction,
    amount,
    coalesce(reason_verified, reason_client, reason_manager) as reason,
    case
        when reason_verified is not null then 'verified'
        when reason_client is not null then 'client'
        when reason_manager is not null then 'manager'
        else null
    end as reason_source,
    case
        when reason_verified is not null then 1
        when reason_client is not null then 2
        when reason_manager is not null then 3
        else 4
    end as reason_rank,
    reason_client,
    reason_manager,
    reason_verified,
    competitor,
    manager
from refusals
where date <= $as_of
