"""The same job in DuckDB: exports in, the same tables out, on two threads.

Usage: duckdb_job.py PROJECT OUT

It reads the exports of a demo project (transcoded by iconv, since DuckDB reads UTF-8), writes its
own lake of Parquet, runs the project's own SQL models, and writes Parquet and both CSVs. Where the
models call a function of pobudka that goes through a client's history, it uses window functions and
joins instead (duckdb/*.sql and REPLACED), as one would in DuckDB. It does not check, hash or sync
anything.
"""

import glob
import os
import re
import subprocess
import sys
import tempfile

import duckdb

AS_OF = "2026-09-30"
PUBLISHED = [
    "dim_quarters", "dim_clients", "sleeping_clients", "client_base", "fct_spells",
    "fct_refusals", "refusal_dynamics", "return_cohorts", "return_conversion",
]
MACROS = """
create macro add_days(d, n) as cast(d + cast(n as integer) as date);
create macro days_between(a, b) as cast(b - a as integer);
create macro add_months(d, n) as cast(d + to_months(cast(n as integer)) as date);
create macro quarter_start(d) as cast(date_trunc('quarter', d) as date);
create macro quarter_end(d) as
    cast(date_trunc('quarter', d) + interval 3 month - interval 1 day as date);
create macro quarter_name(d) as year(d) || 'Q' || quarter(d);
create macro quarter_starts(a, b) as list_transform(
    generate_series(cast(date_trunc('quarter', a) as timestamp), cast(b as timestamp),
                    interval 3 month), lambda x: cast(x as date));
create macro silence_days(k, c) as
    cast(ceil(round(cast(k as decimal(9, 4)) * cast(c as decimal(9, 4)), 2)) as int);
create macro regexp_like(a, b) as regexp_matches(a, b);
create macro named_struct(a, b, c, d) as {'dimension': b, 'value': d};
create macro array_element(list, place) as list[place];
create macro listed(t) as string_agg(t, ', ' order by t);
create macro normal_tax_id(t) as upper(regexp_replace(t, '[^0-9A-Za-z]', '', 'g'));
create macro p_silent(r, alpha, a, b, x, tx, t, h) as
    1 - 1 / (1 + a / (b + x) * power((alpha * 7 + t) / (alpha * 7 + tx), r + x))
    * (1 - power((alpha * 7 + t) / (alpha * 7 + t + h), r + x));
"""
PARAMETERS = {
    "as_of": f"date '{AS_OF}'", "quarter_start": "date '2026-07-01'",
    "quarter_end": "date '2026-09-30'", "currency": "'RUB'", "cycle_base": "'client'",
    "cycle_shrunk": "0", "cycle_min_purchases": "3", "cycle_window": "12",
    "cycle_min_clients": "30", "cycle_default_days": "90", "cycle_fixed_days": "null::int",
    "sleep_min_days": "14", "sleep_max_days": "730", "lost_after_days": "365",
    "watch_purchases": "2", "overdue_grace_days": "5", "rates_max_age_days": "10",
    "conversion_min_days": "30", "conversion_cycles": "1.5", "tax_id_min_length": "8",
    "tax_id_ignore": "'^$'", "sales_type": "'transactional'", "client_key": "'tax_id'",
    "list_closed": "'exclude'", "list_lost_twice": "'exclude'", "value_tiers_gold": "0.75",
    "value_tiers_silver": "0.95", "value_small": "0", "value_small_potential": "0",
    "direction_min_purchases": "3", "norms_fine": "0.10", "norms_alarm": "0.20", "history_from": "null::date",
    "client_is": "'purchaser'", "amounts": "'with_tax'", "list_only": "true",
    "list_order": "'expected_gain'", "list_since": "null::date",
    "acquisition_cost": "null::decimal(18, 2)", "value_abc_a": "0.80", "value_abc_b": "0.95",
    "value_xyz_x": "0.50", "value_xyz_y": "1.00", "signs_no_request_months": "3",
    "signs_requests": "3", "signs_unanswered": "3", "signs_score_months": "12",
    "signs_neglect_days": "180", "signs_request_window_days": "30", "signs_volume_drop": "0.50",
    "signs_frequency_drop": "1.5", "conversion_calls_alone": "0.05", "conversion_average": "0.30",
    "conversion_best": "0.61", "odds_horizon_days": "90", "odds_min_clients": "100000",
    "odds_fixed_r": "1", "odds_fixed_a": "0.5", "odds_fixed_b": "2",
}
# The parameters are not fitted: the benchmark's project asks for more clients than there are, so
# that the fixed ones are in force.
REPLACED = {
    "int_odds_fits": """
        select cutoff, count(*) as clients, count(*) filter (where repeats > 0) as repeaters,
            null::double as r, null::double as alpha, null::double as a, null::double as b,
            null::double as log_likelihood
        from int_odds_states group by cutoff""",
    "int_purchase_history": """
        with numbered as (
            select client_key, date, ordered_on,
                lead(date) over w as next_date,
                min(date) over w as first_date,
                cast(row_number() over w as int) as number
            from int_purchase_days window w as (partition by client_key order by date)
        ),
        counted as (
            select *, count(*) over (partition by client_key order by date
                range between interval 12 month preceding and current row) as inside,
                min(date) over (partition by client_key order by date
                range between interval 12 month preceding and current row) as earliest
            from numbered
        ),
        windowed as (
            select *, inside - (earliest = add_months(date, -12))::int as used from counted
        )
        select l.client_key, l.date, l.next_date, l.first_date, l.number,
            case when l.number >= 3 then cast(round(
                (l.date - f.date)::double / (greatest(l.used, 3) - 1), 4) as decimal(18, 4)) end
                as own_cycle, l.ordered_on
        from windowed l left join numbered f
            on l.client_key = f.client_key and f.number = l.number - greatest(l.used, 3) + 1""",
    "int_spells": """
        with gaps as (
            select client_key, date, coalesce(next_date, date '9999-12-31') as next_date,
                date + threshold + 1 as silent_on
            from int_cycles
        ),
        events as (
            select client_key, date, begins from int_refusals where begins is not null
            union all
            select client_key, closed_on, 'closed' from int_clients where closed_on is not null
        ),
        spoken as (
            select gaps.client_key, gaps.date,
                min(events.date) as spoken_first,
                min(case events.begins when 'closed' then 0 when 'refusal' then 1 else 2 end
                    + 10 * (events.date - date '2000-01-01')) as first_event
            from gaps inner join events on gaps.client_key = events.client_key
                and events.date > gaps.date and events.date < gaps.next_date
            group by gaps.client_key, gaps.date
        ),
        begun as (
            select gaps.client_key, gaps.date as last_purchase, gaps.next_date,
                spoken.spoken_first,
                least(coalesce(spoken.spoken_first, date '9999-12-31'),
                      coalesce(gaps.silent_on, date '9999-12-31')) as fell_asleep_on,
                case when coalesce(spoken.spoken_first, date '9999-12-31')
                        <= coalesce(gaps.silent_on, date '9999-12-31')
                    then case spoken.first_event % 10 when 0 then 'closed' when 1 then 'refusal'
                        else 'lost_deal' end
                    else 'silence' end as trigger
            from gaps left join spoken
                on gaps.client_key = spoken.client_key and gaps.date = spoken.date
        )
        select client_key,
            cast(row_number() over (partition by client_key order by last_purchase) as int) as spell,
            last_purchase, fell_asleep_on, trigger, spoken_first as spoken_on,
            case when next_date = date '9999-12-31' then null else next_date end as returned_on
        from begun where fell_asleep_on < next_date and fell_asleep_on <= $as_of""",
    "int_values": """
        with buyers as (
            select client_key, min(date) as first_purchase from int_purchase_days group by 1
        ),
        quarter_ends as (
            select client_key, unnest(quarter_starts(
                add_months(first_purchase, 3), add_days($as_of, 1))) as next_quarter
            from buyers
        ),
        asked as (
            select client_key, add_days(next_quarter, -1) as date from quarter_ends
            union select client_key, fell_asleep_on from int_spells
            union select client_key, $as_of from buyers
        ),
        days as (
            select client_key, date, sum(net) as net from int_sales group by 1, 2
        ),
        running as (
            select client_key, date, sum(net) over (partition by client_key order by date) as total
            from days
        ),
        last_bought as (
            select asked.client_key, asked.date, bought.date as last_purchase
            from asked asof join int_purchase_days bought
                on asked.client_key = bought.client_key and asked.date >= bought.date
        ),
        until as (
            select l.*, r.total as until_total
            from last_bought l asof left join running r
                on l.client_key = r.client_key and l.date >= r.date
        )
        select u.client_key, u.date, u.last_purchase, cast(greatest(
            coalesce(u.until_total, 0) - coalesce(r.total, 0), 0) as decimal(18, 2)) as annual_value
        from (select *, last_purchase - 364 as before from until) u asof left join running r
            on u.client_key = r.client_key and u.before >= r.date""",
    "int_rhythms": """
        select buyers.client_key, {'spells': list({
            'spell': spells.spell, 'fell_asleep_on': spells.fell_asleep_on,
            'returned_on': spells.returned_on, 'returned_purchase': returned.number
        } order by spells.spell) filter (where spells.spell is not null)} as rhythm
        from int_buyers as buyers
        left join int_spells as spells on buyers.client_key = spells.client_key
        left join int_cycles as returned
            on spells.client_key = returned.client_key and spells.returned_on = returned.date
        group by buyers.client_key""",
}


