//! Attempts, the bridge of value, and who calls whom, as the twin has them.

use std::collections::{BTreeMap, BTreeSet};

use crate::naive::{quarter_end, quarter_name};
use crate::naive_company::{key, money, plus};
use crate::naive_reports::{Tried, Twin};
use crate::naive_tables::{Row, days, text};

impl Twin {
    /// At which step an attempt stands.
    fn step(&self, one: &Tried) -> &'static str {
        let early = one.attempt.closed_on.is_some_and(|closed| closed < one.until);
        match one.sleep.map(|place| &self.sleeps[place]) {
            None => "preventive",
            Some(_) if one.returned => "returned",
            Some(_) if early => "closed_early",
            Some(_) if one.until > self.as_of => "running",
            Some(_) => "failed",
        }
    }

    pub(crate) fn attempt_rows(&self) -> Vec<Row> {
        let letters = self.tried.iter().any(|one| one.attempt.letter_on.is_some());
        let row = |one: &Tried| {
            let attempt = &one.attempt;
            let sleep = one.sleep.map(|place| &self.sleeps[place]);
            let back = sleep.and_then(|sleep| sleep.returned).filter(|_| one.returned);
            // Who was never a buyer has no rhythm, and an attempt on him no window.
            let until = (!self.purchases(attempt.client).is_empty()
                && self.purchases(attempt.client)[0] < one.s)
                .then_some(one.until);
            let open = attempt.closed_on.is_none()
                && until.is_some_and(|until| until > self.as_of)
                && sleep.is_none_or(|sleep| sleep.returned.is_none())
                && !(sleep.is_none() && one.kept);
            let asked = attempt.surveyed_on.is_some() || attempt.result.is_some();
            let next = match () {
                () if !open || attempt.result == Some("hopeless") => "none",
                () if self.off_limits(attempt.client) => "none",
                () if one.woken => "wait",
                () if !asked => "survey",
                () if letters && attempt.letter_on.is_none() => "letter",
                () => "wake",
            };
            let touched = [
                Some(attempt.started_on),
                attempt.surveyed_on,
                attempt.letter_on,
                attempt.woken_on,
            ];
            let last = touched.into_iter().flatten().max().unwrap();
            vec![
                ("reactivation_id", attempt.id.clone()),
                ("client_key", key(attempt.client)),
                ("spell", text(sleep.map(|sleep| sleep.number))),
                ("attempt", text(sleep.map(|_| one.number))),
                ("window_until", text(until)),
                ("returned_on", text(back)),
                ("step", self.step(one).to_owned()),
                ("next_step", next.to_owned()),
                ("idle_days", text(open.then(|| days(last, self.as_of)))),
            ]
        };
        self.tried.iter().map(row).collect()
    }

    pub(crate) fn value_bridge(&self) -> Vec<Row> {
        let steps =
            ["opening", "new", "returned", "fell_asleep", "closed", "grown", "shrunk", "closing"];
        let mut sums: BTreeMap<(&str, String, String), BTreeMap<&str, i64>> = BTreeMap::new();
        for quarter in self.quarters() {
            let (before, end) = (plus(quarter, -1), quarter_end(quarter));
            let awake_before: BTreeSet<usize> = self.awake(before).collect();
            let awake_after: BTreeSet<usize> = self.awake(end).collect();
            for client in awake_before.union(&awake_after) {
                let (was, is) = (awake_before.contains(client), awake_after.contains(client));
                let opening = if was { self.value(*client, before) } else { 0 };
                let closing = if is { self.value(*client, end) } else { 0 };
                let step = match (was, is) {
                    (true, true) if closing >= opening => "grown",
                    (true, true) => "shrunk",
                    (true, false) => {
                        let sleeps = self.sleeps.iter().filter(|one| one.client == *client);
                        let mut at_end = sleeps.filter(|one| one.open_at(end));
                        let at_end = at_end.next().unwrap();
                        if at_end.trigger == "closed" { "closed" } else { "fell_asleep" }
                    }
                    (false, _) if self.purchases(*client)[0] >= quarter => "new",
                    (false, _) => "returned",
                };
                let card = self.card(*client);
                for (dimension, value) in [
                    ("total", "all"),
                    ("manager", card.manager.unwrap_or("unknown")),
                    ("region", card.region.unwrap_or("unknown")),
                ] {
                    let key = (dimension, value.to_owned(), quarter_name(quarter));
                    let sums = sums.entry(key).or_default();
                    *sums.entry("opening").or_default() += opening;
                    *sums.entry("closing").or_default() += closing;
                    *sums.entry(step).or_default() += (closing - opening).abs();
                }
            }
        }
        let rows = sums.into_iter().map(|((dimension, value, quarter), sums)| {
            let mut row =
                vec![("dimension", dimension.to_owned()), ("value", value), ("quarter", quarter)];
            let sum = |step: &str| money(sums.get(step).copied().unwrap_or_default());
            row.extend(steps.map(|step| (step, sum(step))));
            row
        });
        rows.collect()
    }

    /// Who stands on the call list because he sleeps, or is about to.
    pub(crate) fn to_call(&self) -> BTreeMap<String, &'static str> {
        let mut called = BTreeMap::new();
        for sleep in self.sleepers().filter(|sleep| self.excluded(sleep).is_none()) {
            called.insert(key(sleep.client), "asleep");
        }
        for client in self.books.clients.keys().filter(|client| !self.off_limits(**client)) {
            if self.books.status(*client, &self.world) == "overdue" {
                called.insert(key(*client), "overdue");
            }
        }
        called
    }

    /// What is wrong with a published call list: its rows, their order, who calls.
    pub(crate) fn faults_of_calls(&self, found: &[BTreeMap<String, String>]) -> Vec<String> {
        let mut faults = Vec::new();
        let called = self.to_call();
        for row in found.iter().filter(|row| ["asleep", "overdue"].contains(&row["why"].as_str())) {
            let expected = called.get(&row["client_key"]).copied().unwrap_or("not to be called");
            if row["why"] != expected {
                faults.push(format!("call_list: {row:?} is {expected}"));
            }
        }
        let keys: BTreeSet<&String> = found.iter().map(|row| &row["client_key"]).collect();
        let missing = called.keys().filter(|key| !keys.contains(*key));
        faults.extend(missing.map(|key| format!("call_list: {key} is missing")));
        if keys.len() != found.len() {
            faults.push("call_list: somebody stands there twice".to_owned());
        }
        let cents = |row: &BTreeMap<String, String>| -> i64 {
            row["gain"].replace('.', "").parse().unwrap()
        };
        let mut ordered: Vec<&BTreeMap<String, String>> = found.iter().collect();
        ordered.sort_by(|left, right| {
            // Who is awake is fresher than anybody asleep.
            let fresh = |row: &BTreeMap<String, String>| match row["fell_asleep_on"].as_str() {
                "" => self.as_of.to_string(),
                day => day.to_owned(),
            };
            let rank = |row: &BTreeMap<String, String>| (row["important"] != "true", -cents(row));
            rank(left)
                .cmp(&rank(right))
                .then_with(|| fresh(right).cmp(&fresh(left)))
                .then_with(|| left["client_key"].cmp(&right["client_key"]))
        });
        let mut calls: BTreeMap<&str, usize> = BTreeMap::new();
        for (place, row) in ordered.into_iter().enumerate() {
            if row["order_no"] != (place + 1).to_string() {
                faults.push(format!("call_list: {row:?} belongs to place {}", place + 1));
            }
            let caller = self.caller(row, &calls);
            if row["caller"] != caller.unwrap_or_default() {
                faults.push(format!("call_list: {row:?} is to be called by {caller:?}"));
            }
            if let Some(caller) = caller {
                let number = calls.entry(caller).or_default();
                *number += 1;
                if row["caller_no"] != number.to_string() {
                    faults.push(format!("call_list: {row:?} is number {number} of {caller}"));
                }
            }
        }
        faults
    }

    /// Who is to call, when each has so many rows already.
    fn caller<'a>(
        &'a self,
        row: &'a BTreeMap<String, String>,
        calls: &BTreeMap<&str, usize>,
    ) -> Option<&'a str> {
        let lost_by = row["lost_by"].as_str();
        let managers = &self.seen.managers;
        let of = |name: &str| managers.iter().find(|one| one.0 == name);
        let may = |name: &str| !name.is_empty() && name != lost_by;
        let running = row["in_attempt_by"].as_str();
        if may(running) {
            return Some(running);
        }
        let reasons = ["service_quality", "conflict", "chemistry"];
        if reasons.contains(&row["reason"].as_str())
            && let Some(superior) = of(lost_by).and_then(|one| one.2).filter(|name| may(name))
        {
            return Some(superior);
        }
        let role = match row["sales_type"].as_str() {
            "consultative" | "strategic" => "account_manager",
            _ => "developer",
        };
        let own = row["manager"].as_str();
        let unknown = row["reason"] == "unknown";
        if may(own) && !unknown && of(own).is_some_and(|one| one.1 == role) {
            return Some(own);
        }
        let passed = |name: &str| !may(name) || unknown && name == own;
        let free = managers.iter().filter(|one| one.1 == role && !passed(one.0));
        free.map(|one| one.0).min_by_key(|name| (calls.get(name).copied().unwrap_or(0), *name))
    }
}
