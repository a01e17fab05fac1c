//! The domain by plain loops, as the definitions read: the twin that the models are held against.
//!
//! No windows, no sums carried along, no SQL: every number is looked up anew from the documents.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, Months, NaiveDate};

/// A calendar day.
pub(crate) type Day = NaiveDate;

/// A shipment or a return.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    pub(crate) id: String,
    pub(crate) client: usize,
    pub(crate) day: Day,
    pub(crate) is_return: bool,
    /// In hundredths.
    pub(crate) amount: i64,
    /// The document that a return names.
    pub(crate) related: Option<String>,
    pub(crate) direction: Option<&'static str>,
    pub(crate) cancelled: bool,
}

/// A made-up world.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) documents: Vec<Document>,
    /// Client and day of refusals of the whole client.
    pub(crate) refusals: Vec<(usize, Day)>,
    /// Client, direction and day of refusals of one direction.
    pub(crate) direction_refusals: Vec<(usize, &'static str, Day)>,
    pub(crate) closings: BTreeMap<usize, Day>,
    pub(crate) sales_types: Vec<&'static str>,
}

/// One sleep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Spell {
    pub(crate) last_purchase: Day,
    pub(crate) fell_asleep_on: Day,
    pub(crate) trigger: &'static str,
    pub(crate) returned_on: Option<Day>,
}

/// Everything about one client.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) purchases: Vec<Day>,
    /// Cycle in units of 10⁻⁴ with its basis and the threshold, for each purchase.
    pub(crate) cycles: Vec<(i64, &'static str, Option<i64>)>,
    pub(crate) spells: Vec<Spell>,
}

fn plus(day: Day, days: i64) -> Day {
    day + chrono::TimeDelta::days(days)
}

/// The first day of the quarter of `day`.
pub(crate) fn quarter_start(day: Day) -> Day {
    NaiveDate::from_ymd_opt(day.year(), day.month0() / 3 * 3 + 1, 1).unwrap()
}

/// The quarter `n` after that of `start`.
pub(crate) fn later_quarter(start: Day, n: u32) -> Day {
    start.checked_add_months(Months::new(3 * n)).unwrap()
}

/// The last day of the quarter of `day`.
pub(crate) fn quarter_end(day: Day) -> Day {
    plus(later_quarter(quarter_start(day), 1), -1)
}

/// As `2026Q3`.
pub(crate) fn quarter_name(day: Day) -> String {
    format!("{}Q{}", day.year(), day.month0() / 3 + 1)
}

fn months_before(day: Day, months: u32) -> Day {
    day.checked_sub_months(Months::new(months)).unwrap()
}

/// A fraction rounded half up to 10⁻⁴.
fn round_4(numerator: i64, denominator: i64) -> i64 {
    (2 * numerator * 10_000 + denominator) / (2 * denominator)
}

/// The mean gap of the purchases up to the last of `days`, from the third on.
fn own_cycle(days: &[Day]) -> Option<i64> {
    let day = *days.last()?;
    if days.len() < 3 {
        return None;
    }
    let inside: Vec<Day> =
        days.iter().copied().filter(|other| *other > months_before(day, 12)).collect();
    let used = if inside.len() >= 3 { inside } else { days[days.len() - 3..].to_vec() };
    let span = (used[used.len() - 1] - used[0]).num_days();
    Some(round_4(span, i64::try_from(used.len()).unwrap() - 1))
}

impl World {
    /// The document that a return sends back: the newest of its client and number, not later.
    fn sent_back(&self, returned: &Document) -> Option<&Document> {
        let related = returned.related.as_ref()?;
        let candidates = self.documents.iter().filter(|document| {
            document.client == returned.client
                && !document.is_return
                && !document.cancelled
                && document.id == *related
                && document.day <= returned.day
        });
        candidates.max_by_key(|document| document.day)
    }

    fn of_client(&self, client: usize) -> impl Iterator<Item = &Document> {
        let standing = move |document: &&Document| document.client == client && !document.cancelled;
        self.documents.iter().filter(standing)
    }