PAIR = "client_key || chr(31) || direction"
UNPAIRED = "split_part(client_key, chr(31), 1) as client_key, split_part(client_key, chr(31), 2) as direction"


def of_pairs(name, tables):
    """A replaced model once more for pairs of client and direction, each as one key."""
    text = REPLACED[name]
    for table, other in tables.items():
        text = text.replace(table, other)
    return text


REPLACED["int_direction_history"] = f"""
    with days as (
        select {PAIR} as client_key, purchase_date as date,
            case when count(ordered_on) = count(*) filter (where is_purchase) then max(ordered_on)
                end as ordered_on
        from int_direction_sales group by 1, 2 having sum(net) > 0
    ),
    enough as (
        select * from days
        qualify count(*) over (partition by client_key) >= $direction_min_purchases
    ),
    found as ({of_pairs("int_purchase_history", {"int_purchase_days": "enough"})})
    select {UNPAIRED}, * exclude (client_key) from found"""
REPLACED["int_direction_spells"] = f"""
    with pair_cycles as (
        select {PAIR} as client_key, * exclude (client_key, direction) from int_direction_cycles
    ),
    pairs as (select distinct client_key, direction from int_direction_cycles),
    pair_refusals as (
        select pairs.client_key || chr(31) || pairs.direction as client_key, refusals.date,
            case when refusals.scope = 'direction' then 'refusal' else refusals.begins end as begins
        from pairs inner join int_refusals as refusals
            on pairs.client_key = refusals.client_key
            and (refusals.scope = 'client' or refusals.direction = pairs.direction)
    ),
    pair_clients as (
        select pairs.client_key || chr(31) || pairs.direction as client_key, clients.closed_on
        from pairs inner join int_clients as clients on pairs.client_key = clients.client_key
    ),
    found as ({of_pairs("int_spells", {
        "int_cycles": "pair_cycles", "int_refusals": "pair_refusals", "int_clients": "pair_clients",
    })}),
    split as (select {UNPAIRED}, * exclude (client_key, spell) from found),
    counted as (
        select * from split anti join int_spells as whole
            on split.client_key = whole.client_key
            and split.fell_asleep_on >= whole.fell_asleep_on
            and split.fell_asleep_on < coalesce(whole.returned_on, date '9999-12-31')
    )
    select *, cast(row_number() over (
        partition by client_key, direction order by fell_asleep_on) as int) as spell
    from counted"""
