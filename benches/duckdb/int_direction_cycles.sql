-- Each purchase of a client in a direction with the cycle and threshold that hold after it: the
-- pair's own cycle, else the median of the pairs of that direction, else the client's.
-- grain: one row per client_key, direction and date
with history as (
    select client_key, direction, date, next_date, first_date, number, own_cycle, ordered_on
    from int_direction_history
),

clients as (
    select client_key, sales_type from int_clients
),

rules as (
    select sales_type, cycles, days from set_sleep_rules
),

whole as (
    select client_key, direction, date, cycle from int_direction_fallbacks
),

common as (
    select quarter_start, direction, cycle from int_direction_common_cycles
),

joined as (
    select
        history.*,
        coalesce(common.cycle, whole.cycle) as common_cycle,
        case when common.cycle is null then 'client' else 'segment' end as common_basis,
        rules.cycles,
        rules.days
    from history
    inner join clients on history.client_key = clients.client_key
    inner join rules on clients.sales_type = rules.sales_type
    left join whole
        on history.client_key = whole.client_key
        and history.direction = whole.direction
        and history.date = whole.date
    left join common
        on quarter_start(history.date) = common.quarter_start
        and history.direction = common.direction
),

chosen as (
    select
        client_key,
        direction,
        date,
        next_date,
        first_date,
        number,
        ordered_on,
        cast(
            coalesce(
                $cycle_fixed_days,
                case
                    when $cycle_base <> 'client' then null
                    when $cycle_shrunk = 1
                        then cast(
                            round(
                                cast(
                                    days_between(first_date, date)
                                    + 2 * common_cycle as decimal(18, 4)
                                )
                                / (number + 1),
                                4
                            ) as decimal(18, 4)
                        )
                    else own_cycle
                end,
                common_cycle
            ) as decimal(18, 4)
        ) as cycle,
        case
            when $cycle_fixed_days is not null then 'fixed'
            when $cycle_base = 'client' and ($cycle_shrunk = 1 or own_cycle is not null)
                then 'pair'
            else common_basis
        end as cycle_basis,
        cycles,
        days
    from joined
),

final as (
    select
        client_key,
        direction,
        date,
        next_date,
        first_date,
        number,
        ordered_on,
        cycle,
        cycle_basis,
        case
            when cycles is null then days
            when cycle_basis = 'fixed' then silence_days(cycles, cycle)
            else cast(
                least(
                    greatest(silence_days(cycles, cycle), $sleep_min_days),
                    $sleep_max_days
                ) as int
            )
        end as threshold
    from chosen
)

select * from final
