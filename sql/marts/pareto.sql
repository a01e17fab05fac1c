-- How much of the value lies with how many clients at the end of each quarter, beside what the
-- books say of it.
-- grain: one row per quarter and part
with closed_quarters as (
    select quarter, quarter_start, quarter_end from dim_quarters where closed
),

ranked as (
    select
        date,
        tier,
        annual_value,
        row_number() over (partition by date order by annual_value desc, client_key) as place,
        count(*) over (partition by date) as clients
    from int_tiers
    where date = quarter_end(date)
),

parts as (
    select
        date,
        annual_value,
        unnest([tier, case when place * 5 <= clients + 4 then 'top 20 %' else null end]) as part
    from ranked
),

summed as (
    select
        date,
        part,
        count(*) as clients,
        cast(sum(annual_value) as decimal(18, 2)) as annual_value
    from parts
    where part is not null
    group by date, part
),

totals as (
    select
        date,
        sum(clients) as clients,
        sum(annual_value) as annual_value
    from summed
    where part <> 'top 20 %'
    group by date
),

final as (
    select
        closed_quarters.quarter,
        closed_quarters.quarter_start,
        closed_quarters.quarter_end,
        summed.part,
        summed.clients,
        cast(summed.clients as double) / totals.clients as share_of_clients,
        case summed.part
            when 'gold' then 0.25
            when 'silver' then 0.40
            when 'copper' then 0.35
            else 0.20
        end as books_share_of_clients,
        summed.annual_value,
        cast(summed.annual_value as double) / nullif(cast(totals.annual_value as double), 0)
            as share_of_value,
        case summed.part
            when 'gold' then 0.75
            when 'silver' then 0.20
            when 'copper' then 0.05
            else 0.80
        end as books_share_of_value
    from summed
    inner join totals on summed.date = totals.date
    inner join closed_quarters on summed.date = closed_quarters.quarter_end
)

select * from final
