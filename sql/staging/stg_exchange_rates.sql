-- Rates to the base currency seen up to the day.
-- grain: one row per source, currency and date
select source, currency, date, rate
from exchange_rates
where date <= $as_of
