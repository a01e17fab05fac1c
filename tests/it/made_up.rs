//! A company made up by chance, and its exports as files of a project.
//!
//! Everything goes on past the day that is asked about, so that what is not yet seen shows.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};

use chrono::Datelike;

use crate::naive::Day;
use crate::naive_company::{
    Attempt, Card, Company, Contact, Paper, REASONS, Refusal, SMALL, Score, money, plus,
};
use crate::project::Project;

const DIRECTIONS: [&str; 3] = ["bolts", "pipes", "wires"];
const MANAGERS: [&str; 5] = ["Anna", "Boris", "Clara", "Denis", "Egor"];
const HEADS: [&str; 2] = ["Fedor", "Galina"];

/// What differs between companies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) seed: u64,
    pub(crate) clients: usize,
    /// Whether documents name each other.
    pub(crate) links: bool,
    pub(crate) knows_waking: bool,
}

struct Chance(u64);

impl Chance {
    fn below(&mut self, below: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below as u64) as i64
    }

    /// Once in so many times.
    fn once_in(&mut self, times: i64) -> bool {
        self.below(times) == 0
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as i64) as usize]
    }

    /// One of them, or none as often as any of them.
    fn perhaps<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        let place = self.below(of.len() as i64 + 1);
        of.get(place as usize).copied()
    }
}

/// Numbers that begin again each January.
#[derive(Default)]
struct Numbers(BTreeMap<(usize, i32), u32>);

impl Numbers {
    fn next(&mut self, client: usize, day: Day) -> String {
        let number = self.0.entry((client, day.year())).or_default();
        *number += 1;
        format!("{client}-{number}")
    }
}

/// What a company is made with.
struct Maker {
    chance: Chance,
    numbers: Numbers,
    company: Company,
    shape: Shape,
    as_of: Day,
}

