//! The tables of closed quarters, and of the running one, as the twin has them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::AddAssign;

use crate::naive::{Day, quarter_end, quarter_name, quarter_start};
use crate::naive_company::{Paper, key, money, plus};
use crate::naive_reports::{Sleep, Twin};
use crate::naive_tables::{Row, days, text};

/// A share as a double; of nothing, none.
pub(crate) fn share(numerator: impl TryInto<i64>, denominator: impl TryInto<i64>) -> Option<f64> {
    let (Ok(numerator), Ok(denominator)) = (numerator.try_into(), denominator.try_into()) else {
        unreachable!()
    };
    (denominator != 0).then(|| numerator as f64 / denominator as f64)
}

/// Whether a day is one of the quarter that begins on another.
fn within(day: Day, quarter: Day) -> bool {
    quarter_start(day) == quarter
}

/// What is counted of a manager in a quarter, by name.
#[derive(Default)]
struct Counts(BTreeMap<(Day, &'static str), BTreeMap<&'static str, i64>>);

impl Counts {
    fn add(&mut self, day: Day, manager: Option<&'static str>, what: &'static str, count: i64) {
        let row = self.0.entry((quarter_start(day), manager.unwrap_or("unknown"))).or_default();
        row.entry(what).or_default().add_assign(count);
    }

    /// The rows of closed quarters.
    fn rows(&self, twin: &Twin, counts: &[&'static str], sums: &[&'static str]) -> Vec<Row> {
        let closed = twin.quarters();
        let closed = self.0.iter().filter(|((quarter, _), _)| closed.contains(quarter));
        let row = |(&(quarter, manager), row): (&(Day, &str), &BTreeMap<&str, i64>)| {
            let value = |what: &str| row.get(what).copied().unwrap_or_default();
            let mut cells =
                vec![("quarter", quarter_name(quarter)), ("manager", manager.to_owned())];
            cells.extend(counts.iter().map(|what| (*what, value(what).to_string())));
            cells.extend(sums.iter().map(|what| (*what, money(value(what)))));
            cells
        };
        closed.map(row).collect()
    }
}

impl Twin {
    pub(crate) fn request_conversion(&self) -> Vec<Row> {
        let closed = self.quarters();
        let mut groups: BTreeMap<(Day, &str, usize), (usize, usize, usize)> = BTreeMap::new();
        for client in self.books.clients.keys() {
            for day in self.requests(*client) {
                let mut same = self.contacts(*client);
                let who = same.find(|one| one.kind == "request" && one.day == day).unwrap().manager;
                let who = who.or(self.card(*client).manager).unwrap_or("unknown");
                let until = plus(day, 30);
                let inside = |other: Day| other >= day && other <= until;
                let answered = self.purchases(*client).iter().any(|day| inside(*day))
                    || self.papers(*client, "order").any(|one| inside(one.day));
                let group = groups.entry((quarter_start(day), who, *client)).or_default();
                match (until <= self.as_of, answered) {
                    (true, true) => group.0 += 1,
                    (true, false) => group.1 += 1,
                    (false, _) => group.2 += 1,
                }
            }
        }
        let groups = groups.into_iter().filter(|((quarter, ..), _)| closed.contains(quarter));
        let row =
            |((quarter, who, client), (converted, not, pending)): (_, (usize, usize, usize))| {
                let who: &str = who;
                vec![
                    ("quarter", quarter_name(quarter)),
                    ("manager", who.to_owned()),
                    ("client_key", key(client)),
                    ("requests", (converted + not + pending).to_string()),
                    ("converted", converted.to_string()),
                    ("not_converted", not.to_string()),
                    ("pending", pending.to_string()),
                    ("conversion", text(share(converted, converted + not))),
                ]
            };
        groups.map(row).collect()
    }

    pub(crate) fn invoice_losses(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        for quarter in self.quarters() {
            let issued =
                self.seen.papers.iter().filter(|one| {
                    one.kind == "invoice" && !one.cancelled && within(one.day, quarter)
                });
            let (settled, other): (Vec<&Paper>, Vec<&Paper>) =
                issued.partition(|one| self.settled(one));
            let (lost, pending): (Vec<&Paper>, Vec<&Paper>) =
                other.into_iter().partition(|one| plus(one.day, 30) <= self.as_of);
            let sum = |papers: &[&Paper]| papers.iter().map(|one| one.amount).sum::<i64>();
            let all = settled.len() + lost.len() + pending.len();
            if all == 0 {
                continue;
            }
            rows.push(vec![
                ("quarter", quarter_name(quarter)),
                ("issued", all.to_string()),
                ("issued_amount", money(sum(&settled) + sum(&lost) + sum(&pending))),
                ("settled", settled.len().to_string()),
                ("settled_amount", money(sum(&settled))),
                ("not_settled", lost.len().to_string()),
                ("not_settled_amount", money(sum(&lost))),
                ("pending", pending.len().to_string()),
                ("lost_share", text(share(lost.len(), settled.len() + lost.len()))),
            ]);
        }
        rows
    }

    pub(crate) fn manager_book(&self) -> Vec<Row> {
        let mut counts = Counts::default();
        for quarter in self.quarters() {
            let end = quarter_end(quarter);
            let awake: BTreeSet<usize> = self.awake(end).collect();
            for client in self.books.clients.keys() {
                let bought = self.purchases(*client).iter().filter(|day| **day <= end).max();
                let Some(last) = bought else { continue };
                let manager = self.card(*client).manager;
                let is_awake = awake.contains(client);
                counts.add(end, manager, "awake", i64::from(is_awake));
                if !is_awake && days(*last, end) <= 365 {
                    counts.add(end, manager, "value_at_risk", self.value(*client, end));
                }
            }
        }
        for sleep in &self.sleeps {
            counts.add(sleep.fell, self.lost_by(sleep), "fell_asleep", 1);
            if let Some(returned) = sleep.returned {
                counts.add(returned, self.card(sleep.client).manager, "returned", 1);
            }
        }
        for paper in self.seen.papers.iter().filter(|one| !one.cancelled) {
            let net = match paper.kind {
                "shipment" => paper.amount,
                "return" => -paper.amount,
                _ => continue,
            };
            let manager = paper.manager.or(self.card(paper.client).manager);
            counts.add(paper.day, manager, "net_purchases", net);
            let back = self.sleeps.iter().any(|sleep| {
                sleep.client == paper.client
                    && sleep.returned.is_some_and(|back| {
                        back <= paper.day && within(back, quarter_start(paper.day))
                    })
            });
            if back {
                counts.add(paper.day, manager, "net_of_returned", net);
            }
        }
        let sums = ["net_purchases", "value_at_risk", "net_of_returned"];
        counts.rows(self, &["awake", "fell_asleep", "returned"], &sums)
    }

    pub(crate) fn data_coverage(&self) -> Vec<Row> {
        let mut counts = Counts::default();
        for client in self.books.clients.keys() {
            let manager = self.card(*client).manager;
            let requests = self.requests(*client);
            for day in self.purchases(*client) {
                let asked = requests.iter().any(|asked| *asked <= *day && plus(*asked, 30) >= *day);
                counts.add(*day, manager, "purchases", 1);
                counts.add(*day, manager, "purchases_requested", i64::from(asked));
            }
        }
        for sleep in &self.sleeps {
            let card = self.card(sleep.client);
            let none = i64::from(card.phone.is_none());
            counts.add(sleep.fell, card.manager, "sleepers", 1);
            counts.add(sleep.fell, card.manager, "sleepers_without_phone", none);
        }
        for one in self.seen.contacts.iter().filter(|one| one.ours()) {
            let manager = one.manager.or(self.card(one.client).manager);
            let (outcome, person) = (one.outcome.is_none(), one.person.is_none());
            counts.add(one.day, manager, "contacts", 1);
            counts.add(one.day, manager, "contacts_without_outcome", i64::from(outcome));
            counts.add(one.day, manager, "contacts_without_person", i64::from(person));
        }
        for one in &self.seen.refusals {
            let manager = one.manager.or(self.card(one.client).manager);
            let unknown = one.reason().is_none_or(|(reason, ..)| reason.1 == "unknown");
            counts.add(one.day, manager, "refusals", 1);
            counts.add(one.day, manager, "refusals_without_reason", i64::from(unknown));
        }
        let columns = [
            "purchases",
            "purchases_requested",
            "sleepers",
            "sleepers_without_phone",
            "contacts",
            "contacts_without_outcome",
            "contacts_without_person",
            "refusals",
            "refusals_without_reason",
        ];
        counts.rows(self, &columns, &[])
    }

    /// The cost of those who sleep, in the base currency.
    pub(crate) fn loss_cost(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        let quarters = self.quarters();
        for (place, quarter) in quarters.iter().enumerate() {
            let end = quarter_end(*quarter);
            let net = self.net_of_all(quarters[place.saturating_sub(3)], end);
            let mut groups: BTreeMap<(&str, &str), Vec<&Sleep>> = BTreeMap::new();
            for sleep in self.sleeps.iter().filter(|sleep| sleep.open_at(end)) {
                let bought = self.purchases(sleep.client).iter().filter(|day| **day <= end).count();
                let one_off = bought == 1 || self.card(sleep.client).one_off;
                let buyers = if one_off { "one_off" } else { "regular" };
                let state = if days(sleep.fell, end) > 365 { "lost" } else { "asleep" };
                groups.entry((buyers, state)).or_default().push(sleep);
                groups.entry(("all", "all")).or_default().push(sleep);
            }
            for ((buyers, state), sleeps) in groups {
                let value = |sleep: &Sleep| self.value(sleep.client, sleep.fell);
                let lost: i64 = sleeps.iter().map(|sleep| value(sleep)).sum();
                let largest =
                    sleeps.iter().map(|sleep| (-value(sleep), key(sleep.client))).min().unwrap();
                let of_net = share(lost, net).filter(|_| place >= 3 && net > 0);
                rows.push(vec![
                    ("quarter", quarter_name(*quarter)),
                    ("buyers", buyers.to_owned()),
                    ("state", state.to_owned()),
                    ("unit", "RUB".to_owned()),
                    ("spells", sleeps.len().to_string()),
                    ("lost_annual_value", money(lost)),
                    ("largest", money(-largest.0)),
                    ("largest_client", largest.1),
                    ("share_of_net_purchases", text(of_net)),
                ]);
            }
        }
        rows
    }

    pub(crate) fn pareto(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        for quarter in self.quarters() {
            let end = quarter_end(quarter);
            let clients = self.books.clients.keys();
            let mut values: Vec<(i64, String, usize)> = clients
                .filter_map(|client| {
                    Some((-self.books.annual_value(*client, end)?, key(*client), *client))
                })
                .collect();
            values.sort();
            let total: i64 = values.iter().map(|(value, ..)| -value).sum();
            let top = values.len().div_ceil(5);
            for part in ["gold", "silver", "copper", "top 20 %"] {
                let own: Vec<i64> = values
                    .iter()
                    .enumerate()
                    .filter(|(place, (_, _, client))| match part {
                        "top 20 %" => *place < top,
                        tier => self.tier(*client, end) == tier,
                    })
                    .map(|(_, (value, ..))| -value)
                    .collect();
                if own.is_empty() {
                    continue;
                }
                let value: i64 = own.iter().sum();
                rows.push(vec![
                    ("quarter", quarter_name(quarter)),
                    ("part", part.to_owned()),
                    ("clients", own.len().to_string()),
                    ("share_of_clients", text(share(own.len(), values.len()))),
                    ("annual_value", money(value)),
                    ("share_of_value", text(share(value, total))),
                ]);
            }
        }
        rows
    }

    /// Refusals of clients, by every dimension.
    pub(crate) fn refusal_dynamics(&self) -> Vec<Row> {
        let mut groups: BTreeMap<(&str, String), Vec<&Sleep>> = BTreeMap::new();
        for sleep in &self.sleeps {
            let or = |value: Option<&str>, other: &str| value.unwrap_or(other).to_owned();
            let card = self.card(sleep.client);
            let said = sleep.refusal.as_ref();
            let stage = or(said.and_then(|said| said.stage), "unknown");
            let competitor = said.and_then(|said| said.competitor);
            let (_, reason, group, _, human_factor) = *sleep.reason();
            let spoken = sleep.trigger != "silence";
            for counted_by in [
                ("total", "all".to_owned()),
                ("form", if spoken { "spoken" } else { "silent" }.to_owned()),
                ("trigger", sleep.trigger.to_owned()),
                ("stage", stage.clone()),
                ("reason", reason.to_owned()),
                ("reason_group", group.to_owned()),
                ("reason_source", or(sleep.reason_source(), "unknown")),
                ("stage_and_reason", format!("{stage} / {reason}")),
                ("competitor", or(competitor, "none")),
                ("direction", or(self.main_direction(sleep), "unknown")),
                ("region", or(card.region, "unknown")),
                ("industry", or(card.industry, "unknown")),
                ("manager", or(self.lost_by(sleep), "unknown")),
                ("sales_type", card.sales_type.to_owned()),
                ("tier", self.tier_of(sleep).to_owned()),
                ("human_factor", human_factor.to_string()),
            ] {
                groups.entry(counted_by).or_default().push(sleep);
            }
        }
        let mut rows = Vec::new();
        let quarters = self.quarters();
        for ((dimension, value), sleeps) in &groups {
            let first = quarter_start(sleeps.iter().map(|sleep| sleep.fell).min().unwrap());
            let first = quarters.iter().position(|quarter| *quarter == first);
            for place in first.unwrap_or(quarters.len())..quarters.len() {
                let begun = |place: usize| {
                    let quarter = quarters[place];
                    sleeps.iter().filter(move |sleep| within(sleep.fell, quarter))
                };
                let count = |place| begun(place).count() as i64;
                let all = self.sleeps.iter();
                let all = all.filter(|sleep| within(sleep.fell, quarters[place])).count();
                let now = count(place);
                let before = |n: usize| (place >= first.unwrap() + n).then(|| count(place - n));
                let change = |n| before(n).map(|before| now - before);
                let change_share = |n| share(change(n)?, before(n)?);
                let average =
                    before(3).map(|_| (place - 3..=place).map(count).sum::<i64>() as f64 / 4.0);
                let value_lost = begun(place).map(|one| self.value(one.client, one.fell)).sum();
                let disagreements = begun(place).filter(|one| one.disagreements).count();
                rows.push(vec![
                    ("quarter", quarter_name(quarters[place])),
                    ("dimension", (*dimension).to_owned()),
                    ("value", value.clone()),
                    ("scope", "client".to_owned()),
                    ("refusals", now.to_string()),
                    ("share", text(share(now, all))),
                    ("disagreements", disagreements.to_string()),
                    ("lost_annual_value", money(value_lost)),
                    ("change_on_quarter", text(change(1))),
                    ("change_on_quarter_share", text(change_share(1))),
                    ("change_on_year", text(change(4))),
                    ("change_on_year_share", text(change_share(4))),
                    ("moving_average", text(average)),
                ]);
            }
        }
        rows
    }

    /// The running quarter so far; none where the day closes it.
    pub(crate) fn quarter_to_date(&self) -> Vec<Row> {
        let from = quarter_start(self.as_of);
        if quarter_end(from) == self.as_of {
            return Vec::new();
        }
        let begun: Vec<&Sleep> = self.sleeps.iter().filter(|sleep| sleep.fell >= from).collect();
        let closed = begun.iter().filter(|sleep| sleep.trigger == "closed").count();
        let lost = begun.iter().map(|sleep| self.value(sleep.client, sleep.fell)).sum();
        let back = self.sleeps.iter().filter(|one| one.returned.is_some_and(|day| day >= from));
        let new = self.books.clients.values().filter(|about| about.purchases[0] >= from);
        vec![vec![
            ("quarter", quarter_name(from)),
            ("quarter_start", from.to_string()),
            ("quarter_end", quarter_end(from).to_string()),
            ("as_of", self.as_of.to_string()),
            ("running", "true".to_owned()),
            ("opening", self.awake(plus(from, -1)).count().to_string()),
            ("new", new.count().to_string()),
            ("returned", back.count().to_string()),
            ("fell_asleep", (begun.len() - closed).to_string()),
            ("closed", closed.to_string()),
            ("awake", self.awake(self.as_of).count().to_string()),
            ("lost_annual_value", money(lost)),
            ("net_purchases", money(self.net_of_all(from, self.as_of))),
        ]]
    }
}
