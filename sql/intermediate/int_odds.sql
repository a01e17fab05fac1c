-- The parameters of the odds of silence: fixed and fitted ones, judged on the horizon before the
-- day, and which of them are in force.
-- grain: one row per odds_basis and cutoff
with company as (
    select quarter_start, cycle from int_common_cycles where sales_type is null
),

fits as (
    select * from int_odds_fits
),

fixed as (
    select
        'fixed' as odds_basis,
        fits.cutoff,
        fits.clients,
        fits.repeaters,
        cast($odds_fixed_r as double) as r,
        cast(coalesce(company.cycle, $cycle_default_days) as double) / 7 as alpha,
        cast($odds_fixed_a as double) as a,
        cast($odds_fixed_b as double) as b,
        cast(null as double) as log_likelihood
    from fits
    left join company on quarter_start(fits.cutoff) = company.quarter_start
),

parameters as (
    select * from fixed
    union all
    select 'fitted' as odds_basis, cutoff, clients, repeaters, r, alpha, a, b, log_likelihood
    from fits
),

judged as (
    select
        parameters.odds_basis,
        cast(
            avg(
                cast(
                    power(
                        p_silent(
                            parameters.r,
                            parameters.alpha,
                            parameters.a,
                            parameters.b,
                            states.repeats,
                            states.recency_days,
                            states.age_days,
                            $odds_horizon_days
                        )
                        - case when states.silent then 1 else 0 end,
                        2
                    ) as decimal(18, 9)
                )
            ) as decimal(9, 6)
        ) as brier
    from int_odds_states as states
    inner join parameters on states.cutoff = parameters.cutoff
    where states.silent is not null
    group by parameters.odds_basis
),

compared as (
    select
        min(brier) filter (where odds_basis = 'fixed') as fixed_brier,
        min(brier) filter (where odds_basis = 'fitted') as fitted_brier
    from judged
),

now as (
    select cutoff, repeaters, a / nullif(a + b, 0) as leaving from fits where cutoff = $as_of
),

verdict as (
    select
        case
            when coalesce(now.repeaters, 0) < $odds_min_clients
                then 'fewer than ' || cast($odds_min_clients as varchar)
                || ' clients have a repeat purchase'
            when coalesce(now.leaving, 0) < 0.001 then 'the fit says that nobody ever leaves'
            when compared.fitted_brier is null then 'there was no horizon to judge the fit by'
            when compared.fitted_brier >= compared.fixed_brier
                then 'the fit foretold the last horizon no better'
            else 'the fit foretold the last horizon better'
        end as because
    from compared
    left join now on true
),

final as (
    select
        parameters.odds_basis,
        parameters.cutoff,
        parameters.clients,
        parameters.repeaters,
        parameters.r,
        parameters.alpha,
        parameters.a,
        parameters.b,
        parameters.log_likelihood,
        case when parameters.cutoff = $as_of then null else judged.brier end as brier,
        parameters.cutoff = $as_of
        and (parameters.odds_basis = 'fitted')
            = (verdict.because = 'the fit foretold the last horizon better') as in_force,
        verdict.because
    from parameters
    left join judged on parameters.odds_basis = judged.odds_basis
    cross join verdict
)

select * from final