/// A company from March 2023 on to the day given and beyond.
pub(crate) fn company(shape: Shape, as_of: Day) -> Company {
    let company = Company {
        knows_waking: shape.knows_waking,
        list_since: Some(plus(as_of, -150)),
        managers: vec![
            ("Anna", "account_manager", Some("Fedor")),
            ("Boris", "account_manager", Some("Fedor")),
            ("Clara", "developer", Some("Galina")),
            ("Denis", "developer", None),
            ("Egor", "account_manager", Some("Anna")),
            ("Fedor", "head", Some("Galina")),
            ("Galina", "head", None),
        ],
        ..Company::default()
    };
    let chance = Chance(shape.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut maker = Maker { chance, numbers: Numbers::default(), company, shape, as_of };
    for client in 0..shape.clients {
        maker.card();
        let silences = maker.sales(client);
        maker.talks(client);
        maker.refusals(client, &silences);
        maker.attempts(client, &silences);
    }
    maker.company
}

impl Maker {
    fn first_day() -> Day {
        "2023-03-01".parse().unwrap()
    }

    /// A day of the whole history, half of the time of the last half year.
    fn any_day(&mut self) -> Day {
        if self.chance.once_in(2) {
            plus(self.as_of, 40 - self.chance.below(220))
        } else {
            let days = (self.as_of - Self::first_day()).num_days() + 60;
            plus(Self::first_day(), self.chance.below(days))
        }
    }

    fn card(&mut self) {
        let chance = &mut self.chance;
        let often = ["transactional", "transactional", "transactional_consultative"];
        let seldom = ["consultative", "strategic"];
        let sales_type = if chance.once_in(8) { chance.one(&seldom) } else { chance.one(&often) };
        let card = Card {
            sales_type,
            region: chance.perhaps(&["north", "south", "west"]),
            industry: chance.perhaps(&["farms", "mills"]),
            manager: chance.perhaps(&MANAGERS),
            phone: (!chance.once_in(4)).then(|| format!("+7{}", chance.below(1_000_000))),
            do_not_contact: chance.once_in(12),
            closed_on: None,
            one_off: chance.once_in(15),
            important: chance.once_in(10),
            potential: chance.once_in(3).then(|| chance.below(2 * SMALL.1)),
        };
        let closed = self.chance.once_in(12).then(|| self.any_day());
        self.company.cards.push(Card { closed_on: closed, ..card });
    }

    /// Adds a document; gives its number.
    fn add(&mut self, paper: Paper) -> String {
        let id = self.numbers.next(paper.client, paper.day);
        let cancelled = self.chance.once_in(40);
        self.company.papers.push(Paper { id: id.clone(), cancelled, ..paper });
        id
    }

    /// Purchases with all that goes before and after them; gives the days after which the client
    /// is silent for long, each with the length of the silence.
    fn sales(&mut self, client: usize) -> Vec<(Day, i64)> {
        let mut silences = Vec::new();
        let gap = self.chance.one(&[7, 15, 30, 30, 60, 91]);
        let size = self.chance.one(&[10_000, 100_000, 1_000_000]);
        let favourite = self.chance.one(&MANAGERS);
        let mut at = plus(Self::first_day(), self.chance.below(900));
        let never = self.chance.once_in(8);
        let mut left = if never { 0 } else { self.chance.one(&[1, 3, 8, 15, 30, 60]) };
        while left > 0 && at <= plus(self.as_of, 60) {
            left -= 1;
            for _ in 0..=self.chance.below(8) / 7 {
                let amount = size / 9 + self.chance.below(size);
                self.sale(client, at, amount, favourite);
            }
            let step = match self.chance.below(9) {
                0 => 2 * gap,
                1 => 2 * gap + 1 + self.chance.below(3),
                2 => 3 * gap + self.chance.below(60),
                3 => 1 + self.chance.below(8 * gap),
                4 if self.chance.once_in(4) => 300 + self.chance.below(300),
                _ => gap,
            };
            if step > gap {
                silences.push((at, step));
            }
            at = plus(at, step);
        }
        if !never {
            silences.push((at, 30 + self.chance.below(200)));
        }
        for _ in 0..self.chance.below(6) {
            let (day, amount) = (self.any_day(), 1 + self.chance.below(size));
            let kind = self.chance.one(&["quote", "quote", "order", "invoice"]);
            let manager = self.chance.perhaps(&MANAGERS);
            let due = self.chance.once_in(2).then(|| plus(day, self.chance.below(50)));
            let paper = Paper { client, kind, day, amount, manager, due, ..Paper::default() };
            self.add(paper);
        }
        silences
    }

    fn sale(&mut self, client: usize, day: Day, amount: i64, favourite: &'static str) {
        let seldom = self.chance.once_in(3);
        let manager = if seldom { self.chance.perhaps(&MANAGERS) } else { Some(favourite) };
        let paper = Paper { client, day, amount, manager, ..Paper::default() };
        let mut named = Vec::new();
        if self.chance.once_in(2) {
            let far = self.chance.one(&[1, 4, 45]);
            let ordered = plus(day, -self.chance.below(far));
            let due = (!self.chance.once_in(3)).then(|| plus(ordered, self.chance.below(40)));
            named.push(self.add(Paper { kind: "order", day: ordered, due, ..paper.clone() }));
        }
        if self.chance.once_in(2) {
            let issued = plus(day, -self.chance.below(9));
            let due = (!self.chance.once_in(3)).then(|| plus(issued, self.chance.below(60)));
            let paid = plus(issued, self.chance.below(90));
            let paid_on = self.chance.once_in(3).then_some(paid);
            let invoice = Paper { kind: "invoice", day: issued, due, paid_on, ..paper.clone() };
            let id = self.add(invoice);
            if self.chance.once_in(3) {
                let part = if self.chance.once_in(3) { amount / 2 + 1 } else { amount };
                let related = self.shape.links.then(|| id.clone());
                let day = plus(issued, self.chance.below(60));
                self.add(Paper { kind: "payment", day, amount: part, related, ..paper.clone() });
            }
            named.push(id);
        }
        let chosen = self.chance.below(4) as usize;
        let related = named.get(chosen).filter(|_| self.shape.links).cloned();
        let mut direction = self.chance.perhaps(&DIRECTIONS);
        let mut lines = Vec::new();
        if self.chance.once_in(2) {
            let first = amount / 3;
            let knows_costs = self.chance.below(4);
            let split = self.chance.once_in(3);
            for part in [first, amount - first] {
                let cost = (self.chance.below(4) < knows_costs).then(|| part * 7 / 10);
                let of_line = split.then(|| self.chance.one(&DIRECTIONS));
                lines.push((part, cost, of_line));
            }
            if split {
                direction = None;
            }
        }
        let due = self.chance.once_in(6).then(|| plus(day, self.chance.below(30)));
        let paid_on = self.chance.once_in(4).then(|| plus(day, self.chance.below(60)));
        let sale = Paper { kind: "shipment", related, direction, lines, due, paid_on, ..paper };
        let id = self.add(sale.clone());
        if self.chance.once_in(7) {
            let back = plus(day, self.chance.below(90));
            let amount = if self.chance.once_in(3) { amount } else { 1 + amount / 3 };
            let related = (!self.chance.once_in(4)).then_some(id);
            let kind = "return";
            let manager = self.chance.perhaps(&MANAGERS);
            let paper = Paper { kind, day: back, amount, related, manager, direction, ..sale };
            self.add(Paper { lines: Vec::new(), due: None, paid_on: None, ..paper });
        }
    }

    /// Contacts and scores. On a day there is at most one contact of ours, and one taker of
    /// requests.
    fn talks(&mut self, client: usize) {
        let kinds =
            ["request", "request", "quote", "call", "letter", "visit", "complaint", "offer"];
        let outcomes = ["answered", "no_answer", "no_answer", "ordered", "declined"];
        let mut ours: Vec<Day> = Vec::new();
        let mut takers: BTreeMap<Day, Option<&'static str>> = BTreeMap::new();
        let unlucky = self.chance.once_in(4);
        for number in 0..self.chance.one(&[0, 3, 10, 25]) {
            let day = self.any_day();
            let person = self.chance.perhaps(&["buyer", "director"]);
            let mut manager = self.chance.perhaps(&MANAGERS);
            if self.chance.once_in(6) {
                manager = Some(self.chance.one(&HEADS));
            }
            let mut contact = Contact {
                id: format!("t{client}-{number}"),
                client,
                day,
                kind: self.chance.one(&kinds),
                initiated_by: self.chance.once_in(4).then(|| self.chance.one(&["us", "client"])),
                outcome: None,
                person,
                manager,
            };
            if contact.ours() {
                if ours.contains(&day) {
                    continue;
                }
                ours.push(day);
                contact.outcome = self.chance.perhaps(&outcomes);
                if unlucky && contact.outcome.is_some() {
                    contact.outcome = Some("no_answer");
                }
            }
            if contact.kind == "request" {
                contact.manager = *takers.entry(day).or_insert(manager);
            }
            self.company.contacts.push(contact);
        }
        for _ in 0..self.chance.below(4) {
            let (day, person) = (self.any_day(), self.chance.one(&["buyer", "director"]));
            let score = self.chance.below(11);
            let scores = &mut self.company.scores;
            if !scores.iter().any(|one| (one.client, one.day, one.person) == (client, day, person))
            {
                scores.push(Score { client, day, person, score });
            }
        }
    }

    /// Refusals, half of them soon after a client fell silent.
    fn refusals(&mut self, client: usize, silences: &[(Day, i64)]) {
        let texts = REASONS.map(|reason| reason.0);
        for number in 0..self.chance.one(&[0, 0, 1, 2, 4]) {
            let mut day = self.any_day();
            if !silences.is_empty() && self.chance.once_in(2) {
                let (from, length) = self.chance.one(silences);
                day = plus(from, self.chance.below(length));
            }
            let amount = self.chance.once_in(2).then(|| self.chance.below(100_000));
            self.company.refusals.push(Refusal {
                id: format!("r{client}-{number}"),
                client,
                day,
                scope: self.chance.one(&["client", "client", "direction", "deal"]),
                stage: self.chance.perhaps(&["offer", "tender"]),
                direction: self.chance.perhaps(&DIRECTIONS),
                by_client: self.chance.perhaps(&texts).filter(|_| number != 1),
                by_manager: self.chance.perhaps(&texts).filter(|_| number != 1),
                verified: self.chance.perhaps(&texts).filter(|_| number == 2),
                competitor: self.chance.once_in(5).then_some("Rival"),
                manager: self.chance.perhaps(&MANAGERS),
                amount,
            });
        }
    }

    /// Attempts, mostly in long silences, several in some.
    fn attempts(&mut self, client: usize, silences: &[(Day, i64)]) {
        let mut number = 0;
        for &(from, length) in silences {
            let tries = self.chance.one(&[0, 0, 0, 0, 1, 1, 3]);
            for _ in 0..tries {
                number += 1;
                let started_on = plus(from, self.chance.below(length + 10));
                let later = |chance: &mut Chance, times, days| {
                    (!chance.once_in(times)).then(|| plus(started_on, chance.below(days)))
                };
                let results = ["offended", "forgotten", "hopeless", "no_answer", "forgotten"];
                let chance = &mut self.chance;
                let surveyed_on = later(chance, 4, 12);
                let undated = chance.once_in(8);
                let result =
                    if surveyed_on.is_some() || undated { chance.perhaps(&results) } else { None };
                let attempt = Attempt {
                    id: format!("a{client}-{number}"),
                    client,
                    started_on,
                    surveyed_on,
                    result,
                    letter_on: later(chance, 2, 20),
                    woken_on: later(chance, 3, 25),
                    offer: chance.perhaps(&["gift", "discount"]),
                    channel: chance.perhaps(&["phone", "mail"]),
                    manager: chance.perhaps(&MANAGERS),
                    cost: chance.once_in(2).then(|| chance.below(9_000)),
                    closed_on: later(chance, 2, 150),
                };
                self.company.attempts.push(attempt);
            }
        }
    }
}

fn text(value: Option<impl Display>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn yes(flag: bool) -> &'static str {
    if flag { "yes" } else { "" }
}

/// A table's export: its header, which is what the canonical columns are called, and its rows.
fn exports(company: &Company) -> Vec<(&'static str, String, String)> {
    let file = |name, columns: &str, rows: Vec<String>| {
        (name, columns.to_owned(), format!("{columns}\n{}", rows.concat()))
    };
    let papers = company.papers.iter().map(|paper| {
        let Paper { id, client, kind, day, .. } = paper;
        format!(
            "{id},{kind},{day},c{client:05},{},RUB,{},{},{},{},{},{}\n",
            money(paper.amount),
            text(paper.related.as_ref()),
            text(paper.direction),
            text(paper.manager),
            text(paper.due),
            text(paper.paid_on),
            yes(paper.cancelled),
        )
    });
    let mut lines = Vec::new();
    for paper in &company.papers {
        let Paper { id, kind, day, .. } = paper;
        for (number, (amount, cost, direction)) in paper.lines.iter().enumerate() {
            let (amount, cost, direction) =
                (money(*amount), text(cost.map(money)), text(*direction));
            lines.push(format!("{id},{kind},{day},{number},{direction},{amount},{cost}\n"));
        }
    }
    let clients = company.cards.iter().enumerate().map(|(client, card)| {
        format!(
            "c{client:05},Client {client},{},{},{},{},{},{},{},{},{},{}\n",
            text(card.region),
            text(card.industry),
            card.sales_type,
            text(card.manager),
            text(card.phone.as_ref()),
            yes(card.do_not_contact),
            text(card.closed_on),
            yes(card.one_off),
            yes(card.important),
            text(card.potential.map(money)),
        )
    });
    let contacts = company.contacts.iter().map(|contact| {
        let Contact { id, client, day, kind, .. } = contact;
        format!(
            "{id},c{client:05},{day},{kind},{},{},{},{}\n",
            text(contact.initiated_by),
            text(contact.outcome),
            text(contact.person),
            text(contact.manager),
        )
    });
    let refusals = company.refusals.iter().map(|refusal| {
        let Refusal { id, client, day, scope, .. } = refusal;
        format!(
            "{id},c{client:05},{day},{scope},{},{},{},{},{},{},{},{}\n",
            text(refusal.stage),
            text(refusal.direction),
            text(refusal.by_client),
            text(refusal.by_manager),
            text(refusal.verified),
            text(refusal.competitor),
            text(refusal.manager),
            text(refusal.amount.map(money)),
        )
    });
    let scores = company
        .scores
        .iter()
        .map(|one| format!("c{:05},{},{},{}\n", one.client, one.day, one.person, one.score));
    let claims = company.scores.iter().enumerate().filter(|(_, one)| one.score < 7);
    let claims = claims.map(|(number, one)| {
        format!("{number},c{:05},{},{},too slow\n", one.client, one.day, one.person)
    });
    let attempts = company.attempts.iter().map(|attempt| {
        let Attempt { id, client, started_on, .. } = attempt;
        format!(
            "{id},c{client:05},{started_on},{},{},{},{},{},{},{},{},{}\n",
            text(attempt.surveyed_on),
            text(attempt.result),
            text(attempt.letter_on),
            text(attempt.woken_on),
            text(attempt.offer),
            text(attempt.channel),
            text(attempt.manager),
            text(attempt.cost.map(money)),
            text(attempt.closed_on),
        )
    });
    let managers = company.managers.iter();
    let managers = managers.map(|(name, role, above)| format!("{name},{role},{}\n", text(*above)));
    vec![
        file(
            "documents",
            "document_id,kind,date,client_id,amount,currency,related_document_id,direction,manager,\
             due_date,paid_on,cancelled",
            papers.collect(),
        ),
        file("document_lines", "document_id,kind,date,line_no,direction,amount,cost", lines),
        file(
            "clients",
            "client_id,name,region,industry,sales_type,manager,phone,do_not_contact,closed_on,\
             one_off,important,potential",
            clients.collect(),
        ),
        file(
            "contacts",
            "contact_id,client_id,date,kind,initiated_by,outcome,person,manager",
            contacts.collect(),
        ),
        file(
            "refusals",
            "refusal_id,client_id,date,scope,stage,direction,reason_client,reason_manager,\
             reason_verified,competitor,manager,amount",
            refusals.collect(),
        ),
        file("scores", "client_id,date,person,score", scores.collect()),
        file("survey_answers", "answer_id,client_id,date,person,claim", claims.collect()),
        file(
            "reactivations",
            "reactivation_id,client_id,started_on,surveyed_on,survey_result,letter_on,woken_on,\
             offer,channel,manager,cost,closed_on",
            attempts.collect(),
        ),
        file("managers", "manager,role,superior", managers.collect()),
    ]
}

/// A project that pulls the company's exports and publishes `tables`.
pub(crate) fn project(company: &Company, as_of: Day, tables: &[&str]) -> Project {
    let mut settings = format!(
        "version: 1\nname: test\ntimezone: UTC\ncurrency: RUB\nas_of: {as_of}\nlake: lake\n\
         destinations:\n  bi: {{ url: published }}\ndomain:\n  value: {{ small: {}, \
         small_potential: {} }}\n",
        SMALL.0 / 100,
        SMALL.1 / 100
    );
    if let Some(since) = company.list_since {
        let _ = writeln!(settings, "  list: {{ since: {since} }}");
    }
    let mut project = Project::new().file("pipelines/project.yaml", settings);
    let mut pipeline = String::from("version: 1\nname: all\nsources:\n");
    for (table, columns, file) in exports(company) {
        let known = columns.split(',').filter(|name| *name != "woken_on" || company.knows_waking);
        let mapped: Vec<String> = known.map(|name| format!("{name}: {name}")).collect();
        let _ = writeln!(
            pipeline,
            "  - name: {table}\n    system: books\n    \
             fetch: {{ files: {{ url: exports, pattern: {table}.csv }} }}\n    \
             read: {{ csv: {{ encoding: utf-8, delimiter: \",\", decimal: \".\", \
             date: \"%Y-%m-%d\" }} }}\n    \
             into: {{ {table}: {{ columns: {{ {} }} }} }}\n    load: upsert",
            mapped.join(", ")
        );
        project = project.file(&format!("exports/{table}.csv"), file);
    }
    pipeline.push_str("publish:\n");
    for table in tables {
        let _ = writeln!(pipeline, "  - {{ table: {table}, to: bi, as: [csv] }}");
    }
    project.file("pipelines/all.yaml", pipeline)
}