REPLACED["int_direction_values"] = """
    select spells.client_key, spells.direction, spells.fell_asleep_on as date,
        cast(greatest(coalesce(sum(sales.net), 0), 0) as decimal(18, 2)) as annual_value
    from int_direction_spells as spells left join int_direction_sales as sales
        on spells.client_key = sales.client_key and spells.direction = sales.direction
        and sales.date >= spells.last_purchase - 363 and sales.date <= spells.fell_asleep_on
    group by 1, 2, 3"""


def exports(db, project, out):
    """Loads the exports into a lake of Parquet and registers its tables."""
    utf8 = tempfile.mkdtemp(dir=out)
    for path in sorted(glob.glob(f"{project}/exports/1c/*.csv")):
        target = os.path.join(utf8, os.path.basename(path))
        with open(target, "wb") as file:
            subprocess.run(["iconv", "-f", "cp1251", "-t", "utf-8", path], stdout=file, check=True)
    columns = ", ".join(f"'c{n}': 'varchar'" for n in range(12))
    db.execute(f"""
        create temp table sales as
        select c0 as document_id,
            case when c2 like 'Реализация%' then 'shipment' when c2 like 'Возврат%' then 'return' end
                as kind,
            try_strptime(c1, '%d.%m.%Y')::date as date, c3 as client_id, c4 as name, c5 as tax_id,
            cast(replace(replace(c6, ' ', ''), ',', '.') as decimal(18, 2)) as amount,
            c7 as manager, c8 as region, c9 as direction,
            nullif(split_part(coalesce(c10, ''), ' от ', 1), '') as related_document_id,
            coalesce(c11, '') = 'да' as cancelled, filename
        from read_csv('{utf8}/*.csv', delim=';', header=false, columns={{{columns}}},
            null_padding=true, auto_detect=false, quote='"', filename=true)
        where c2 like 'Реализация%' or c2 like 'Возврат%'""")
    db.execute(f"""copy (
        select 'one_c' as source, document_id, kind, date, client_id, abs(amount)::decimal(18, 2)
            as amount, 'RUB' as currency, related_document_id, direction, manager, region,
            cast(null as date) as due_date, cast(null as date) as paid_on,
            cast(null as decimal(18, 2)) as paid_amount, cancelled,
            strftime(date, '%Y-%m') as period
        from sales where date is not null order by period, kind, document_id)
        to '{out}/lake' (format parquet, partition_by (period), compression snappy)""")
    db.execute(f"create view documents as select * from read_parquet('{out}/lake/*/*.parquet')")
    crm = f"{project}/exports/crm"
    read = lambda name: f"read_csv('{crm}/{name}.csv', all_varchar=true, header=true, nullstr='')"
    db.execute(f"""create table clients as
        select 'one_c' as source, client_id, last(name order by filename, document_id) as name,
            last(tax_id order by filename, document_id) as tax_id,
            last(region order by filename, document_id) as region,
            null::varchar as industry, null::varchar as sales_type,
            last(manager order by filename, document_id) as manager, null::varchar as phone,
            null::varchar as email, false as do_not_contact, null::date as closed_on,
            false as one_off, false as important, null::decimal(18, 2) as potential,
            null::date as created_on
        from sales where date is not null group by client_id
        union all
        select 'crm', client_id, name, tax_id, region, industry, sales_type, manager, phone, email,
            coalesce(do_not_contact, '') = 'true', closed_on::date, coalesce(one_off, '') = 'true',
            coalesce(important, '') = 'true', null, created_on::date from {read('clients')}""")
    db.execute(f"""create table client_aliases as
        select 'one_c' as source, client_id, client_key, role, note from {read('aliases')}""")
    db.execute(f"""create table contacts as select 'crm' as source, contact_id, client_id,
        date::date as date, kind, null::varchar as initiated_by, outcome, null::varchar as person, manager
        from {read('contacts')}""")
    db.execute(f"""create table refusals as select 'crm' as source, refusal_id, client_id,
        date::date as date, scope, null::varchar as reason_verified, reason_client,
        reason_manager, competitor, manager, null::varchar as stage,
        null::varchar as direction, null::decimal(18, 2) as amount from {read('refusals')}""")
    db.execute("""create table document_lines (source varchar, document_id varchar, kind varchar,
        date date, line_no int, direction varchar, amount decimal(18, 2), cost decimal(18, 2))""")
    db.execute(f"""create table reactivations as select 'crm' as source, reactivation_id, client_id,
        started_on::date as started_on, surveyed_on::date as surveyed_on, survey_result,
        null::date as letter_on, woken_on::date as woken_on, offer, channel, manager,
        cost::decimal(18, 2) as cost, null::date as closed_on from {read('reactivations')}""")
    db.execute(f"""create table scores as select 'crm' as source, client_id, date::date as date,
        person, score::int as score from {read('scores')}""")
    db.execute("""create table survey_answers (source varchar, answer_id varchar, client_id varchar,
        date date, claim varchar)""")
    db.execute("""create table managers (source varchar, manager varchar, role varchar,
        superior varchar, "from" date, "to" date)""")
    db.execute("create table events (source varchar, date date, event varchar, kind varchar)")
    db.execute("""create table set_list_roles as select * from (values
        ('transactional', 'developer'), ('transactional_consultative', 'developer'),
        ('consultative', 'account_manager'), ('strategic', 'account_manager')) as t(sales_type, role)""")
    db.execute("create table set_list_tiers as select unnest(['gold', 'silver', 'copper']) as tier")
    db.execute("create table set_list_also (sign varchar)")
    db.execute("create table set_equivalents (unit varchar, cost decimal(18, 2))")
    db.execute("create table set_reports (report varchar, input varchar)")
    db.execute("create table exchange_rates (source varchar, currency varchar, date date, rate decimal(18, 8))")
    db.execute("""create table set_sleep_rules as select * from (values
        ('transactional', 2.0000, null::int, false),
        ('transactional_consultative', 1.0000, null, false),
        ('consultative', null, 730, true), ('strategic', null, 730, true))
        as t(sales_type, cycles, days, lost_deal)""")
    db.execute("""create table set_purchase_kinds (source varchar, kind varchar, from_date date,
        until_date date)""")
    db.execute(f"""create table reasons as select *, row_number() over () as line_no
        from read_csv('{project}/sql/reference/reasons.csv', all_varchar=true, header=true)""")