    fn purchases(&self, client: usize) -> Vec<Day> {
        let days: BTreeSet<Day> =
            self.of_client(client).filter(|document| !document.is_return).map(|d| d.day).collect();
        let sum = |day: Day| -> i64 {
            let mut sum = 0;
            for document in self.of_client(client) {
                if !document.is_return && document.day == day {
                    sum += document.amount;
                }
                if document.is_return {
                    let towards = self.sent_back(document).map_or(document.day, |d| d.day);
                    if towards == day {
                        sum -= document.amount;
                    }
                }
            }
            sum
        };
        days.into_iter().filter(|day| sum(*day) > 0).collect()
    }

    /// Net purchases dated from `from` to `until`, in hundredths.
    fn net(&self, client: usize, from: Day, until: Day) -> i64 {
        let dated = self.of_client(client).filter(|d| d.day >= from && d.day <= until);
        dated
            .map(|document| if document.is_return { -document.amount } else { document.amount })
            .sum()
    }

    /// Every client who has bought.
    pub(crate) fn clients(&self, as_of: Day) -> BTreeMap<usize, Client> {
        // One pass to find each client's documents; everything else is looked up anew.
        let mut alone: BTreeMap<usize, World> = BTreeMap::new();
        for document in &self.documents {
            alone.entry(document.client).or_default().documents.push(document.clone());
        }
        let purchases: BTreeMap<usize, Vec<Day>> = alone
            .iter()
            .map(|(client, world)| (*client, world.purchases(*client)))
            .filter(|(_, purchases)| !purchases.is_empty())
            .collect();
        let mut common = BTreeMap::new();
        let mut clients = BTreeMap::new();
        for (&client, days) in &purchases {
            let mut cycles = Vec::new();
            for number in 1..=days.len() {
                cycles.push(self.cycle(client, &days[..number], &purchases, &mut common));
            }
            let spells = self.spells(client, days, &cycles, as_of);
            clients.insert(client, Client { purchases: days.clone(), cycles, spells });
        }
        clients
    }

