-- The last twelve months of each gold client.
-- grain: one row per client_key and month
with gold as (
    select client_key, name, manager from dim_clients where tier = 'gold'
),

months as (
    select
        cast(date_trunc('month', add_months($as_of, -back)) as date) as month
    from (select unnest(range(0, 12)) as back) as steps
),

span as (
    select min(month) as first_month from months
),

sales as (
    select
        sales.client_key,
        cast(date_trunc('month', sales.date) as date) as month,
        cast(sum(sales.net) as decimal(18, 2)) as net_purchases,
        count(distinct sales.date) filter (where sales.is_purchase) as days_with_sales
    from int_sales as sales
    inner join gold on sales.client_key = gold.client_key
    inner join span on sales.date >= span.first_month
    group by sales.client_key, cast(date_trunc('month', sales.date) as date)
),

costs as (
    select
        client_key,
        cast(date_trunc('month', date) as date) as month,
        sum(gross) as gross,
        sum(covered) as covered,
        sum(amount) as amount,
        sum(amount - cost) as margin
    from int_line_costs
    group by client_key, cast(date_trunc('month', date) as date)
),

scores as (
    select
        client_key,
        cast(date_trunc('month', date) as date) as month,
        min(score) as score
    from int_scores
    group by client_key, cast(date_trunc('month', date) as date)
),

mean_scores as (
    select
        cast(date_trunc('month', date) as date) as month,
        cast(avg(cast(score as decimal(18, 4))) as decimal(18, 2)) as mean_score
    from int_scores
    group by cast(date_trunc('month', date) as date)
),

claims as (
    select client_key, cast(date_trunc('month', date) as date) as month, count(*) as claims
    from int_claims
    group by client_key, cast(date_trunc('month', date) as date)
),

visits as (
    select
        client_key,
        cast(date_trunc('month', date) as date) as month,
        max(date) as last_visit
    from int_touches
    where kind = 'visit'
    group by client_key, cast(date_trunc('month', date) as date)
),

final as (
    select
        gold.client_key,
        months.month,
        gold.name,
        gold.manager,
        coalesce(sales.net_purchases, cast(0 as decimal(18, 2))) as net_purchases,
        coalesce(sales.days_with_sales, 0) as days_with_sales,
        case
            when costs.amount > 0 and costs.covered >= 0.8 * costs.gross
                then cast(costs.margin as double) / cast(costs.amount as double)
            else null
        end as margin,
        scores.score,
        mean_scores.mean_score,
        coalesce(claims.claims, 0) as claims,
        visits.last_visit
    from gold
    cross join months
    left join sales on gold.client_key = sales.client_key and months.month = sales.month
    left join costs on gold.client_key = costs.client_key and months.month = costs.month
    left join scores on gold.client_key = scores.client_key and months.month = scores.month
    left join mean_scores on months.month = mean_scores.month
    left join claims on gold.client_key = claims.client_key and months.month = claims.month
    left join visits on gold.client_key = visits.client_key and months.month = visits.month
)

select * from final
