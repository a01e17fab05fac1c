//! Whom to call and what was broken, as the twin has it.

use std::collections::{BTreeMap, BTreeSet};

use crate::naive::Day;
use crate::naive_company::{Paper, key, money, plus};
use crate::naive_reports::{Sleep, Tried, Twin};
use crate::naive_tables::{Row, days, text};

impl Twin {
    pub(crate) fn never_ordered(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        for client in 0..self.seen.cards.len() {
            let requests = self.requests(client);
            let of_contacts = self.contacts(client).filter(|one| one.kind == "quote");
            let mut quotes: Vec<Day> = of_contacts
                .map(|one| one.day)
                .chain(self.papers(client, "quote").map(|one| one.day))
                .collect();
            quotes.sort_unstable();
            quotes.dedup();
            let few = requests.len() + quotes.len() < 3;
            if !self.purchases(client).is_empty() || few || self.off_limits(client) {
                continue;
            }
            let both = || requests.iter().chain(&quotes);
            rows.push(vec![
                ("client_key", key(client)),
                ("requests", requests.len().to_string()),
                ("quotes", quotes.len().to_string()),
                ("first_asked_on", text(both().min())),
                ("last_asked_on", text(both().max())),
                ("last_contact", text(self.last_contact(client))),
            ]);
        }
        rows
    }

    pub(crate) fn watchlist(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        for client in self.books.clients.keys() {
            let Some(sleep) = self.last_return(*client) else { continue };
            let returned = sleep.returned.unwrap();
            let further = self.further(*client, returned);
            if further >= 2 || self.off_limits(*client) {
                continue;
            }
            let complaints = self
                .contacts(*client)
                .filter(|one| one.kind == "complaint" && one.day >= returned)
                .count();
            let (call_from, call_by) = self.call(*client);
            rows.push(vec![
                ("client_key", key(*client)),
                ("spell", sleep.number.to_string()),
                ("returned_on", returned.to_string()),
                ("days_since_return", days(returned, self.as_of).to_string()),
                ("further_purchases", further.to_string()),
                ("complaints", complaints.to_string()),
                ("last_contact", text(self.last_contact(*client))),
                ("call_from", text(call_from)),
                ("call_by", text(call_by)),
            ]);
        }
        rows
    }

    pub(crate) fn untouched_since(&self, client: usize, day: Day) -> bool {
        self.last_contact(client).is_none_or(|last| last < day)
    }

    pub(crate) fn untouched(&self) -> Vec<Row> {
        let untouched = self.sleepers().filter(|one| {
            self.untouched_since(one.client, one.fell)
                && self.tried_of(one).is_empty()
                && !self.off_limits(one.client)
        });
        let row = |sleep: &Sleep| {
            vec![
                ("client_key", key(sleep.client)),
                ("spell", sleep.number.to_string()),
                ("listed", self.excluded(sleep).is_none().to_string()),
                ("fell_asleep_on", sleep.fell.to_string()),
                ("last_contact", text(self.last_contact(sleep.client))),
            ]
        };
        untouched.map(row).collect()
    }

    pub(crate) fn list_changes(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        let lately = |day: Day| day > plus(self.as_of, -7);
        for sleep in &self.sleeps {
            let open = sleep.returned.is_none();
            let excluded = open.then(|| self.excluded(sleep));
            let mut change = |change: &str, day: Day| {
                rows.push(vec![
                    ("client_key", key(sleep.client)),
                    ("spell", sleep.number.to_string()),
                    ("change", change.to_owned()),
                    ("date", day.to_string()),
                    ("listed", text(excluded.map(|excluded| excluded.is_none()))),
                    ("excluded_because", text(excluded.flatten())),
                ]);
            };
            if lately(sleep.fell) {
                change("entered", sleep.fell);
            }
            if let Some(returned) = sleep.returned.filter(|day| lately(*day)) {
                change("left", returned);
            }
        }
        rows
    }

    pub(crate) fn follow_ups(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        for client in 0..self.seen.cards.len() {
            for age in 2..=60 {
                let day = plus(self.as_of, -age);
                let touched = self.last_contact(client).is_some_and(|last| last > day);
                if touched || self.off_limits(client) {
                    continue;
                }
                let bought = self.purchases(client).iter().any(|bought| *bought >= day);
                let invoices: Vec<&Paper> = self
                    .papers(client, "invoice")
                    .filter(|one| one.day == day && !self.settled(one))
                    .collect();
                let quotes: Vec<&Paper> =
                    self.papers(client, "quote").filter(|one| one.day == day).collect();
                let told =
                    self.contacts(client).filter(|one| one.kind == "quote" && one.day == day);
                let told = told.count();
                for (kind, papers, told) in [("invoice", invoices, 0), ("offer", quotes, told)] {
                    if papers.len() + told == 0 || kind == "offer" && bought {
                        continue;
                    }
                    let sum: i64 = papers.iter().map(|one| one.amount).sum();
                    rows.push(vec![
                        ("client_key", key(client)),
                        ("date", day.to_string()),
                        ("kind", kind.to_owned()),
                        ("documents", (papers.len() + told).to_string()),
                        ("amount", text((!papers.is_empty()).then(|| money(sum)))),
                        ("days", age.to_string()),
                        ("late", (age >= 7).to_string()),
                    ]);
                }
            }
        }
        rows
    }