    fn cycle(
        &self,
        client: usize,
        days: &[Day],
        purchases: &BTreeMap<usize, Vec<Day>>,
        common: &mut BTreeMap<(Day, Option<&'static str>), Option<i64>>,
    ) -> (i64, &'static str, Option<i64>) {
        let kind = self.sales_types[client];
        let day = days[days.len() - 1];
        let (cycle, basis) = if let Some(own) = own_cycle(days) {
            (own, "client")
        } else {
            let quarter = quarter_start(day);
            let mut look = |kind| {
                *common
                    .entry((quarter, kind))
                    .or_insert_with(|| self.common_cycle(quarter, kind, purchases))
            };
            match (look(Some(kind)), look(None)) {
                (Some(segment), _) => (segment * 10_000, "segment"),
                (None, Some(company)) => (company * 10_000, "company"),
                (None, None) => (900_000, "default"),
            }
        };
        (cycle, basis, Some(self.threshold(client, cycle)))
    }

    /// The spells of clients in one direction whose first day finds them awake as a whole, each with
    /// its annual value there.
    pub(crate) fn direction_spells(
        &self,
        direction: &'static str,
        clients: &BTreeMap<usize, Client>,
        as_of: Day,
    ) -> BTreeMap<usize, Vec<(Spell, i64)>> {
        let mut alone: BTreeMap<usize, World> = BTreeMap::new();
        for document in self.documents.iter().filter(|one| one.direction == Some(direction)) {
            alone.entry(document.client).or_default().documents.push(document.clone());
        }
        let purchases: BTreeMap<usize, Vec<Day>> = alone
            .iter()
            .map(|(client, world)| (*client, world.purchases(*client)))
            .filter(|(_, purchases)| purchases.len() >= 3)
            .collect();
        let mut common: BTreeMap<Day, Option<i64>> = BTreeMap::new();
        let mut found = BTreeMap::new();
        for (&client, days) in &purchases {
            let Some(whole) = clients.get(&client) else { continue };
            let cycles: Vec<_> = (1..=days.len())
                .map(|number| {
                    let day = days[number - 1];
                    let quarter = quarter_start(day);
                    let common = *common
                        .entry(quarter)
                        .or_insert_with(|| self.common_cycle(quarter, None, &purchases));
                    let last = whole.purchases.iter().rposition(|bought| *bought <= day).unwrap();
                    let other = common.map_or(whole.cycles[last].0, |days| days * 10_000);
                    let cycle = own_cycle(&days[..number]).unwrap_or(other);
                    (cycle, "pair", Some(self.threshold(client, cycle)))
                })
                .collect();
            let here = self.direction_refusals.iter();
            let here = here.filter(|(who, where_to, _)| *who == client && *where_to == direction);
            let own = self.refusals.iter().filter(|(who, _)| *who == client).copied();
            let world = World {
                refusals: own.chain(here.map(|(who, _, day)| (*who, *day))).collect(),
                closings: self.closings.clone(),
                ..World::default()
            };
            let spells = world.spells(client, days, &cycles, as_of).into_iter();
            let counted = spells.filter(|spell| awake(whole, spell.fell_asleep_on)).map(|spell| {
                let from = plus(spell.last_purchase, -363);
                let value = alone[&client].net(client, from, spell.fell_asleep_on).max(0);
                (spell, value)
            });
            found.insert(client, counted.collect());
        }
        found
    }

    fn threshold(&self, client: usize, cycle: i64) -> i64 {
        let k = match self.sales_types[client] {
            "transactional" => 2,
            "transactional_consultative" => 1,
            _ => return 730,
        };
        let hundredths = (k * cycle + 50) / 100;
        ((hundredths + 99) / 100).clamp(14, 730)
    }

    /// The median mean gap of those who are to be considered, in whole days.
    fn common_cycle(
        &self,
        quarter: Day,
        kind: Option<&'static str>,
        purchases: &BTreeMap<usize, Vec<Day>>,
    ) -> Option<i64> {
        let mut gaps: Vec<(i64, i64)> = Vec::new();
        for (client, days) in purchases {
            if kind.is_some_and(|kind| self.sales_types[*client] != kind) {
                continue;
            }
            let before: Vec<Day> = days.iter().copied().filter(|day| *day < quarter).collect();
            let recent = months_before(plus(quarter, -1), 12);
            if before.len() >= 3 && before[before.len() - 1] > recent {
                let span = (before[before.len() - 1] - before[0]).num_days();
                gaps.push((span, i64::try_from(before.len()).unwrap() - 1));
            }
        }
        if gaps.len() < 30 {
            return None;
        }
        gaps.sort_by(|left, right| (left.0 * right.1).cmp(&(right.0 * left.1)));
        let middle = gaps.len() / 2;
        let (numerator, denominator) = if gaps.len() % 2 == 1 {
            gaps[middle]
        } else {
            let (left, right) = (gaps[middle - 1], gaps[middle]);
            (left.0 * right.1 + right.0 * left.1, 2 * left.1 * right.1)
        };
        Some((2 * numerator + denominator) / (2 * denominator))
    }

    /// The spells, found by living through every day.
    fn spells(
        &self,
        client: usize,
        days: &[Day],
        cycles: &[(i64, &'static str, Option<i64>)],
        as_of: Day,
    ) -> Vec<Spell> {
        let refusals: BTreeSet<Day> =
            self.refusals.iter().filter(|(who, _)| *who == client).map(|(_, day)| *day).collect();
        let closed = self.closings.get(&client);
        let mut spells: Vec<Spell> = Vec::new();
        let mut asleep = false;
        let mut last = 0;
        let mut day = days[0];
        while day <= as_of {
            if let Ok(position) = days.binary_search(&day) {
                last = position;
                if asleep {
                    spells.last_mut().unwrap().returned_on = Some(day);
                    asleep = false;
                }
            } else if !asleep {
                let silent = (day - days[last]).num_days();
                let trigger = if closed == Some(&day) {
                    Some("closed")
                } else if refusals.contains(&day) {
                    Some("refusal")
                } else if cycles[last].2.is_some_and(|threshold| silent > threshold) {
                    Some("silence")
                } else {
                    None
                };
                if let Some(trigger) = trigger {
                    asleep = true;
                    spells.push(Spell {
                        last_purchase: days[last],
                        fell_asleep_on: day,
                        trigger,
                        returned_on: None,
                    });
                }
            }
            day = plus(day, 1);
        }
        spells
    }
}

/// A world in which each client's documents are found at once.
pub(crate) struct Books {
    by_client: BTreeMap<usize, World>,
    pub(crate) clients: BTreeMap<usize, Client>,
    pub(crate) as_of: Day,
}

impl Books {
    pub(crate) fn new(world: &World, as_of: Day) -> Self {
        let mut by_client: BTreeMap<usize, World> = BTreeMap::new();
        for document in &world.documents {
            by_client.entry(document.client).or_default().documents.push(document.clone());
        }
        Self { by_client, clients: world.clients(as_of), as_of }
    }

    /// The annual value on `day`; `None` for who has not bought by then.
    pub(crate) fn annual_value(&self, client: usize, day: Day) -> Option<i64> {
        let purchases = &self.clients.get(&client)?.purchases;
        let last = purchases.iter().copied().filter(|purchase| *purchase <= day).max()?;
        Some(self.by_client[&client].net(client, plus(last, -363), day).max(0))
    }

    /// The tier of everybody who has bought by `day`.
    pub(crate) fn tiers(
        &self,
        day: Day,
        key: impl Fn(usize) -> String,
    ) -> BTreeMap<usize, &'static str> {
        let mut values: Vec<(i64, String, usize)> = self
            .clients
            .keys()
            .filter_map(|client| Some((self.annual_value(*client, day)?, key(*client), *client)))
            .collect();
        values.sort_by(|left, right| right.0.cmp(&left.0).then(left.1.cmp(&right.1)));
        let total: i64 = values.iter().map(|(value, ..)| value).sum();
        let mut before = 0;
        let mut tiers = BTreeMap::new();
        for (value, _, client) in values {
            let tier = if value == 0 {
                "copper"
            } else if before * 100 < total * 75 {
                "gold"
            } else if before * 100 < total * 95 {
                "silver"
            } else {
                "copper"
            };
            before += value;
            tiers.insert(client, tier);
        }
        tiers
    }

    /// The status on the day.
    pub(crate) fn status(&self, client: usize, world: &World) -> &'static str {
        let about = &self.clients[&client];
        let open = about.spells.last().filter(|spell| spell.returned_on.is_none());
        if let Some(spell) = open {
            let days = (self.as_of - spell.fell_asleep_on).num_days();
            return match world.closings.get(&client) {
                Some(closed) if *closed <= self.as_of => "closed",
                _ if days > 365 => "lost",
                _ => "asleep",
            };
        }
        let last = about.purchases[about.purchases.len() - 1];
        let (cycle, _, threshold) = about.cycles[about.cycles.len() - 1];
        let lost_deal = matches!(world.sales_types[client], "consultative" | "strategic");
        if let (Some(threshold), false) = (threshold, lost_deal) {
            let call_by = plus(last, threshold);
            let call_from = plus(last, (cycle + 9_999) / 10_000 + 5).min(call_by);
            if self.as_of >= call_from {
                return "overdue";
            }
        }
        let returned = about.spells.last().and_then(|spell| spell.returned_on);
        let further = |day: Day| about.purchases.iter().filter(|purchase| **purchase > day).count();
        match returned {
            Some(day) if further(day) < 2 => "returned",
            _ if about.purchases[0] >= quarter_start(self.as_of) => "new",
            _ => "active",
        }
    }
}

/// Whether he has bought and is in no spell at the end of `day`.
pub(crate) fn awake(client: &Client, day: Day) -> bool {
    client.purchases[0] <= day
        && !client.spells.iter().any(|spell| {
            spell.fell_asleep_on <= day && spell.returned_on.is_none_or(|returned| returned > day)
        })
}
