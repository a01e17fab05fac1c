-- Rules that were broken in the last 92 days: by whom, when and of which client.
-- grain: one row per rule, client_key and date
with recursive attempts as (
    select * from int_attempts
),

spells as (
    select * from int_spell_facts where returned_on is null
),

clients as (
    select client_key, name, manager, do_not_contact from int_clients
),

superiors as (
    select manager, superior from stg_managers where superior is not null
),

chain as (
    select manager, superior, 1 as depth from superiors
    union all
    select chain.manager, superiors.superior, chain.depth + 1
    from chain
    inner join superiors on chain.superior = superiors.manager
    where chain.depth < 10
),

above as (
    select distinct manager, superior from chain
),

heads as (
    select distinct manager from stg_managers where role = 'head'
),

from_above as (
    select touches.client_key, max(touches.date) as last_from_above
    from int_touches as touches
    inner join clients on touches.client_key = clients.client_key
    left join heads on touches.manager = heads.manager
    left join above
        on clients.manager = above.manager and touches.manager = above.superior
    where
        touches.initiated_by = 'us'
        and (heads.manager is not null or above.superior is not null)
    group by touches.client_key
),

breaches as (
    select
        'called_by_loser' as rule,
        client_key,
        started_on as date,
        manager
    from attempts
    where manager = lost_by and $rules_called_by_loser
    union all
    select
        'unknown_reason_same_manager' as rule,
        spells.client_key,
        spells.fell_asleep_on as date,
        clients.manager
    from spells
    inner join clients on spells.client_key = clients.client_key
    where
        spells.reason = 'unknown'
        and spells.lost_by = clients.manager
        and $rules_unknown_reason_same_manager
    union all
    select
        'do_not_contact' as rule,
        touches.client_key,
        touches.date,
        touches.manager
    from int_touches as touches
    inner join clients on touches.client_key = clients.client_key
    where clients.do_not_contact and touches.initiated_by = 'us' and $rules_do_not_contact
    union all
    select
        'do_not_contact' as rule,
        attempts.client_key,
        attempts.started_on as date,
        attempts.manager
    from attempts
    inner join clients on attempts.client_key = clients.client_key
    where clients.do_not_contact and $rules_do_not_contact
    union all
    select
        'lost_twice_attempted' as rule,
        attempts.client_key,
        attempts.started_on as date,
        attempts.manager
    from attempts
    inner join int_lost_before as earlier
        on attempts.client_key = earlier.client_key and attempts.spell = earlier.spell
    where earlier.lost_before and $rules_lost_twice_attempted
    union all
    select
        'judged_early' as rule,
        client_key,
        closed_on as date,
        manager
    from attempts
    where
        closed_on < window_end
        and not (returned and returned_on <= closed_on)
        and $rules_judged_early
    union all
    select
        'letter_after_call' as rule,
        client_key,
        letter_on as date,
        manager
    from attempts
    where letter_on > woken_on and $rules_letter_after_call
    union all
    select
        'listed_not_called' as rule,
        client_key,
        add_days(greatest(fell_asleep_on, $list_since), 14) as date,
        manager
    from sleeping_clients
    inner join int_inputs as inputs on inputs.input = 'contacts' and inputs.rows > 0
    where
        listed
        and $list_since is not null
        and attempts = 0
        and coalesce(last_contact, date '0001-01-01') < fell_asleep_on
        and add_days(greatest(fell_asleep_on, $list_since), 14) <= $as_of
        and $rules_listed_not_called
    union all
    select
        'head_silent' as rule,
        spells.client_key,
        spells.fell_asleep_on as date,
        clients.manager
    from spells
    inner join clients on spells.client_key = clients.client_key
    inner join int_inputs as inputs on inputs.input = 'managers' and inputs.rows > 0
    left join from_above on spells.client_key = from_above.client_key
    where
        spells.tier = 'gold'
        and coalesce(from_above.last_from_above, date '0001-01-01') < spells.fell_asleep_on
        and $rules_head_silent
),

dated as (
    select rule, client_key, date, min(manager) as manager, count(*) as times
    from breaches
    where date > add_days($as_of, -92)
    group by rule, client_key, date
),

final as (
    select
        dated.rule,
        dated.client_key,
        dated.date,
        clients.name,
        coalesce(dated.manager, clients.manager) as manager,
        dated.times
    from dated
    inner join clients on dated.client_key = clients.client_key
)

select * from final
