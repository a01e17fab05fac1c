-- Each client on the last day of each closed quarter and on the day: value, tier, awake or not.
-- grain: one row per client_key and date
with spell_ends as (
    select
        client_key,
        fell_asleep_on,
        unnest(
            quarter_starts(add_days(fell_asleep_on, 1), coalesce(returned_on, add_days($as_of, 1)))
        ) as next_quarter
    from int_spells
),

asleep as (
    select client_key, add_days(next_quarter, -1) as date
    from spell_ends
    where next_quarter > fell_asleep_on
    union
    select client_key, $as_of as date
    from int_spells
    where returned_on is null
),

valued as (
    select client_key, date, last_purchase, annual_value
    from int_values
    where date = quarter_end(date) or date = $as_of
),

running as (
    select
        client_key,
        date,
        last_purchase,
        annual_value,
        coalesce(
            sum(annual_value) over (
                partition by date
                order by annual_value desc, client_key
                rows between unbounded preceding and 1 preceding
            ),
            0
        ) as before,
        sum(annual_value) over (partition by date) as total
    from valued
),

final as (
    select
        running.client_key,
        running.date,
        running.last_purchase,
        running.annual_value,
        case
            when running.annual_value = 0 then 'copper'
            when running.before < running.total * $value_tiers_gold then 'gold'
            when running.before < running.total * $value_tiers_silver then 'silver'
            else 'copper'
        end as tier,
        case
            when running.annual_value = 0 then 'C'
            when running.before < running.total * $value_abc_a then 'A'
            when running.before < running.total * $value_abc_b then 'B'
            else 'C'
        end as abc,
        asleep.client_key is null as awake,
        case
            when running.date = quarter_end(running.date)
                then lag(asleep.client_key is null, 1) over by_client
            else null
        end as awake_quarter_before,
        case
            when running.date = quarter_end(running.date)
                then lag(asleep.client_key is null, 4) over by_client
            else null
        end as awake_year_before
    from running
    left join asleep on running.client_key = asleep.client_key and running.date = asleep.date
    window by_client as (partition by running.client_key order by running.date)
)

select * from final
