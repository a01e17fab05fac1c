-- Attempts to win clients back: at which step each stands, until when, and what it brought.
-- grain: one row per source and reactivation_id
with attempts as (
    select * from int_attempts
),

-- What a source never writes down is no step of its attempts.
steps as (
    select
        source,
        count(survey_result) + count(surveyed_on) > 0 as surveys,
        count(letter_on) > 0 as sends_letters
    from attempts
    group by source
),

offers as (
    select source, offer_id, name from stg_offers
),

sales as (
    select source, reactivation_id, net_sales from int_attempt_sales
),

final as (
    select
        attempts.source,
        attempts.reactivation_id,
        attempts.client_key,
        clients.name,
        attempts.spell,
        attempts.number_in_spell as attempt,
        attempts.batch,
        attempts.manager,
        attempts.channel,
        coalesce(offers.name, attempts.offer) as offer,
        attempts.started_on,
        attempts.surveyed_on,
        attempts.survey_result,
        attempts.letter_on,
        attempts.woken_on,
        attempts.window_end as window_until,
        attempts.closed_on,
        case when attempts.returned then attempts.returned_on else null end as returned_on,
        sales.net_sales,
        attempts.cost,
        attempts.step,
        case
            when not attempts.is_running or off_limits.client_key is not null then 'none'
            when attempts.survey_result = 'hopeless' then 'none'
            when attempts.woken then 'wait'
            when
                steps.surveys
                and attempts.surveyed_on is null
                and attempts.survey_result is null
                then 'survey'
            when steps.sends_letters and attempts.letter_on is null then 'letter'
            else 'wake'
        end as next_step,
        case
            when attempts.is_running
                then days_between(
                    greatest(
                        attempts.started_on,
                        attempts.surveyed_on,
                        attempts.letter_on,
                        attempts.woken_on
                    ),
                    $as_of
                )
            else null
        end as idle_days
    from attempts
    inner join int_clients as clients on attempts.client_key = clients.client_key
    inner join steps on attempts.source = steps.source
    left join int_off_limits as off_limits on attempts.client_key = off_limits.client_key
    left join offers on attempts.source = offers.source and attempts.offer = offers.offer_id
    left join sales
        on attempts.source = sales.source and attempts.reactivation_id = sales.reactivation_id
)

select * from final
