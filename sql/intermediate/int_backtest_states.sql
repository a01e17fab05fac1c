-- What was known of each client on each day on which the rules are judged, and when he bought next.
-- grain: one row per client_key and cutoff
with cutoffs as (
    select distinct cutoff from int_backtest_cutoffs
),

states as (
    select
        cycles.client_key,
        cutoffs.cutoff,
        cycles.date as last_purchase,
        cycles.next_date,
        cycles.number as purchases,
        cycles.cycle,
        days_between(cycles.first_date, cycles.date) as recency_days,
        days_between(cycles.first_date, cutoffs.cutoff) as age_days,
        days_between(cycles.date, cutoffs.cutoff) as days_since
    from int_cycles as cycles
    inner join cutoffs
        on cycles.date <= cutoffs.cutoff
        and coalesce(cycles.next_date, date '9999-12-31') > cutoffs.cutoff
),

asleep as (
    select spells.client_key, cutoffs.cutoff
    from int_spells as spells
    inner join cutoffs
        on spells.fell_asleep_on <= cutoffs.cutoff
        and coalesce(spells.returned_on, date '9999-12-31') > cutoffs.cutoff
),

clients_states as (
    select client_key, unnest(rhythm['states']) as state from int_rhythms
),

valued as (
    select client_key, state['date'] as date, state['annual_value'] as annual_value
    from clients_states
),

final as (
    select
        states.client_key,
        states.cutoff,
        states.next_date,
        states.purchases,
        states.cycle,
        states.recency_days,
        states.age_days,
        states.days_since,
        states.days_since <= 365 as seen_within_a_year,
        asleep.client_key is not null as asleep,
        coalesce(valued.annual_value, cast(0 as decimal(18, 2))) as annual_value
    from states
    left join asleep on states.client_key = asleep.client_key and states.cutoff = asleep.cutoff
    left join valued on states.client_key = valued.client_key and states.cutoff = valued.date
)

select * from final
