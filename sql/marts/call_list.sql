-- Who is to be contacted on the day: in which order, by whom, and what to know before calling.
-- grain: one row per client_key
with rows_to_call as (
    select * from int_call_rows
),

clients as (
    select * from dim_clients
),

sleepers as (
    select * from sleeping_clients
),

callers as (
    select client_key, caller, caller_no, caller_missing from int_callers
),

briefs as (
    select * from int_briefs
),

last_sales as (
    select client_key, date, net from int_purchase_days
),

offers as (
    select
        client_key,
        first_value(offer order by started_on desc, reactivation_id desc, source desc)
            filter (where offer is not null) as last_offer,
        max(started_on) filter (where offer is not null) as last_offer_on
    from attempts
    group by client_key
),

signs as (
    select
        client_key,
        listed(sign) as signs,
        listed(phrase('value', sign)) as signs_told
    from client_signs
    group by client_key
),

-- What he found wrong in this sleep or the year before it.
claims as (
    select
        rows_to_call.client_key,
        rows_to_call.fell_asleep_on,
        rows_to_call.reason,
        briefs.claim,
        briefs.claim_words
    from rows_to_call
    left join briefs
        on rows_to_call.client_key = briefs.client_key
        and add_days(coalesce(rows_to_call.fell_asleep_on, $as_of), -364) <= briefs.claimed_on
),

improved as (
    select claims.client_key, listed(improvements.what) as improved
    from claims
    inner join int_improvements as improvements
        on improvements.done_on >= claims.fell_asleep_on
        and (improvements.reason = claims.reason or improvements.claim = claims.claim)
    group by claims.client_key
),

-- Who has left is whom we spoke with before the reason was told, and who is there now came after.
left_persons as (
    select
        rows_to_call.client_key,
        first_value(
            touches.person
            order by
                coalesce(touches.outcome, '') = 'no_answer',
                touches.date desc,
                touches.contact_id desc,
                touches.source desc
        ) filter (where touches.date <= rows_to_call.reason_on) as gone,
        first_value(
            touches.person
            order by
                coalesce(touches.outcome, '') = 'no_answer',
                touches.date desc,
                touches.contact_id desc,
                touches.source desc
        ) filter (where touches.date > rows_to_call.reason_on) as there_now
    from rows_to_call
    inner join int_touches as touches on rows_to_call.client_key = touches.client_key
    where rows_to_call.hint = 'new_contact' and touches.person is not null
    group by rows_to_call.client_key
),

roles as (
    select sales_type, role from set_list_roles
),

known as (
    select
        rows_to_call.*,
        callers.caller,
        callers.caller_no,
        callers.caller_missing,
        clients.name,
        clients.phone,
        clients.email,
        clients.tier,
        clients.abc,
        clients.xyz,
        clients.region,
        clients.industry,
        clients.sales_type,
        case when rows_to_call.why = 'overdue' then clients.call_from else null end as call_from,
        case when rows_to_call.why = 'overdue' then clients.call_by else null end as call_by,
        clients.purchases,
        clients.manager,
        clients.important,
        clients.p_silent,
        coalesce(rows_to_call.direction, sleepers.direction) as main_direction,
        sleepers.spell,
        sleepers.trigger,
        sleepers.cycles_missed,
        sleepers.lost_value,
        sleepers.still_asks,
        roles.role as suggested_role,
        sleepers.survey_group,
        coalesce(sleepers.attempts, 0) as attempts,
        signs.signs,
        signs.signs_told,
        touches.last_contact,
        touches.last_request,
        case when rows_to_call.hint = 'new_contact' then left_persons.there_now else briefs.ask_for end
            as ask_for,
        left_persons.gone,
        briefs.last_said_on,
        briefs.last_said,
        claims.claim,
        claims.claim_words,
        improved.improved,
        offers.last_offer,
        offers.last_offer_on,
        briefs.unpaid_count,
        briefs.unpaid_amount,
        briefs.oldest_unpaid_on,
        briefs.unshipped_orders,
        items.last_items,
        last_sales.net as last_net
    from rows_to_call
    inner join clients on rows_to_call.client_key = clients.client_key
    inner join callers on rows_to_call.client_key = callers.client_key
    left join roles on clients.sales_type = roles.sales_type
    left join left_persons on rows_to_call.client_key = left_persons.client_key
    left join sleepers on rows_to_call.client_key = sleepers.client_key
    left join briefs on rows_to_call.client_key = briefs.client_key
    left join claims on rows_to_call.client_key = claims.client_key
    left join int_last_touches as touches on rows_to_call.client_key = touches.client_key
    left join offers on rows_to_call.client_key = offers.client_key
    left join signs on rows_to_call.client_key = signs.client_key
    left join improved on rows_to_call.client_key = improved.client_key
    left join int_last_items as items on rows_to_call.client_key = items.client_key
    left join last_sales
        on rows_to_call.client_key = last_sales.client_key
        and clients.last_purchase = last_sales.date
),

final as (
    select
        client_key,
        order_no,
        caller,
        caller_no,
        caller_missing,
        why,
        name,
        phone,
        email,
        ask_for,
        concat_ws(
            ' ',
            case
                when why = 'direction'
                    then phrase(
                        'buys_none',
                        direction,
                        days_between(last_purchase, $as_of)
                    )
                else phrase('silent', days_between(last_purchase, $as_of))
            end,
            phrase('rhythm', cast(round(cycle) as bigint)),
            case
                when why = 'direction' then phrase('bought_on', last_purchase)
                else
                    phrase(
                        'bought',
                        last_purchase,
                        cast(round(last_net) as decimal(18, 0)),
                        $currency
                    )
            end,
            case when why = 'sign' then phrase('shows', signs_told) else null end,
            case
                when reason = 'unknown' then null
                when reason_source = 'manager' then phrase('because_by_manager', reason)
                else phrase('because', reason)
            end,
            case
                when hint <> 'new_contact' then null
                when ask_for is not null and ask_for <> coalesce(gone, '') then null
                when hint is not null then coalesce(phrase('has_left', gone), phrase('new_contact'))
                else null
            end,
            case when action = 'successor_check' then phrase('successor') else null end
        ) as sentence,
        action,
        gain,
        gain_basis,
        return_odds,
        p_silent,
        annual_value,
        lost_value,
        important,
        tier,
        abc,
        xyz,
        main_direction as direction,
        last_items,
        purchases,
        last_purchase,
        cycle,
        cycle_basis,
        threshold,
        call_from,
        call_by,
        spell,
        fell_asleep_on,
        days_between(fell_asleep_on, $as_of) as days_asleep,
        cycles_missed,
        trigger,
        signs,
        reason,
        reason_group,
        reason_source,
        hint,
        survey_group,
        claim,
        claim_words,
        improved,
        last_contact,
        last_request,
        coalesce(still_asks, false) as still_asks,
        last_said_on,
        last_said,
        last_offer,
        last_offer_on,
        attempts,
        in_attempt,
        in_attempt_by,
        attempt_until,
        unpaid_count,
        unpaid_amount,
        oldest_unpaid_on,
        unshipped_orders,
        region,
        industry,
        sales_type,
        suggested_role,
        manager,
        lost_by
    from known
)

select * from final
