-- Each report that management expects: there or not, and why not.
-- grain: one row per report
with needed as (
    select reports.report, reports.input, inputs.rows, inputs.newest
    from set_reports as reports
    left join int_inputs as inputs on reports.input = inputs.input
),

final as (
    select
        report,
        $as_of as date,
        count(*) filter (where coalesce(rows, 0) > 0) = count(*) as available,
        case
            when count(*) filter (where coalesce(rows, 0) > 0) = count(*) then null
            else
                'not available: '
                || string_agg('no ' || input, ', ' order by input)
                    filter (where coalesce(rows, 0) = 0)
        end as because,
        min(newest) as data_until
    from needed
    group by report
)

select * from final