    /// Who stands above a client's manager: heads, and his superiors.
    fn above(&self, client: usize) -> Vec<&'static str> {
        let managers = &self.seen.managers;
        let heads = managers.iter().filter(|(_, role, _)| *role == "head");
        let mut above: Vec<&str> = heads.map(|(name, ..)| *name).collect();
        let mut at = self.card(client).manager;
        for _ in 0..10 {
            let superior = |name| managers.iter().find(|one| one.0 == name)?.2;
            at = at.and_then(superior);
            above.extend(at);
        }
        above
    }

    /// Rules that were broken in the last 92 days.
    pub(crate) fn rule_breaches(&self) -> Vec<Row> {
        let mut found: BTreeMap<(&str, String, Day), usize> = BTreeMap::new();
        let mut broken = |rule, client, day: Day| {
            if day > plus(self.as_of, -92) && day <= self.as_of {
                *found.entry((rule, key(client), day)).or_default() += 1;
            }
        };
        for Tried { attempt, sleep, until, kept, woken, .. } in &self.tried {
            let client = attempt.client;
            if let Some(sleep) = sleep.map(|place| &self.sleeps[place]) {
                if attempt.manager.is_some() && attempt.manager == self.lost_by(sleep) {
                    broken("called_by_loser", client, attempt.started_on);
                }
                if self.lost_before(sleep) {
                    broken("lost_twice_attempted", client, attempt.started_on);
                }
            }
            let back = sleep.and_then(|place| self.sleeps[place].returned);
            if let Some(closed) = attempt.closed_on.filter(|closed| closed < until)
                && back.is_none_or(|back| back > closed)
                && !(sleep.is_none() && *kept)
            {
                broken("judged_early", client, closed);
            }
            if self.card(client).do_not_contact {
                broken("do_not_contact", client, attempt.started_on);
            }
            let asked = attempt.surveyed_on.or(attempt.result.map(|_| attempt.started_on));
            if let Some(day) = attempt.woken_on
                && sleep.is_some()
                && self.seen.knows_waking
                && asked.is_none_or(|asked| asked > day)
            {
                broken("woken_before_survey", client, day);
            }
            let touches = || {
                let ours = self.contacts(client).filter(|one| one.ours());
                ours.filter(|one| one.day >= attempt.started_on && one.day <= *until)
            };
            let spoken = touches().any(|one| one.kind != "letter");
            let by_word = matches!(attempt.channel, Some("call" | "visit"));
            if let Some(day) = attempt.woken_on
                && *woken
                && touches().count() > 0
                && !spoken
                && !by_word
            {
                broken("mail_only", client, day);
            }
            if let (Some(letter), Some(woken)) = (attempt.letter_on, attempt.woken_on)
                && letter > woken
            {
                broken("letter_after_call", client, letter);
            }
        }
        for contact in self.seen.contacts.iter().filter(|contact| contact.ours()) {
            if self.card(contact.client).do_not_contact {
                broken("do_not_contact", contact.client, contact.day);
            }
        }
        for sleep in &self.sleeps {
            let manager = self.card(sleep.client).manager;
            let refusals = self.seen.refusals.iter().filter(|one| one.client == sleep.client);
            let known = refusals.filter(|one| {
                sleep.open_at(one.day)
                    && one.reason().is_some_and(|(reason, ..)| reason.1 != "unknown")
            });
            let known = known.map(|one| one.day).min();
            let surveys = self.contacts(sleep.client).filter(|one| one.kind == "survey");
            let surveys = surveys.map(|one| (one.day, one.manager));
            let attempts = self
                .tried
                .iter()
                .filter(|one| one.sleep.is_some() && one.attempt.client == sleep.client);
            let attempts = attempts.map(|one| (one.attempt.started_on, one.attempt.manager));
            let asked: BTreeSet<Day> = surveys
                .chain(attempts)
                .filter(|(day, by)| sleep.open_at(*day) && by.is_some() && *by == manager)
                .filter(|(day, _)| known.is_none_or(|known| *day < known))
                .map(|(day, _)| day)
                .collect();
            for day in asked {
                broken("unknown_reason_same_manager", sleep.client, day);
            }
        }
        for sleep in self.sleepers() {
            if let Some(since) = self.seen.list_since {
                let from = sleep.fell.max(since);
                let tried = !self.tried_of(sleep).is_empty();
                let untouched = self.untouched_since(sleep.client, sleep.fell) && !tried;
                if self.excluded(sleep).is_none() && untouched {
                    broken("listed_not_called", sleep.client, plus(from, 14));
                }
            }
            let above = self.above(sleep.client);
            let mut spoke = self.contacts(sleep.client).filter(|one| one.ours());
            let spoke = spoke.any(|one| {
                one.day >= sleep.fell && one.manager.is_some_and(|name| above.contains(&name))
            });
            if self.tier_of(sleep) == "gold" && !spoke && !self.off_limits(sleep.client) {
                broken("head_silent", sleep.client, plus(sleep.fell, 7));
            }
        }
        let rows = found.into_iter().map(|((rule, client, day), times)| {
            vec![
                ("rule", rule.to_owned()),
                ("client_key", client),
                ("date", day.to_string()),
                ("times", times.to_string()),
            ]
        });
        rows.collect()
    }
}
