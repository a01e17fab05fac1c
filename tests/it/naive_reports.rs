//! The twin of lists, attempts and quarters: spells and attempts by plain loops.
//!
//! Purchases, cycles, annual values and tiers come from the twin of the histories; spells are lived
//! through anew, with all that is said in them. No SQL, no sums carried along.

use std::cell::RefCell;
use std::collections::BTreeMap;

use chrono::Months;

use crate::naive::{
    Books, Client, Day, Document, World, awake, later_quarter, quarter_end, quarter_start,
};
use crate::naive_company::{
    Attempt, Card, Company, Contact, Paper, REASONS, Reason, Refusal, days_between, key, plus, up,
};

/// One sleep of a client as a whole, with what is known of it.
#[derive(Debug, Clone)]
pub(crate) struct Sleep {
    pub(crate) client: usize,
    pub(crate) number: usize,
    pub(crate) last_purchase: Day,
    /// In units of 10⁻⁴.
    pub(crate) cycle: i64,
    pub(crate) basis: &'static str,
    pub(crate) threshold: i64,
    pub(crate) fell: Day,
    pub(crate) trigger: &'static str,
    pub(crate) spoken_on: Option<Day>,
    pub(crate) returned: Option<Day>,
    pub(crate) refusal: Option<Refusal>,
    pub(crate) disagreements: bool,
}

impl Sleep {
    pub(crate) fn open_at(&self, day: Day) -> bool {
        self.fell <= day && self.returned.is_none_or(|returned| returned > day)
    }

    pub(crate) fn reason(&self) -> &'static Reason {
        let said = self.refusal.as_ref().and_then(Refusal::reason);
        said.map_or(&REASONS[8], |(reason, ..)| reason)
    }

    pub(crate) fn reason_source(&self) -> Option<&'static str> {
        Some(self.refusal.as_ref()?.reason()?.1)
    }

    /// Days from the first to the last of the window of an attempt.
    pub(crate) fn window(&self) -> i64 {
        window(self.cycle)
    }
}

fn window(cycle: i64) -> i64 {
    up(3 * cycle, 20_000).max(30) - 1
}

/// An attempt with what came of it.
#[allow(clippy::struct_excessive_bools)]
#[derive(Debug, Clone)]
pub(crate) struct Tried {
    pub(crate) attempt: Attempt,
    /// The first day of its window.
    pub(crate) s: Day,
    pub(crate) woken: bool,
    /// The place of its spell among all.
    pub(crate) sleep: Option<usize>,
    /// The last day of its window.
    pub(crate) until: Day,
    pub(crate) returned: bool,
    pub(crate) matured: bool,
    /// Its number in the spell.
    pub(crate) number: usize,
    /// Of a preventive one: the client bought by `call_by`.
    pub(crate) kept: bool,
}

/// The company as seen on a day, with its histories.
pub(crate) struct Twin {
    pub(crate) as_of: Day,
    pub(crate) seen: Company,
    pub(crate) books: Books,
    pub(crate) world: World,
    pub(crate) sleeps: Vec<Sleep>,
    pub(crate) tried: Vec<Tried>,
    tiers: RefCell<BTreeMap<Day, BTreeMap<usize, &'static str>>>,
    alone: BTreeMap<usize, Vec<Paper>>,
}

