//! Random worlds: everything published against the naive twin, client by client.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::NaiveDate;

use crate::naive::{
    Books, Client, Day, Document, World, awake, later_quarter, quarter_end, quarter_name,
    quarter_start,
};
use crate::project::Project;

/// Clients of one world; times its 13 quarters and the worlds, over 100 000 client-quarters.
const CLIENTS: usize = 2_600;
const SEEDS: [u64; 3] = [1, 2, 3];

const DIRECTIONS: [&str; 3] = ["bolts", "pipes", "wires"];

struct Chance(u64);

impl Chance {
    fn below(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }
}

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// Histories with purchases on and around the threshold, on leap days, several on one day, full and
/// partial returns, refusals and closings.
fn world(seed: u64, as_of: Day) -> World {
    let mut chance = Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut world = World::default();
    let first_day = day("2023-07-01");
    let mut number = 0;
    for client in 0..CLIENTS {
        let kind = match chance.below(10) {
            0 => "strategic",
            1..=3 => "transactional_consultative",
            _ => "transactional",
        };
        world.sales_types.push(kind);
        let gap = [3, 10, 30, 45, 91, 182][chance.below(6) as usize];
        let favourite = chance.below(3) as usize;
        let mut at = first_day + chrono::TimeDelta::days(chance.below(700) as i64);
        let mut gaps: Vec<i64> = Vec::new();
        let mut count = 1 + chance.below(24);
        while at <= as_of && count > 0 {
            count -= 1;
            for _ in 0..=chance.below(8) / 7 {
                number += 1;
                let amount = 1 + chance.below(100_000) as i64;
                let direction = match chance.below(5) {
                    0 => None,
                    1 => Some(DIRECTIONS[chance.below(3) as usize]),
                    _ => Some(DIRECTIONS[favourite]),
                };
                let document = Document {
                    id: format!("{number}"),
                    client,
                    day: at,
                    is_return: false,
                    amount,
                    related: None,
                    direction,
                    cancelled: chance.below(40) == 0,
                };
                if chance.below(6) == 0 {
                    number += 1;
                    let back = at + chrono::TimeDelta::days(chance.below(60) as i64);
                    let whole = chance.below(2) == 0;
                    let part = 1 + chance.below(amount as u64) as i64;
                    world.documents.push(Document {
                        id: format!("{number}"),
                        client,
                        day: back.min(as_of),
                        is_return: true,
                        amount: if whole { amount } else { part },
                        related: (chance.below(4) > 0).then(|| document.id.clone()),
                        direction,
                        cancelled: false,
                    });
                }
                world.documents.push(document);
            }
            let mean =
                if gaps.is_empty() { gap } else { gaps.iter().sum::<i64>() / gaps.len() as i64 };
            let step = match chance.below(8) {
                0 => 2 * mean,
                1 => 2 * mean + 1,
                2 => 2 * mean + 2,
                3 => 2 * mean + 90,
                4 => 1 + chance.below(5 * gap as u64) as i64,
                _ => gap,
            };
            gaps.push(step.max(1));
            at += chrono::TimeDelta::days(step.max(1));
            if chance.below(30) == 0 && at < day("2024-02-29") {
                at = day("2024-02-29");
            }
        }
        if chance.below(4) == 0 {
            let on = first_day + chrono::TimeDelta::days(chance.below(1_180) as i64);
            world.refusals.push((client, on));
        }
        if chance.below(3) == 0 {
            let on = first_day + chrono::TimeDelta::days(chance.below(1_180) as i64);
            let direction = DIRECTIONS[favourite];
            world.direction_refusals.push((client, direction, on));
        }
        if chance.below(12) == 0 {
            let on = first_day + chrono::TimeDelta::days(300 + chance.below(880) as i64);
            world.closings.insert(client, on);
        }
    }
    world
}

