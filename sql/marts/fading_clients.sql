-- Clients who still buy and show signs of leaving.
-- grain: one row per client_key
with awake as (
    select * from dim_clients where fell_asleep_on is null
),

signs as (
    select client_key, sign, since from client_signs where sign <> 'silence'
),

shown as (
    select
        signs.client_key,
        listed(signs.sign) as signs,
        count(*) filter (where signs.sign <> 'drifting') as number_of_signs,
        bool_or(signs.sign = 'drifting') as drifting,
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
