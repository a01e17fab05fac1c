-- The last twelve months of each gold client.
-- grain: one row per client_key and month
with gold as (
    select client_key, name, manager from dim_clients where tier = 'gold'
),

span as (
    select cast(date_trunc('month', add_months($as_of, -11)) as date) as first_month
),

months as (
    select
        client_key,
        add_months(cast(date_trunc('month', $as_of) as date), -unnest(range(0, 12))) as month
    from gold
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

facts as (
    select client_key, month from months
    union all by name
    select
        client_key,
        month,
        net_purchases,
        days_with_sales
    from sales
    union all by name
    select
        client_key,
        month,
        gross,
        covered,
        amount,
        margin
    from costs
    union all by name
    select client_key, month, score from scores
    union all by name
    select client_key, month, claims from claims
    union all by name
    select client_key, month, last_visit from visits
),

summed as (
    select
        client_key,
        month,
        cast(coalesce(sum(net_purchases), 0) as decimal(18, 2)) as net_purchases,
        coalesce(sum(days_with_sales), 0) as days_with_sales,
        sum(gross) as gross,
        sum(covered) as covered,
        sum(amount) as amount,
        sum(margin) as margin,
        min(score) as score,
        coalesce(sum(claims), 0) as claims,
        max(last_visit) as last_visit
    from facts
    group by client_key, month
),

final as (
    select
        gold.client_key,
        summed.month,
        gold.name,
        gold.manager,
        summed.net_purchases,
        summed.days_with_sales,
        case
            when summed.amount > 0 and summed.covered >= 0.8 * summed.gross
                then cast(summed.margin as double) / cast(summed.amount as double)
            else null
        end as margin,
        summed.score,
        mean_scores.mean_score,
        summed.claims,
        summed.last_visit
    from gold
    inner join summed on gold.client_key = summed.client_key
    inner join span on summed.month >= span.first_month
    left join mean_scores on summed.month = mean_scores.month
)

select * from final