impl Twin {
    pub(crate) fn new(company: &Company, as_of: Day) -> Self {
        let seen = company.seen(as_of);
        let documents = seen.papers.iter().filter(|one| matches!(one.kind, "shipment" | "return"));
        let world = World {
            documents: documents
                .map(|paper| Document {
                    id: paper.id.clone(),
                    client: paper.client,
                    day: paper.day,
                    is_return: paper.kind == "return",
                    amount: paper.amount,
                    related: paper.related.clone(),
                    direction: paper.direction,
                    cancelled: paper.cancelled,
                })
                .collect(),
            closings: (0..)
                .zip(&seen.cards)
                .filter_map(|(client, card)| Some((client, card.closed_on?)))
                .collect(),
            sales_types: seen.cards.iter().map(|card| card.sales_type).collect(),
            ..World::default()
        };
        let mut books = Books::new(&world, as_of);
        let mut alone: BTreeMap<usize, Vec<Paper>> = BTreeMap::new();
        for paper in &seen.papers {
            alone.entry(paper.client).or_default().push(paper.clone());
        }
        for client in books.clients.values_mut() {
            client.spells.clear();
        }
        let mut twin = Self {
            as_of,
            seen,
            books: Books::new(&World::default(), as_of),
            world,
            sleeps: Vec::new(),
            tried: Vec::new(),
            tiers: RefCell::default(),
            alone,
        };
        for (client, about) in &mut books.clients {
            let sleeps = twin.live(*client, about);
            about.spells = sleeps
                .iter()
                .map(|sleep| crate::naive::Spell {
                    last_purchase: sleep.last_purchase,
                    fell_asleep_on: sleep.fell,
                    trigger: sleep.trigger,
                    returned_on: sleep.returned,
                })
                .collect();
            twin.sleeps.extend(sleeps);
        }
        twin.books = books;
        twin.tried = twin.attempts();
        twin
    }

    pub(crate) fn card(&self, client: usize) -> &Card {
        &self.seen.cards[client]
    }

    /// The standing documents of a client and kind.
    pub(crate) fn papers(&self, client: usize, kind: &str) -> impl Iterator<Item = &Paper> {
        let own = self.alone.get(&client).into_iter().flatten();
        own.filter(move |paper| paper.kind == kind && !paper.cancelled)
    }

    pub(crate) fn purchases(&self, client: usize) -> &[Day] {
        self.books.clients.get(&client).map_or(&[], |about| &about.purchases)
    }

    pub(crate) fn contacts(&self, client: usize) -> impl Iterator<Item = &Contact> {
        self.seen.contacts.iter().filter(move |contact| contact.client == client)
    }

    /// The last contact of ours.
    pub(crate) fn last_contact(&self, client: usize) -> Option<Day> {
        self.contacts(client).filter(|contact| contact.ours()).map(|contact| contact.day).max()
    }

    /// The days with a request, ascending.
    pub(crate) fn requests(&self, client: usize) -> Vec<Day> {
        let mut days: Vec<Day> =
            self.contacts(client).filter(|one| one.kind == "request").map(|one| one.day).collect();
        days.sort_unstable();
        days.dedup();
        days
    }

    /// The document of `kind` that another names: the newest of its number, not later.
    pub(crate) fn named(&self, by: &Paper, kind: &str) -> Option<&Paper> {
        let related = by.related.as_ref()?;
        let such = self.papers(by.client, kind);
        such.filter(|one| one.id == *related && one.day <= by.day).max_by_key(|one| one.day)
    }

    /// Whether shipments name orders, so that one that is named by none is not shipped.
    pub(crate) fn orders_are_named(&self) -> bool {
        self.books.clients.keys().any(|client| {
            self.papers(*client, "shipment").any(|one| self.named(one, "order").is_some())
        })
    }

    /// Net purchases of a client dated from `from` to `until`.
    pub(crate) fn net(&self, client: usize, from: Day, until: Day) -> i64 {
        let sum = |kind| -> i64 {
            let dated = self.papers(client, kind).filter(|one| one.day >= from && one.day <= until);
            dated.map(|one| one.amount).sum()
        };
        sum("shipment") - sum("return")
    }

    /// Net purchases of everybody.
    pub(crate) fn net_of_all(&self, from: Day, until: Day) -> i64 {
        self.alone.keys().map(|client| self.net(*client, from, until)).sum()
    }