fn money(hundredths: i64) -> String {
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

fn key(client: usize) -> String {
    format!("books:c{client:05}")
}

fn project(world: &World) -> Project {
    let mut documents =
        String::from("number,kind,date,client,amount,related,direction,cancelled\n");
    for document in &world.documents {
        let kind = if document.is_return { "return" } else { "shipment" };
        let cancelled = if document.cancelled { "yes" } else { "" };
        let related = document.related.as_deref().unwrap_or("");
        let amount = money(document.amount);
        let direction = document.direction.unwrap_or_default();
        let Document { id, client, day, .. } = document;
        let _ = writeln!(
            documents,
            "{id},{kind},{day},c{client:05},{amount},{related},{direction},{cancelled}"
        );
    }
    let mut clients = String::from("client,sales_type,closed_on\n");
    for (client, kind) in world.sales_types.iter().enumerate() {
        let closed = world.closings.get(&client).map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(clients, "c{client:05},{kind},{closed}");
    }
    let mut refusals = String::from("id,client,date,scope,direction\n");
    for (id, (client, day)) in world.refusals.iter().enumerate() {
        let _ = writeln!(refusals, "{id},c{client:05},{day},client,");
    }
    for (id, (client, direction, day)) in world.direction_refusals.iter().enumerate() {
        let _ = writeln!(refusals, "d{id},c{client:05},{day},direction,{direction}");
    }
    let source = |name: &str, file: &str, into: &str, load: &str| {
        format!(
            "  - name: {name}\n    system: books\n    fetch: {{ files: {{ url: exports, pattern: {file} }} }}\n    \
             read: {{ csv: {{ encoding: utf-8, delimiter: \",\", decimal: \".\", date: \"%Y-%m-%d\" }} }}\n    \
             into: {{ {into} }}\n    load: {load}\n"
        )
    };
    let pipeline = format!(
        "version: 1\nname: all\nsources:\n{}{}{}publish:\n{}",
        source(
            "documents",
            "documents.csv",
            "documents: { columns: { document_id: number, kind: kind, date: date, client_id: client, \
             amount: amount, currency: { value: RUB }, related_document_id: related, \
             direction: direction, cancelled: cancelled } }",
            "{ replace_period: { column: date, period: month } }"
        ),
        source(
            "clients",
            "clients.csv",
            "clients: { columns: { client_id: client, name: client, sales_type: sales_type, \
             closed_on: closed_on } }",
            "upsert"
        ),
        source(
            "refusals",
            "refusals.csv",
            "refusals: { columns: { refusal_id: id, client_id: client, date: date, \
             scope: scope, direction: direction } }",
            "upsert"
        ),
        ["dim_clients", "fct_spells", "fct_direction_spells", "client_base", "return_cohorts"]
            .map(|table| format!("  - {{ table: {table}, to: bi, as: [parquet, csv] }}\n"))
            .concat()
    );
    Project::new()
        .file("pipelines/all.yaml", pipeline)
        .file("exports/documents.csv", documents)
        .file("exports/clients.csv", clients)
        .file("exports/refusals.csv", refusals)
}

/// The rows of a published CSV as maps.
fn rows(project: &Project, table: &str) -> Vec<BTreeMap<String, String>> {
    let text = project.read(&format!("published/latest/{table}.csv"));
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    lines
        .map(|line| {
            let cells = line.split(',').map(str::to_owned);
            header.iter().map(|name| (*name).to_owned()).zip(cells).collect()
        })
        .collect()
}

#[test]
fn random_histories_give_what_plain_loops_give() {
    let as_of = day("2026-09-30");
    let (mut client_quarters, mut direction_spells) = (0, 0);
    for seed in SEEDS {
        println!("seed {seed}");
        let world = world(seed, as_of);
        let project = project(&world);
        project.run(&["run"]).ends_with(0);
        let books = Books::new(&world, as_of);
        clients(&project, &world, &books);
        spells(&project, &books);
        direction_spells += in_directions(&project, &world, &books);
        client_quarters += base(&project, &books);
        cohorts(&project, &books);
    }
    assert!(direction_spells >= 1_000, "only {direction_spells} spells in directions");
    assert!(client_quarters >= 100_000, "only {client_quarters} client-quarters were compared");
}

fn clients(project: &Project, world: &World, books: &Books) {
    let found = rows(project, "dim_clients");
    assert_eq!(found.len(), books.clients.len());
    let tiers = books.tiers(books.as_of, key);
    for (row, (client, about)) in found.iter().zip(&books.clients) {
        let last = about.purchases.len() - 1;
        let (cycle, basis, threshold) = about.cycles[last];
        let expected = [
            ("client_key", key(*client)),
            ("purchases", about.purchases.len().to_string()),
            ("last_purchase", about.purchases[last].to_string()),
            ("cycle", format!("{}.{:04}", cycle / 10_000, cycle % 10_000)),
            ("cycle_basis", basis.to_owned()),
            ("threshold", threshold.map(|days| days.to_string()).unwrap_or_default()),
            ("annual_value", money(books.annual_value(*client, books.as_of).unwrap())),
            ("tier", tiers[client].to_owned()),
            ("status", books.status(*client, world).to_owned()),
        ];
        for (column, value) in expected {
            assert_eq!(row[column], value, "{column} of {}", key(*client));
        }
    }
}

fn spells(project: &Project, books: &Books) {
    let found = rows(project, "fct_spells");
    let expected: Vec<(usize, usize, &crate::naive::Spell)> = books
        .clients
        .iter()
        .flat_map(|(client, about)| {
            about.spells.iter().enumerate().map(|(index, spell)| (*client, index + 1, spell))
        })
        .collect();
    assert_eq!(found.len(), expected.len());
    let mut tiers: BTreeMap<Day, BTreeMap<usize, &'static str>> = BTreeMap::new();
    for (row, (client, number, spell)) in found.iter().zip(expected) {
        let before = quarter_start(spell.fell_asleep_on).pred_opt().unwrap();
        let tiers = tiers.entry(before).or_insert_with(|| books.tiers(before, key));
        let expected = [
            ("client_key", key(client)),
            ("spell", number.to_string()),
            ("last_purchase", spell.last_purchase.to_string()),
            ("fell_asleep_on", spell.fell_asleep_on.to_string()),
            ("trigger", spell.trigger.to_owned()),
            ("returned_on", spell.returned_on.map(|day| day.to_string()).unwrap_or_default()),
            ("annual_value", money(books.annual_value(client, spell.fell_asleep_on).unwrap())),
            ("tier", (*tiers.get(&client).unwrap_or(&"untiered")).to_owned()),
        ];
        for (column, value) in expected {
            assert_eq!(row[column], value, "{column} of spell {number} of {}", key(client));
        }
    }
}

/// Compares the spells in directions; gives their number.
fn in_directions(project: &Project, world: &World, books: &Books) -> usize {
    let found = rows(project, "fct_direction_spells");
    let mut expected = Vec::new();
    for direction in DIRECTIONS {
        for (client, spells) in world.direction_spells(direction, &books.clients, books.as_of) {
            for (index, (spell, value)) in spells.into_iter().enumerate() {
                expected.push([
                    key(client),
                    direction.to_owned(),
                    (index + 1).to_string(),
                    spell.last_purchase.to_string(),
                    spell.fell_asleep_on.to_string(),
                    spell.trigger.to_owned(),
                    spell.returned_on.map(|day| day.to_string()).unwrap_or_default(),
                    money(value),
                ]);
            }
        }
    }
    expected.sort();
    let columns = [
        "client_key",
        "direction",
        "spell",
        "last_purchase",
        "fell_asleep_on",
        "trigger",
        "returned_on",
        "annual_value",
    ];
    let mut found: Vec<_> =
        found.iter().map(|row| columns.map(|column| row[column].clone())).collect();
    found.sort();
    for (found, expected) in found.iter().zip(&expected) {
        assert_eq!(found, expected);
    }
    assert_eq!(found.len(), expected.len());
    found.len()
}

/// Compares the client base; gives the number of client-quarters that were looked at.
fn base(project: &Project, books: &Books) -> usize {
    let found = rows(project, "client_base");
    let first = books.clients.values().map(|about| about.purchases[0]).min().unwrap();
    let mut start = quarter_start(first);
    let mut looked_at = 0;
    for row in &found {
        let (end, before) = (quarter_end(start), start.pred_opt().unwrap());
        let inside = |day: Day| day >= start && day <= end;
        let all = || books.clients.values();
        let count = |test: &dyn Fn(&Client) -> bool| all().filter(|about| test(about)).count();
        let spells = |test: &dyn Fn(&crate::naive::Spell) -> bool| {
            all().flat_map(|about| &about.spells).filter(|spell| test(spell)).count()
        };
        looked_at += books.clients.len();
        let opening = count(&|about| awake(about, before));
        let closing = count(&|about| awake(about, end));
        let new = count(&|about| inside(about.purchases[0]));
        let returned = spells(&|spell| spell.returned_on.is_some_and(inside));
        let closed = spells(&|spell| inside(spell.fell_asleep_on) && spell.trigger == "closed");
        let asleep = spells(&|spell| inside(spell.fell_asleep_on) && spell.trigger != "closed");
        assert_eq!(opening + new + returned, closing + asleep + closed, "identity of {start}");
        let gone = count(&|about| awake(about, before) && !awake(about, end));
        let churn = (opening > 0).then(|| gone as f64 / opening as f64);
        let year_ago =
            NaiveDate::pred_opt(&later_quarter(quarter_start(minus_year(start)), 1)).unwrap();
        let then = count(&|about| awake(about, year_ago));
        let lost = count(&|about| {
            awake(about, year_ago)
                && !about.purchases.iter().any(|day| *day > year_ago && *day <= end)
        });
        let lost_year = (then > 0).then(|| lost as f64 / then as f64);
        let expected = [
            ("quarter", quarter_name(start)),
            ("opening", opening.to_string()),
            ("new", new.to_string()),
            ("returned", returned.to_string()),
            ("fell_asleep", asleep.to_string()),
            ("closed", closed.to_string()),
            ("closing", closing.to_string()),
        ];
        for (column, value) in expected {
            assert_eq!(row[column], value, "{column} of {start}");
        }
        assert_eq!(row["churn"].parse().ok(), churn, "churn of {start}");
        assert_eq!(row["lost_year"].parse().ok(), lost_year, "lost_year of {start}");
        start = later_quarter(start, 1);
    }
    assert!(start > books.as_of, "the last closed quarter is missing");
    looked_at
}

fn minus_year(day: Day) -> Day {
    day.checked_sub_months(chrono::Months::new(12)).unwrap()
}

fn cohorts(project: &Project, books: &Books) {
    let total = rows(project, "return_cohorts");
    let total: Vec<_> = total.iter().filter(|row| row["dimension"] == "total").collect();
    assert!(!total.is_empty());
    for row in total {
        let start = day(&row["quarter_start"]);
        let since: u32 = row["quarters_since"].parse().unwrap();
        let end = quarter_end(later_quarter(start, since));
        let begun: Vec<_> = books
            .clients
            .values()
            .flat_map(|about| &about.spells)
            .filter(|spell| quarter_start(spell.fell_asleep_on) == start)
            .collect();
        let ended =
            begun.iter().filter(|spell| spell.returned_on.is_some_and(|day| day <= end)).count();
        let open = end > books.as_of;
        assert_eq!(row["spells"], begun.len().to_string(), "{start} + {since}");
        assert_eq!(row["open"], open.to_string(), "{start} + {since}");
        let returned = if open { String::new() } else { ended.to_string() };
        assert_eq!(row["returned"], returned, "{start} + {since}");
    }
}