def models(db, project):
    """Runs the project's models, each after those that it reads."""
    texts, layers = {}, {}
    for path in glob.glob(f"{project}/sql/*/*.sql"):
        layer = path.split("/")[-2]
        if layer != "checks":
            name = os.path.basename(path)[:-4]
            texts[name], layers[name] = open(path).read(), layer
    here = os.path.dirname(os.path.abspath(__file__))
    for path in glob.glob(f"{here}/duckdb/*.sql"):
        texts[os.path.basename(path)[:-4]] = open(path).read()
    texts.update(REPLACED)
    done = set()

    def run(name):
        if name in done or name not in texts:
            return
        done.add(name)
        sql = re.sub(r"--[^\n]*", "", texts[name])
        for other in sorted(texts):
            if other != name and re.search(rf"\b{other}\b", sql):
                run(other)
        sql = re.sub(r"\$(\w+)", lambda found: PARAMETERS[found.group(1)], sql)
        if name not in REPLACED:
            sql = sql.replace("first_value(", "first(").replace("left anti join", "anti join")
            sql = sql.replace("left semi join", "semi join")
            # Decimals are divided as doubles here: a half must not fall below itself.
            cycle = "greatest(spells.cycle, cast(0.0001 as decimal(18, 4)))"
            sql = sql.replace(f"/ {cycle}", f"/ {cycle} + 1e-9")
            # Between whole numbers, / is // here.
            sql = re.sub(r"/ (30|3)\b", r"// \1", sql)
        kind = "view" if layers.get(name) == "staging" else "temp table"
        db.execute(f"create {kind} {name} as {sql}")

    for name in PUBLISHED:
        run(name)


def publish(db, out):
    """Writes every published table thrice, sorted."""
    os.makedirs(f"{out}/published")
    for name in PUBLISHED:
        order = "order by all"
        db.execute(f"copy (select * from {name} {order}) to '{out}/published/{name}.parquet' "
                   "(format parquet, compression snappy)")
        for ending in ("csv", "excel.csv"):
            db.execute(f"copy (select * from {name} {order}) to '{out}/published/{name}.{ending}' "
                       "(format csv, header true)")


def main():
    project, out = sys.argv[1:3]
    os.makedirs(out)
    db = duckdb.connect(config={"threads": 2})
    for macro in MACROS.split(";"):
        if macro.strip():
            db.execute(macro)
    exports(db, project, out)
    models(db, project)
    publish(db, out)


if __name__ == "__main__":
    main()
