-- Clients who still buy and show signs of leaving.
-- grain: one row per client_key
with awake as (
    select dim_clients.*
    from dim_clients
    left anti join int_off_limits as off_limits
        on dim_clients.client_key = off_limits.client_key
    where dim_clients.fell_asleep_on is null
),

-- In the order of how much a sign tells.
strength as (
    select place, signs[place] as sign
    from (
        select
            unnest(range(1, 13)) as place,
            [
                'drifting',
                'falling_volume',
                'falling_frequency',
                'falling_invoices',
                'falling_paid_share',
                'requests_without_order',
                'detractor',
                'complaint',
                'late_delivery',
                'no_answer',
                'no_requests',
                'no_outreach'
            ] as signs
    ) as places
),

signs as (
    select client_signs.client_key, client_signs.sign, client_signs.since, strength.place
    from client_signs
    inner join set_list_fading as fading on client_signs.sign = fading.sign
    inner join strength on client_signs.sign = strength.sign
),

shown as (
    select
        signs.client_key,
        listed(signs.sign) as signs,
        count(*) filter (where signs.sign <> 'drifting') as number_of_signs,
        bool_or(signs.sign = 'drifting') as drifting,
        first_value(signs.sign order by signs.place) as strongest,
        bool_and(signs.sign = 'no_outreach') as only_no_outreach,
        min(signs.since) as since,
        bool_or(also.sign is not null) as listed
    from signs
    left join set_list_also as also on signs.sign = also.sign
    group by signs.client_key
),

final as (
    select
        awake.client_key,
        awake.name,
        awake.phone,
        awake.email,
        awake.manager,
        awake.region,
        awake.tier,
        awake.abc,
        shown.signs,
        shown.number_of_signs,
        shown.strongest,
        shown.only_no_outreach,
        shown.drifting,
        shown.since,
        shown.listed,
        awake.last_purchase,
        awake.call_from,
        awake.call_by,
        awake.annual_value,
        awake.p_silent,
        awake.expected_loss,
        row_number() over (
            order by awake.important desc, awake.expected_loss desc, awake.client_key
        ) as priority
    from awake
    inner join shown on awake.client_key = shown.client_key
)

select * from final