    /// Net purchases of a client in each direction.
    fn net_by_direction(&self, client: usize, from: Day, until: Day) -> BTreeMap<&str, i64> {
        let mut nets = BTreeMap::new();
        for (kind, sign) in [("shipment", 1), ("return", -1)] {
            for paper in self.papers(client, kind) {
                if paper.day < from || paper.day > until {
                    continue;
                }
                let of_lines = paper.lines.iter().any(|line| line.2.is_some());
                if of_lines {
                    for (amount, _, direction) in &paper.lines {
                        *nets.entry(direction.unwrap()).or_default() += sign * amount;
                    }
                } else if let Some(direction) = paper.direction {
                    *nets.entry(direction).or_default() += sign * paper.amount;
                }
            }
        }
        nets
    }

    /// The direction of most net purchases in the 364 days before a spell.
    pub(crate) fn main_direction(&self, sleep: &Sleep) -> Option<&str> {
        let nets =
            self.net_by_direction(sleep.client, plus(sleep.fell, -364), plus(sleep.fell, -1));
        let most = *nets.values().max()?;
        nets.into_iter().find(|(_, net)| *net == most).map(|(direction, _)| direction)
    }

    pub(crate) fn value(&self, client: usize, day: Day) -> i64 {
        self.books.annual_value(client, day).unwrap()
    }

