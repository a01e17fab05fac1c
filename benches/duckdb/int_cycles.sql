-- Each purchase with the cycle and threshold that hold after it.
-- grain: one row per client_key and date
with history as (
    select client_key, date, next_date, first_date, number, own_cycle, ordered_on
    from int_purchase_history
),

clients as (
    select client_key, sales_type from int_clients
),

segment as (
    select quarter_start, sales_type, cycle from int_common_cycles where sales_type is not null
),

company as (
    select quarter_start, cycle from int_common_cycles where sales_type is null
),

rules as (
    select sales_type, cycles, days, lost_deal from set_sleep_rules
),

joined as (
    select
        history.client_key,
        history.date,
        history.next_date,
        history.first_date,
        history.number,
        history.ordered_on,
        case
            when $cycle_base = 'client' and $cycle_shrunk = 1
                then cast(
                    round(
                        cast(
                            days_between(history.first_date, history.date)
                            + 2 * coalesce(company.cycle, $cycle_default_days) as decimal(18, 4)
                        )
                        / (history.number + 1),
                        4
                    ) as decimal(18, 4)
                )
            when $cycle_base = 'client' then history.own_cycle
            else null
        end as client_cycle,
        case when $cycle_base in ('client', 'segment') then segment.cycle else null end
            as segment_cycle,
        company.cycle as company_cycle,
        rules.cycles,
        rules.days
    from history
    left join company on quarter_start(history.date) = company.quarter_start
    inner join clients on history.client_key = clients.client_key
    left join segment
        on quarter_start(history.date) = segment.quarter_start
        and clients.sales_type = segment.sales_type
    inner join rules on clients.sales_type = rules.sales_type
),

chosen as (
    select
        client_key,
        date,
        next_date,
        first_date,
        number,
        ordered_on,
        cast(
            coalesce(
                $cycle_fixed_days,
                client_cycle,
                segment_cycle,
                company_cycle,
                $cycle_default_days
            ) as decimal(18, 4)
        ) as cycle,
        case
            when $cycle_fixed_days is not null then 'fixed'
            when client_cycle is not null then 'client'
            when segment_cycle is not null then 'segment'
            when company_cycle is not null then 'company'
            else 'default'
        end as cycle_basis,
        cycles,
        days
    from joined
),

final as (
    select
        client_key,
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
