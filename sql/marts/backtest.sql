-- How well the rules would have told who stays silent, on days of the company's own past: for each
-- horizon and population each rule's verdicts, the rankings, and the calibration of the odds.
-- grain: one row per cutoff, horizon, population and rule
with combined as (
    select
        cutoff,
        horizon,
        silent,
        purchases >= 3 as three_purchases,
        seen_within_a_year,
        asleep,
        asleep_1,
        asleep_1_5,
        asleep_2,
        asleep_3,
        count(*) as clients,
        sum(annual_value) as annual_value
    from int_backtest_cases
    group by
        cutoff,
        horizon,
        silent,
        purchases >= 3,
        seen_within_a_year,
        asleep,
        asleep_1,
        asleep_1_5,
        asleep_2,
        asleep_3
),

cases as (
    select
        combined.*,
        unnest(
            [
                'all',
                case when three_purchases then 'three purchases' else null end,
                case when seen_within_a_year then 'seen within a year' else null end
            ]
        ) as population
    from combined
),

verdicts as (
    select
        cutoff,
        horizon,
        population,
        clients,
        annual_value,
        silent,
        unnest(
            [
                named_struct('rule', 'in force', 'flagged', asleep),
                named_struct('rule', 'k = 1', 'flagged', asleep_1),
                named_struct('rule', 'k = 1.5', 'flagged', asleep_1_5),
                named_struct('rule', 'k = 2', 'flagged', asleep_2),
                named_struct('rule', 'k = 3', 'flagged', asleep_3)
            ]
        ) as verdict
    from cases
    where population is not null
),

flagged as (
    select
        cutoff,
        horizon,
        population,
        verdict['rule'] as rule,
        coalesce(sum(clients) filter (where silent is not null), 0) as clients,
        coalesce(sum(clients) filter (where silent is null), 0) as left_out,
        coalesce(sum(clients) filter (where silent), 0) as silent,
        coalesce(sum(clients) filter (where silent is not null and verdict['flagged']), 0)
            as flagged,
        coalesce(sum(clients) filter (where silent and verdict['flagged']), 0) as hits,
        cast(
            coalesce(
                sum(annual_value) filter (where silent is not null and verdict['flagged']), 0
            ) as decimal(18, 2)
        ) as flagged_value
    from verdicts
    group by cutoff, horizon, population, verdict['rule']
),

shares as (
    select
        flagged.*,
        cast(silent as double) / nullif(clients, 0) as base_rate,
        cast(hits as double) / nullif(flagged, 0) as precision,
        cast(hits as double) / nullif(silent, 0) as recall,
        cast(2 * hits as double) / nullif(flagged + silent, 0) as f1,
        (
            cast(hits as double) / nullif(silent, 0)
            + cast((clients - silent) - (flagged - hits) as double) / nullif(clients - silent, 0)
        )
        / 2 as balanced_accuracy
    from flagged
),

left_out as (
    select cutoff, horizon, population, left_out
    from flagged
    where rule = 'in force'
),

scores as (
    select * from int_backtest_ranks
),

ranked as (
    select
        cutoff,
        horizon,
        population,
        ranking,
        sum(silent + active) as clients,
        sum(silent) as silent,
        sum(
            cast(silent as decimal(18, 0)) * (2 * cast(active_below as decimal(18, 0)) + active)
        ) as twice_pairs_right,
        sum(
            cast(
                silent * power(cast(score as double) / 10000 - 1, 2)
                + active * power(cast(score as double) / 10000, 2) as decimal(18, 9)
            )
        ) as squares
    from scores
    group by cutoff, horizon, population, ranking
),

deciles as (
    select
        cutoff,
        horizon,
        population,
        10 * clients_below / clients + 1 as decile,
        sum(silent + active) as clients,
        sum(silent) as silent,
        sum((silent + active) * score) as odds
    from scores
    where ranking = 'odds'
    group by cutoff, horizon, population, 10 * clients_below / clients + 1
),

united as (
    select
        cutoff,
        horizon,
        population,
        rule,
        clients,
        left_out,
        silent,
        base_rate,
        flagged,
        flagged_value,
        precision,
        recall,
        f1,
        balanced_accuracy
    from shares
    union all by name
    select
        ranked.cutoff,
        ranked.horizon,
        ranked.population,
        case ranked.ranking
            when 'odds' then 'p_silent'
            when 'days' then 'days since last purchase'
            else 'days since last purchase ÷ cycle'
        end as rule,
        ranked.clients,
        left_out.left_out,
        ranked.silent,
        cast(ranked.silent as double) / nullif(ranked.clients, 0) as base_rate,
        cast(ranked.twice_pairs_right as double)
        / nullif(2 * cast(ranked.silent as double) * (ranked.clients - ranked.silent), 0) as auc,
        case
            when ranked.ranking = 'odds'
                then cast(ranked.squares as double) / nullif(ranked.clients, 0)
            else null
        end as brier
    from ranked
    inner join left_out
        on ranked.cutoff = left_out.cutoff
        and ranked.horizon = left_out.horizon
        and ranked.population = left_out.population
    union all by name
    select
        deciles.cutoff,
        deciles.horizon,
        deciles.population,
        'p_silent, decile ' || lpad(cast(deciles.decile as varchar), 2, '0') as rule,
        deciles.clients,
        left_out.left_out,
        deciles.silent,
        cast(deciles.silent as double) / deciles.clients as base_rate,
        cast(deciles.odds as double) / 10000 / deciles.clients as foretold
    from deciles
    inner join left_out
        on deciles.cutoff = left_out.cutoff
        and deciles.horizon = left_out.horizon
        and deciles.population = left_out.population
),

final as (
    select
        quarter_name(cutoff) as quarter,
        quarter_start(cutoff) as quarter_start,
        quarter_end(cutoff) as quarter_end,
        cutoff,
        horizon,
        population,
        rule,
        clients,
        left_out,
        silent,
        base_rate,
        flagged,
        flagged_value,
        precision,
        recall,
        f1,
        balanced_accuracy,
        auc,
        brier,
        foretold
    from united
)

select * from final
