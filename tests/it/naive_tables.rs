//! Clients, their spells and the list of sleepers as the twin has them.

use std::collections::BTreeMap;

use crate::naive::{Day, later_quarter, quarter_end, quarter_start};
use crate::naive_company::{Paper, SMALL, key, money, plus, rounded, twice_median, up};
use crate::naive_reports::{Sleep, Twin};

/// The columns of a row that are held against what was published, the key first.
pub(crate) type Row = Vec<(&'static str, String)>;

pub(crate) fn text(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

pub(crate) fn days(from: Day, to: Day) -> i64 {
    (to - from).num_days()
}

/// A share as a decimal with so many places.
pub(crate) fn places(numerator: i64, denominator: i64, places: u32) -> String {
    let unit = 10_i64.pow(places);
    let value = rounded(numerator * unit, denominator);
    let sign = if value < 0 { "-" } else { "" };
    let (whole, rest) = (value.abs() / unit, value.abs() % unit);
    format!("{sign}{whole}.{rest:0width$}", width = places as usize)
}

impl Twin {
    /// A, B or C.
    fn abc(&self) -> BTreeMap<usize, &'static str> {
        let clients = self.books.clients.keys();
        let mut values: Vec<(i64, String, usize)> = clients
            .map(|client| (-self.value(*client, self.as_of), key(*client), *client))
            .collect();
        values.sort();
        let total: i64 = values.iter().map(|(value, ..)| -value).sum();
        let mut before = 0;
        let mut classes = BTreeMap::new();
        for (value, _, client) in values {
            let class = match () {
                () if value == 0 => "C",
                () if before * 100 < total * 80 => "A",
                () if before * 100 < total * 95 => "B",
                () => "C",
            };
            before -= value;
            classes.insert(client, class);
        }
        classes
    }

    fn xyz(&self, client: usize) -> Option<&'static str> {
        let purchases = self.purchases(client);
        let last = quarter_start(purchases[purchases.len() - 1]);
        let mut nets: Vec<i128> = Vec::new();
        let mut start = later_quarter(quarter_start(purchases[0]), 1);
        while start <= last && quarter_end(start) <= self.as_of {
            nets.push(self.net(client, start, quarter_end(start)).into());
            start = later_quarter(start, 1);
        }
        let nets = &nets[nets.len().saturating_sub(8)..];
        if nets.len() < 4 {
            return None;
        }
        let sum: i128 = nets.iter().sum();
        let squares: i128 = nets.iter().map(|net| net * net).sum();
        // The variance is (n Σx² − (Σx)²) ÷ n², the mean Σx ÷ n.
        let spread = nets.len() as i128 * squares - sum * sum;
        Some(match () {
            () if sum <= 0 => "Z",
            () if 4 * spread <= sum * sum => "X",
            () if spread <= sum * sum => "Y",
            () => "Z",
        })
    }

    fn margin(&self, client: usize) -> Option<f64> {
        let purchases = self.purchases(client);
        let from = plus(purchases[purchases.len() - 1], -363);
        let sales: Vec<&Paper> =
            self.papers(client, "shipment").filter(|one| one.day >= from).collect();
        let whole: i64 = sales.iter().map(|one| one.amount).sum();
        let lines = || sales.iter().flat_map(|one| &one.lines).filter(|line| line.1.is_some());
        let amount: i64 = lines().map(|line| line.0).sum();
        let cost: i64 = lines().map(|line| line.1.unwrap()).sum();
        (whole > 0 && 5 * amount >= 4 * whole).then(|| (amount - cost) as f64 / amount as f64)
    }

    fn days_late(&self, client: usize) -> Option<i64> {
        let own = self.seen.papers.iter().filter(|one| one.client == client && !one.cancelled);
        twice_median(own.filter_map(|one| Some(days(one.due?, one.paid_on?))).collect())
    }

    pub(crate) fn one_off(&self, client: usize) -> bool {
        self.purchases(client).len() == 1 || self.card(client).one_off
    }

    pub(crate) fn small(&self, client: usize) -> bool {
        let potential = self.card(client).potential;
        self.value(client, self.as_of) < SMALL.0
            && potential.is_none_or(|potential| potential < SMALL.1)
    }

    pub(crate) fn last_return(&self, client: usize) -> Option<&Sleep> {
        let own = self.sleeps.iter().rev().find(|sleep| sleep.client == client)?;
        own.returned.map(|_| own)
    }

    pub(crate) fn further(&self, client: usize, returned: Day) -> usize {
        self.purchases(client).iter().filter(|day| **day > returned).count()
    }

    /// The days between which an awake client is to be called.
    pub(crate) fn call(&self, client: usize) -> (Option<Day>, Option<Day>) {
        if matches!(self.card(client).sales_type, "consultative" | "strategic") {
            return (None, None);
        }
        let (cycle, _, threshold) = *self.books.clients[&client].cycles.last().unwrap();
        let last = *self.purchases(client).last().unwrap();
        let by = plus(last, threshold.unwrap());
        (Some(plus(last, up(cycle, 10_000) + 5).min(by)), Some(by))
    }

    pub(crate) fn dim_clients(&self) -> Vec<Row> {
        let abc = self.abc();
        let row = |(client, about): (&usize, &crate::naive::Client)| {
            let client = *client;
            let card = self.card(client);
            let (cycle, basis, threshold) = *about.cycles.last().unwrap();
            let open = self.open_sleep(client);
            let back = self.last_return(client).and_then(|sleep| sleep.returned);
            let (call_from, call_by) = self.call(client);
            vec![
                ("client_key", key(client)),
                ("region", text(card.region)),
                ("manager", text(card.manager)),
                ("closed_on", text(card.closed_on)),
                ("one_off", self.one_off(client).to_string()),
                ("first_purchase", about.purchases[0].to_string()),
                ("last_purchase", text(about.purchases.last())),
                ("purchases", about.purchases.len().to_string()),
                ("cycle", places(cycle, 10_000, 4)),
                ("cycle_basis", basis.to_owned()),
                ("threshold", text(threshold)),
                ("call_from", text(call_from)),
                ("call_by", text(call_by)),
                ("annual_value", money(self.value(client, self.as_of))),
                ("tier", self.tier(client, self.as_of).to_owned()),
                ("abc", abc[&client].to_owned()),
                ("xyz", text(self.xyz(client))),
                ("margin", text(self.margin(client))),
                ("days_late", text(self.days_late(client).map(|twice| places(twice, 2, 1)))),
                ("small", self.small(client).to_string()),
                ("spells", about.spells.len().to_string()),
                ("fell_asleep_on", text(open.map(|sleep| sleep.fell))),
                ("days_asleep", text(open.map(|sleep| days(sleep.fell, self.as_of)))),
                ("returned_on", text(back)),
                ("further_purchases", text(back.map(|back| self.further(client, back)))),
                ("status", self.books.status(client, &self.world).to_owned()),
            ]
        };
        self.books.clients.iter().map(row).collect()
    }

    pub(crate) fn fct_spells(&self) -> Vec<Row> {
        let row = |sleep: &Sleep| {
            let card = self.card(sleep.client);
            let end = sleep.returned.unwrap_or(self.as_of);
            let reason = sleep.reason();
            let spoken = sleep.trigger != "silence";
            vec![
                ("client_key", key(sleep.client)),
                ("spell", sleep.number.to_string()),
                ("last_purchase", sleep.last_purchase.to_string()),
                ("cycle", places(sleep.cycle, 10_000, 4)),
                ("cycle_basis", sleep.basis.to_owned()),
                ("threshold", sleep.threshold.to_string()),
                ("fell_asleep_on", sleep.fell.to_string()),
                ("trigger", sleep.trigger.to_owned()),
                ("form", if spoken { "spoken" } else { "silent" }.to_owned()),
                ("spoken_on", text(sleep.spoken_on)),
                ("returned_on", text(sleep.returned)),
                ("days_asleep", days(sleep.fell, end).to_string()),
                ("reason", reason.1.to_owned()),
                ("reason_group", reason.2.to_owned()),
                ("reason_source", text(sleep.reason_source())),
                ("main_direction", text(self.main_direction(sleep))),
                ("region", text(card.region)),
                ("industry", text(card.industry)),
                ("lost_by", text(self.lost_by(sleep))),
                ("tier", self.tier_of(sleep).to_owned()),
                ("annual_value", money(self.value(sleep.client, sleep.fell))),
            ]
        };
        self.sleeps.iter().map(row).collect()
    }

    /// Returned and seen among the spells that had lasted as long, of a tier, of all, or longer.
    fn odds(&self, sleep: &Sleep) -> (i64, i64) {
        let month = (days(sleep.fell, self.as_of) / 30).min(36);
        let share = |month: i64, tier: Option<&str>| {
            let (mut seen, mut ended) = (0, 0);
            for other in &self.sleeps {
                let from = plus(other.fell, 30 * month);
                let fits = tier.is_none_or(|tier| self.tier_of(other) == tier);
                if fits && other.open_at(from) && plus(from, 365) <= self.as_of {
                    seen += 1;
                    ended += i64::from(other.returned.is_some_and(|day| day <= plus(from, 365)));
                }
            }
            (ended, seen)
        };
        let longer = |from: i64| {
            let shares = (from..=36).map(|month| share(month, None));
            shares.fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1))
        };
        let tried = [share(month, Some(self.tier_of(sleep))), share(month, None), longer(month)];
        tried.into_iter().find(|(_, seen)| *seen >= 30).unwrap_or((0, 1))
    }

    /// The newest survey result of a spell.
    fn survey(&self, sleep: &Sleep) -> Option<&'static str> {
        let tried = self.tried_of(sleep);
        let surveyed = tried.iter().filter(|one| one.attempt.result.is_some());
        let newest = surveyed.max_by_key(|one| {
            let attempt = &one.attempt;
            let surveyed_on = attempt.surveyed_on.unwrap_or(attempt.started_on);
            (surveyed_on, attempt.started_on, &attempt.id)
        });
        newest?.attempt.result
    }

    /// Whether a client must not be contacted, or is known to have closed.
    pub(crate) fn off_limits(&self, client: usize) -> bool {
        let card = self.card(client);
        let gone = self.open_sleep(client).is_some_and(|sleep| {
            let sure = matches!(sleep.reason_source(), Some("verified" | "client"));
            sure && matches!(sleep.reason().1, "liquidated" | "ended_activity")
        });
        card.do_not_contact || card.closed_on.is_some() || gone
    }

    /// Attempts of a spell whose window is over.
    fn failed(&self, sleep: &Sleep) -> usize {
        let tried = self.tried_of(sleep);
        let failed = tried.iter().filter(|one| {
            let early = one.attempt.closed_on.is_some_and(|closed| closed < one.until);
            !one.returned && !early && (one.until <= self.as_of || sleep.returned.is_some())
        });
        failed.count()
    }

    pub(crate) fn excluded(&self, sleep: &Sleep) -> Option<&'static str> {
        let card = self.card(sleep.client);
        match () {
            () if card.do_not_contact => Some("do_not_contact"),
            () if self.off_limits(sleep.client) => Some("closed"),
            () if self.survey(sleep) == Some("hopeless") => Some("hopeless"),
            () if self.lost_before(sleep) => Some("lost_twice"),
            () if self.failed(sleep) >= 3 => Some("max_attempts"),
            () if card.important => None,
            () if self.one_off(sleep.client) => Some("one_off"),
            () if self.small(sleep.client) => Some("small"),
            () => None,
        }
    }

    pub(crate) fn survey_group(&self, sleep: &Sleep) -> &'static str {
        self.survey(sleep).or(sleep.reason().3).unwrap_or("unknown")
    }

    pub(crate) fn sleepers(&self) -> impl Iterator<Item = &Sleep> {
        self.sleeps.iter().filter(|sleep| sleep.returned.is_none())
    }

    pub(crate) fn sleeping_clients(&self) -> Vec<Row> {
        let abc = self.abc();
        let gain = |sleep: &Sleep| {
            let value = self.value(sleep.client, self.as_of);
            let (ended, seen) = self.odds(sleep);
            rounded(value * ended, seen)
        };
        let mut order: Vec<(bool, i64, i64, String)> = self
            .sleepers()
            .filter(|sleep| self.excluded(sleep).is_none())
            .map(|sleep| {
                (
                    !self.card(sleep.client).important,
                    -gain(sleep),
                    days(sleep.fell, self.as_of),
                    key(sleep.client),
                )
            })
            .collect();
        order.sort();
        let row = |sleep: &Sleep| {
            let client = sleep.client;
            let value = self.value(client, self.as_of);
            let asleep = days(sleep.fell, self.as_of);
            let excluded = self.excluded(sleep);
            let place = order.iter().position(|one| one.3 == key(client));
            let since = |day: Day| day >= sleep.fell;
            let asks = self.requests(client).into_iter().any(since)
                || self.contacts(client).any(|one| one.kind == "quote" && since(one.day))
                || self.papers(client, "quote").any(|one| since(one.day))
                || self.papers(client, "invoice").any(|one| since(one.day));
            let signs: Vec<&str> = self.signs(client).into_keys().collect();
            let missed = days(sleep.last_purchase, self.as_of) * 10_000;
            let (ended, seen) = self.odds(sleep);
            let reason = sleep.reason();
            vec![
                ("client_key", key(client)),
                ("spell", sleep.number.to_string()),
                ("listed", excluded.is_none().to_string()),
                ("excluded_because", text(excluded)),
                ("priority", text(place.map(|place| place + 1))),
                ("tier", self.tier(client, self.as_of).to_owned()),
                ("abc", abc[&client].to_owned()),
                ("direction", text(self.main_direction(sleep))),
                ("fell_asleep_on", sleep.fell.to_string()),
                ("days_asleep", asleep.to_string()),
                ("cycles_missed", places(missed, sleep.cycle, 1)),
                ("trigger", sleep.trigger.to_owned()),
                ("signs", signs.join(", ")),
                ("last_contact", text(self.last_contact(client))),
                ("last_request", text(self.requests(client).last())),
                ("still_asks", asks.to_string()),
                ("attempts", self.tried_of(sleep).len().to_string()),
                ("annual_value", money(value)),
                ("lost_value", money(rounded(value * asleep, 364))),
                ("return_odds", places(ended, seen, 6)),
                ("expected_gain", money(gain(sleep))),
                ("reason", reason.1.to_owned()),
                ("lost_by", text(self.lost_by(sleep))),
                ("survey_group", self.survey_group(sleep).to_owned()),
            ]
        };
        self.sleepers().map(row).collect()
    }
}
