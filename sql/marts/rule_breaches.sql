-- Rules that were broken in the last 92 days: by whom, when and of which client.
-- grain: one row per rule, client_key and date
with attempts as (
    select * from int_attempts
),

sleeps as (
    select client_key, spell, fell_asleep_on, returned_on, tier from int_spell_facts
),

spells as (
    select * from sleeps where returned_on is null
),

clients as (
    select client_key, name, manager, do_not_contact from int_clients
),

above as (
    select manager, superior from int_superiors
),

heads as (
    select manager from int_people where role = 'head'
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

-- The day from which the reason of a spell is known.
reasons_known as (
    select sleeps.client_key, sleeps.spell, min(refusals.date) as known_on
    from sleeps
    inner join int_refusals as refusals
        on sleeps.client_key = refusals.client_key
        and refusals.date >= sleeps.fell_asleep_on
        and refusals.date < coalesce(sleeps.returned_on, date '9999-12-31')
    where refusals.reason <> 'unknown'
    group by sleeps.client_key, sleeps.spell
),

surveyed_by as (
    select client_key, started_on as date, manager from attempts where spell is not null
    union
    select client_key, date, manager
    from int_touches
    where kind = 'survey'
),

surveying as (
    select source
    from attempts
    group by source
    having count(survey_result) + count(surveyed_on) > 0
),

claims_before as (
    select attempts.source, attempts.reactivation_id, claims.claim
    from attempts
    inner join int_claims as claims
        on attempts.client_key = claims.client_key
        and attempts.woken_on >= claims.date
),

mended as (
    select distinct claims_before.source, claims_before.reactivation_id
    from claims_before
    inner join attempts
        on claims_before.source = attempts.source
        and claims_before.reactivation_id = attempts.reactivation_id
    inner join int_improvements as improvements
        on claims_before.claim = improvements.claim
        and improvements.done_on <= attempts.woken_on
),

touched as (
    select
        attempts.source,
        attempts.reactivation_id,
        count(*) as touches,
        count(*) filter (
            where
            channels.channel is not null
            or touches.kind <> 'letter'
            and coalesce(lower(touches.channel), '')
                not in ('letter', 'mail', 'e-mail', 'email', 'письмо', 'почта')
        ) as allowed
    from attempts
    inner join int_touches as touches
        on attempts.client_key = touches.client_key
        and touches.initiated_by = 'us'
        and touches.date >= attempts.started_on
        and touches.date <= attempts.window_end
    left join set_channels as channels on touches.kind = channels.channel
    group by attempts.source, attempts.reactivation_id
),

complaints as (
    select source, contact_id, client_key, date, complaint_kind, manager
    from int_touches
    where kind = 'complaint' and complaint_kind is not null
),

-- Complaints after a return, of a kind that there was before it.
repeated as (
    select distinct
        complaints.source,
        complaints.contact_id,
        complaints.client_key,
        complaints.date,
        complaints.manager
    from complaints
    inner join complaints as before
        on complaints.client_key = before.client_key
        and complaints.complaint_kind = before.complaint_kind
    inner join int_spells as spells
        on complaints.client_key = spells.client_key
        and complaints.date >= spells.returned_on
        and before.date < spells.returned_on
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
        sleeps.client_key,
        surveyed_by.date,
        clients.manager
    from sleeps
    inner join clients on sleeps.client_key = clients.client_key
    inner join surveyed_by
        on sleeps.client_key = surveyed_by.client_key
        and sleeps.fell_asleep_on <= surveyed_by.date
        and coalesce(sleeps.returned_on, date '9999-12-31') > surveyed_by.date
        and clients.manager = surveyed_by.manager
    left join reasons_known
        on sleeps.client_key = reasons_known.client_key and sleeps.spell = reasons_known.spell
    where
        surveyed_by.date < coalesce(reasons_known.known_on, date '9999-12-31')
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
        and not coalesce(returned_on <= closed_on, false)
        and not coalesce(kept, false)
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
        'woken_before_survey' as rule,
        attempts.client_key,
        attempts.woken_on as date,
        attempts.manager
    from attempts
    inner join surveying on attempts.source = surveying.source
    where
        attempts.spell is not null
        and attempts.knows_waking
        and coalesce(
            attempts.surveyed_on,
            case when attempts.survey_result is null then date '9999-12-31' else attempts.started_on end
        ) > attempts.woken_on
        and $rules_woken_before_survey
    union all
    select
        'offended_without_improvement' as rule,
        attempts.client_key,
        attempts.woken_on as date,
        attempts.manager
    from attempts
    inner join int_inputs as inputs on inputs.input = 'improvements' and inputs.rows > 0
    left anti join mended
        on attempts.source = mended.source
        and attempts.reactivation_id = mended.reactivation_id
    where
        attempts.survey_result = 'offended'
        and attempts.woken
        and $rules_offended_without_improvement
    union all
    select
        'mail_only' as rule,
        attempts.client_key,
        attempts.woken_on as date,
        attempts.manager
    from attempts
    inner join touched
        on attempts.source = touched.source
        and attempts.reactivation_id = touched.reactivation_id
    left join set_channels as channels on attempts.channel = channels.channel
    where
        attempts.woken
        and touched.allowed = 0
        and channels.channel is null
        and $rules_mail_only
    union all
    select
        'same_problem_again' as rule,
        client_key,
        date,
        manager
    from repeated
    where $rules_same_problem_again
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
        add_days(spells.fell_asleep_on, $rules_head_silent_days) as date,
        clients.manager
    from spells
    inner join clients on spells.client_key = clients.client_key
    inner join int_inputs as inputs on inputs.input = 'managers' and inputs.rows > 0
    inner join int_inputs as written on written.input = 'contacts' and written.rows > 0
    left anti join int_off_limits as off_limits on spells.client_key = off_limits.client_key
    left join from_above on spells.client_key = from_above.client_key
    where
        spells.tier = 'gold'
        and add_days(spells.fell_asleep_on, $rules_head_silent_days) <= $as_of
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
        dated.manager,
        dated.times
    from dated
    inner join clients on dated.client_key = clients.client_key
)

select * from final
