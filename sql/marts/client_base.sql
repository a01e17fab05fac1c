-- How the base of awake clients moved in each closed quarter.
-- grain: one row per quarter
with quarters as (
    select
        quarter,
        quarter_start,
        quarter_end,
        warming_up,
        add_days(add_months(quarter_start, -9), -1) as year_before
    from dim_quarters
    where closed
),

buyers as (
    select client_key, first_purchase from int_buyers
),

known as (
    select client_key, created_on from int_clients
),

history as (
    select coalesce($history_from, min(first_document_on)) as history_from from int_activity
),

first_purchases as (
    select
        quarter_start(buyers.first_purchase) as quarter_start,
        count(*) as "new",
        count(*) filter (where known.created_on < history.history_from) as known_before
    from buyers
    inner join known on buyers.client_key = known.client_key
    cross join history
    group by quarter_start(buyers.first_purchase)
),

ended as (
    select quarter_start(returned_on) as quarter_start, count(*) as returned
    from int_spells
    where returned_on is not null
    group by quarter_start(returned_on)
),

begun as (
    select
        quarter_start(fell_asleep_on) as quarter_start,
        count(*) filter (where trigger = 'closed') as closed,
        count(*) filter (where trigger <> 'closed') as fell_asleep
    from int_spells
    group by quarter_start(fell_asleep_on)
),

moved as (
    select
        states.date as quarter_end,
        count(*) filter (where states.awake) as closing,
        count(*) filter (where states.awake_quarter_before) as opening,
        count(*) filter (where states.awake_quarter_before and not states.awake) as gone,
        count(*) filter (where states.awake_year_before) as opening_year,
        count(*) filter (where states.awake_year_before and not states.awake) as gone_year,
        count(*) filter (
            where states.awake_year_before and states.last_purchase <= quarters.year_before
        ) as lost_year
    from int_tiers as states
    inner join quarters on states.date = quarters.quarter_end
    group by states.date
),

counted as (
    select
        quarters.quarter,
        quarters.quarter_start,
        quarters.quarter_end,
        quarters.warming_up,
        coalesce(moved.opening, 0) as opening,
        coalesce(first_purchases."new", 0) as "new",
        coalesce(first_purchases.known_before, 0) as known_before,
        coalesce(ended.returned, 0) as returned,
        coalesce(begun.fell_asleep, 0) as fell_asleep,
        coalesce(begun.closed, 0) as closed,
        coalesce(moved.closing, 0) as closing,
        coalesce(moved.gone, 0) as gone,
        coalesce(moved.opening_year, 0) as opening_year,
        coalesce(moved.gone_year, 0) as gone_year,
        coalesce(moved.lost_year, 0) as gone_for_a_year
    from quarters
    left join moved on quarters.quarter_end = moved.quarter_end
    left join first_purchases on quarters.quarter_start = first_purchases.quarter_start
    left join ended on quarters.quarter_start = ended.quarter_start
    left join begun on quarters.quarter_start = begun.quarter_start
),

shares as (
    select
        counted.*,
        closing - opening as net_growth,
        "new" > 0 and closing - opening <= 0 as renewed_not_grown,
        cast(gone as double) / nullif(opening, 0) as churn,
        cast(gone_year as double) / nullif(opening_year, 0) as churn_year,
        cast(gone_for_a_year as double) / nullif(opening_year, 0) as lost_year
    from counted
),

final as (
    select
        quarter,
        quarter_start,
        quarter_end,
        warming_up,
        opening,
        "new",
        known_before,
        returned,
        fell_asleep,
        closed,
        closing,
        net_growth,
        renewed_not_grown,
        churn,
        churn_year,
        lost_year,
        case
            when warming_up or opening_year = 0 then null
            when gone_for_a_year <= opening_year * $norms_fine then 'fine'
            when gone_for_a_year >= opening_year * $norms_alarm then 'alarm'
            else 'watch'
        end as norm,
        'domain.norms: fine up to ' || cast($norms_fine as varchar) || ', alarm from '
        || cast($norms_alarm as varchar) as norm_source
    from shares
)

select * from final