    /// The tier of a client at the end of a day.
    pub(crate) fn tier(&self, client: usize, day: Day) -> &'static str {
        let mut tiers = self.tiers.borrow_mut();
        let tiers = tiers.entry(day).or_insert_with(|| self.books.tiers(day, key));
        tiers.get(&client).unwrap_or(&"untiered")
    }

    /// The tier at the beginning of the quarter in which a spell begins.
    pub(crate) fn tier_of(&self, sleep: &Sleep) -> &'static str {
        self.tier(sleep.client, plus(quarter_start(sleep.fell), -1))
    }

    /// Who lost him: of the last purchase, else of the refusal, else the client's.
    pub(crate) fn lost_by(&self, sleep: &Sleep) -> Option<&'static str> {
        let sales = self.papers(sleep.client, "shipment");
        let sales = sales.filter(|one| one.day == sleep.last_purchase);
        let largest = sales
            .min_by(|left, right| right.amount.cmp(&left.amount).then(left.id.cmp(&right.id)))
            .unwrap();
        let said = sleep.refusal.as_ref().and_then(|refusal| refusal.manager);
        largest.manager.or(said).or(self.card(sleep.client).manager)
    }

    pub(crate) fn open_sleep(&self, client: usize) -> Option<&Sleep> {
        self.sleeps.iter().find(|sleep| sleep.client == client && sleep.returned.is_none())
    }

    fn followers(&self) -> impl Iterator<Item = &Paper> {
        self.seen.papers.iter().filter(|one| matches!(one.kind, "payment" | "shipment"))
    }

    /// Whether payments and shipments name what they follow.
    pub(crate) fn links(&self) -> bool {
        self.followers().any(|one| !one.cancelled && one.related.is_some())
    }

    /// Whether an invoice was paid, or shipped.
    pub(crate) fn settled(&self, invoice: &Paper) -> bool {
        if invoice.paid_on.is_some() {
            return true;
        }
        let links = self.links();
        self.followers().any(|one| {
            one.client == invoice.client
                && !one.cancelled
                && if links {
                    self.named(one, "invoice").is_some_and(|named| same(named, invoice))
                } else {
                    one.day >= invoice.day && one.amount >= invoice.amount
                }
        })
    }

    /// The spells of a client, found by living through every day.
    fn live(&self, client: usize, about: &Client) -> Vec<Sleep> {
        let kind = self.card(client).sales_type;
        let lost_deal = matches!(kind, "consultative" | "strategic");
        let own: Vec<&Refusal> =
            self.seen.refusals.iter().filter(|refusal| refusal.client == client).collect();
        let trigger_of = |refusal: &Refusal| {
            let group = refusal.reason().map(|(reason, ..)| reason.2);
            if refusal.scope == "client" {
                Some("refusal")
            } else if lost_deal && (refusal.competitor.is_some() || group == Some("competitor")) {
                Some("lost_deal")
            } else {
                None
            }
        };
        let closed = self.card(client).closed_on;
        let mut sleeps: Vec<Sleep> = Vec::new();
        let mut asleep = false;
        let mut last = 0;
        let mut day = about.purchases[0];
        while day <= self.as_of {
            if let Ok(position) = about.purchases.binary_search(&day) {
                if asleep {
                    let sleep = sleeps.last_mut().unwrap();
                    let said = own.iter().filter(|refusal| {
                        trigger_of(refusal).is_some()
                            && refusal.day >= sleep.fell
                            && refusal.day < day
                    });
                    let refused = said.map(|refusal| refusal.day).max();
                    let old_orders_only = refused.is_some_and(|refused| {
                        let mut sales =
                            self.papers(client, "shipment").filter(|one| one.day == day);
                        sales.all(|sale| {
                            self.named(sale, "order").is_some_and(|order| order.day <= refused)
                        })
                    });
                    if !old_orders_only {
                        sleep.returned = Some(day);
                        asleep = false;
                    }
                }
                last = position;
            } else if !asleep {
                let (cycle, basis, threshold) = about.cycles[last];
                let threshold = threshold.unwrap();
                let said = |trigger| {
                    own.iter().any(|one| one.day == day && trigger_of(one) == Some(trigger))
                };
                let trigger = if closed == Some(day) {
                    Some("closed")
                } else if said("refusal") {
                    Some("refusal")
                } else if said("lost_deal") {
                    Some("lost_deal")
                } else if days_between(about.purchases[last], day) > threshold {
                    Some("silence")
                } else {
                    None
                };
                if let Some(trigger) = trigger {
                    asleep = true;
                    sleeps.push(Sleep {
                        client,
                        number: sleeps.len() + 1,
                        last_purchase: about.purchases[last],
                        cycle,
                        basis,
                        threshold,
                        fell: day,
                        trigger,
                        spoken_on: None,
                        returned: None,
                        refusal: None,
                        disagreements: false,
                    });
                }
            }
            day = plus(day, 1);
        }
        for sleep in &mut sleeps {
            let within: Vec<&&Refusal> =
                own.iter().filter(|refusal| sleep.open_at(refusal.day)).collect();
            let closing = closed.filter(|day| sleep.open_at(*day));
            sleep.spoken_on = within.iter().map(|refusal| refusal.day).chain(closing).min();
            sleep.refusal = within
                .iter()
                .min_by(|left, right| {
                    let rank = |one: &Refusal| one.reason().map_or(3, |(_, _, rank)| rank);
                    let newest = right.day.cmp(&left.day).then(right.id.cmp(&left.id));
                    rank(left).cmp(&rank(right)).then(newest)
                })
                .map(|refusal| (**refusal).clone());
            sleep.disagreements = sleep.refusal.as_ref().is_some_and(Refusal::disagrees);
        }
        sleeps
    }

    /// What came of the attempts.
    fn attempts(&self) -> Vec<Tried> {
        let mut tried: Vec<Tried> = Vec::new();
        let mut attempts = self.seen.attempts.clone();
        attempts.sort_by(|left, right| {
            left.started_on.cmp(&right.started_on).then(left.id.cmp(&right.id))
        });
        for attempt in attempts {
            let purchases = self.purchases(attempt.client);
            let bought_between =
                |until: Day| purchases.iter().any(|day| *day >= attempt.started_on && *day < until);
            let woken_on = attempt.woken_on.filter(|day| !bought_between(*day));
            let s = woken_on.unwrap_or(attempt.started_on);
            let sleep = self
                .sleeps
                .iter()
                .position(|sleep| sleep.client == attempt.client && sleep.open_at(plus(s, -1)));
            let cycle = sleep.map(|sleep| self.sleeps[sleep].cycle).or_else(|| {
                let last = purchases.iter().rposition(|day| *day < s)?;
                Some(self.books.clients[&attempt.client].cycles[last].0)
            });
            let until = plus(s, window(cycle.unwrap_or_default()));
            let kept = sleep.is_none() && self.kept(attempt.client, s);
            let before = tried.iter().filter(|one| sleep.is_some() && one.sleep == sleep).count();
            tried.push(Tried {
                s,
                woken: woken_on.is_some(),
                sleep,
                until,
                returned: false,
                matured: sleep.is_some() && self.as_of >= until,
                number: before + 1,
                kept,
                attempt,
            });
        }
        let could: Vec<bool> = tried
            .iter()
            .map(|one| {
                let returned = one.sleep.and_then(|sleep| self.sleeps[sleep].returned);
                returned.is_some_and(|day| day >= one.s && day <= one.until)
            })
            .collect();
        for (place, one) in tried.iter_mut().enumerate() {
            one.returned = could[place];
        }
        for (place, _) in could.iter().enumerate().filter(|(_, could)| **could) {
            let later = tried[place + 1..].iter().zip(&could[place + 1..]);
            if later.clone().any(|(one, could)| *could && one.sleep == tried[place].sleep) {
                tried[place].returned = false;
            }
        }
        tried
    }

    /// Whether a client who was awake bought by `call_by`.
    fn kept(&self, client: usize, s: Day) -> bool {
        let purchases = self.purchases(client);
        let Some(last) = purchases.iter().rposition(|day| *day < s) else { return false };
        if matches!(self.card(client).sales_type, "consultative" | "strategic") {
            return false;
        }
        let call_by = plus(purchases[last], self.books.clients[&client].cycles[last].2.unwrap());
        purchases.get(last + 1).is_some_and(|next| *next <= call_by)
    }

    /// Whether an attempt belongs to the spell, or was started within it.
    pub(crate) fn of_sleep(&self, one: &Tried, sleep: usize) -> bool {
        let about = &self.sleeps[sleep];
        one.sleep == Some(sleep)
            || one.attempt.client == about.client && about.open_at(one.attempt.started_on)
    }

    /// The attempts of a spell, in the order in which they were begun.
    pub(crate) fn tried_of(&self, sleep: &Sleep) -> Vec<&Tried> {
        let is = |one: &&Tried| {
            one.sleep.is_some_and(|place| {
                let own = &self.sleeps[place];
                own.client == sleep.client && own.number == sleep.number
            })
        };
        self.tried.iter().filter(is).collect()
    }

    /// The attempt that claims the return from a spell.
    pub(crate) fn claimed(&self, sleep: &Sleep) -> Option<&Tried> {
        self.tried_of(sleep).into_iter().find(|one| one.returned)
    }

    /// Whether there was a spell before that lets nobody call again.
    pub(crate) fn lost_before(&self, sleep: &Sleep) -> bool {
        self.sleeps.iter().any(|earlier| {
            earlier.client == sleep.client
                && earlier.number < sleep.number
                && (self.claimed(earlier).is_some()
                    || matches!(earlier.trigger, "refusal" | "lost_deal")
                    || days_between(earlier.fell, earlier.returned.unwrap()) > 365)
        })
    }

    /// The quarters that are closed, from that of the first purchase, by their first days.
    pub(crate) fn quarters(&self) -> Vec<Day> {
        let clients = self.books.clients.values();
        let first = clients.map(|client| client.purchases[0]).min().unwrap();
        let mut starts = vec![quarter_start(first)];
        while quarter_end(later_quarter(*starts.last().unwrap(), 1)) <= self.as_of {
            starts.push(later_quarter(*starts.last().unwrap(), 1));
        }
        starts
    }

    /// Clients awake at the end of a day.
    pub(crate) fn awake(&self, day: Day) -> impl Iterator<Item = usize> {
        let clients = self.books.clients.iter();
        clients.filter(move |(_, about)| awake(about, day)).map(|(client, _)| *client)
    }

    /// A day so many months earlier.
    pub(crate) fn months_ago(&self, months: u32) -> Day {
        self.as_of.checked_sub_months(Months::new(months)).unwrap()
    }
}

/// Whether two are one document.
pub(crate) fn same(left: &Paper, right: &Paper) -> bool {
    (left.kind, &left.id, left.day) == (right.kind, &right.id, right.day)
}
