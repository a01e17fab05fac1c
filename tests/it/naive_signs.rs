//! The signs of clients as the twin has them.

use std::collections::BTreeMap;

use chrono::Months;

use crate::naive::Day;
use crate::naive_company::{Contact, Paper, key, money, plus, rounded, up};
use crate::naive_reports::{Twin, same};
use crate::naive_tables::{Row, days, places};

impl Twin {
    /// The signs of a client: value and limit where the page says what they are, and since when.
    pub(crate) fn signs(&self, client: usize) -> BTreeMap<&'static str, Row> {
        let mut signs: BTreeMap<&'static str, Row> = BTreeMap::new();
        let mut show = |sign, since: Day, value: i64, limit: String| {
            signs.insert(
                sign,
                vec![
                    ("since", since.to_string()),
                    ("value", value.to_string()),
                    ("limit_value", limit),
                ],
            );
        };
        let until_now = |day: Day| days(day, self.as_of);
        let about = &self.books.clients[&client];
        let (cycle, _, threshold) = *about.cycles.last().unwrap();
        let threshold = threshold.unwrap();
        let open = self.open_sleep(client);
        let in_cycle = |day: Day| days(day, self.as_of) * 10_000 <= cycle;
        if let Some(open) = open {
            show("silence", open.fell, until_now(open.fell), threshold.to_string());
        }
        let requests = self.requests(client);
        if requests.len() >= 3 {
            let last = requests[requests.len() - 1];
            if months_later(last, 3) <= self.as_of && days(last, self.as_of) >= threshold {
                let limit = days(last, months_later(last, 3)).max(threshold);
                show("no_requests", last, until_now(last), limit.to_string());
            }
            let earliest = requests[requests.len() - 3];
            let ordered = self.papers(client, "order").any(|order| order.day >= earliest);
            if !ordered && *about.purchases.last().unwrap() < earliest {
                show("requests_without_order", earliest, 3, "3".to_owned());
            }
        }
        let mut answered: Vec<&Contact> = self
            .contacts(client)
            .filter(|contact| contact.ours() && contact.outcome.is_some())
            .collect();
        answered.sort_by_key(|contact| contact.day);
        if let [.., first, second, third] = answered[..]
            && [first, second, third].iter().all(|one| one.outcome == Some("no_answer"))
        {
            show("no_answer", first.day, 3, "3".to_owned());
        }
        let scores = || self.seen.scores.iter().filter(|score| score.client == client);
        if let Some(last) = scores().map(|score| score.day).max() {
            let lowest = scores().filter(|one| one.day == last).map(|one| one.score).min().unwrap();
            if lowest <= 6 && last > self.months_ago(12) {
                show("detractor", last, lowest, "6".to_owned());
            }
        }
        let complaints = self.contacts(client).filter(|contact| contact.kind == "complaint");
        if let Some(last) = complaints.map(|contact| contact.day).filter(|day| in_cycle(*day)).max()
        {
            show("complaint", last, until_now(last), places(cycle, 10_000, 4));
        }
        let touched = self.last_contact(client).unwrap_or(about.purchases[0]);
        if open.is_none() && days(touched, self.as_of) >= 180 {
            show("no_outreach", touched, until_now(touched), "180".to_owned());
        }
        let late = self.papers(client, "order").filter_map(|order| {
            let shipments = self.papers(client, "shipment");
            let own = shipments
                .filter(|one| self.named(one, "order").is_some_and(|named| same(named, order)));
            let due = order.due?;
            if let Some(first) = own.map(|one| one.day).min() {
                return (first > due && in_cycle(first)).then_some((first, days(due, first)));
            }
            let late = self.as_of > due && self.orders_are_named();
            late.then(|| (plus(due, 1), days(due, self.as_of)))
        });
        let late: Vec<(Day, i64)> = late.collect();
        if let (Some(last), Some(most)) =
            (late.iter().map(|one| one.0).max(), late.iter().map(|one| one.1).max())
        {
            show("late_delivery", last, most, "0".to_owned());
        }
        let falling = self.falling(client);
        let last = *about.purchases.last().unwrap();
        let count = falling.len();
        for (sign, value, limit) in falling {
            let about = vec![("since", last.to_string()), ("value", value), ("limit_value", limit)];
            signs.insert(sign, about);
        }
        if count >= 2 {
            let about = vec![("value", count.to_string()), ("limit_value", "2".to_owned())];
            signs.insert("drifting", about);
        }
        signs
    }

    /// The falling signs, each with its value and limit.
    fn falling(&self, client: usize) -> Vec<(&'static str, String, String)> {
        let about = &self.books.clients[&client];
        let count = about.purchases.len();
        if count < 5 {
            return Vec::new();
        }
        let (first, last) = (about.purchases[0], about.purchases[count - 1]);
        let w = up(2 * about.cycles[count - 1].0, 10_000).max(14);
        let y = (days(first, plus(last, -w)) + 1).min(364).max(2 * w);
        let mut falling = Vec::new();
        let now = (plus(last, 1 - w), last);
        let before = (plus(last, 1 - w - y), plus(last, -w));
        // Below half of w ÷ y of the days before.
        let below = |now: i64, before: i64| 2 * y * now < w * before;
        let (net, net_before) =
            (self.net(client, now.0, now.1), self.net(client, before.0, before.1));
        if below(net, net_before) {
            let limit = rounded(w * net_before, 2 * y);
            falling.push(("falling_volume", money(net), money(limit)));
        }
        let gap = days(about.purchases[count - 2], last);
        let known = about.cycles[count - 2].0;
        if gap * 20_000 > 3 * known {
            falling.push(("falling_frequency", gap.to_string(), places(3 * known, 20_000, 4)));
        }
        let invoices = |from: Day, until: Day| {
            let dated = self.papers(client, "invoice");
            dated.filter(|one| one.day >= from && one.day <= until).count() as i64
        };
        let (issued, issued_before) = (invoices(now.0, now.1), invoices(before.0, before.1));
        if below(issued, issued_before) {
            let limit = places(w * issued_before, 2 * y, 4);
            falling.push(("falling_invoices", issued.to_string(), limit));
        }
        let paid = |from: Day, until: Day| {
            let (mut due, mut paid) = (0_i64, 0_i64);
            for invoice in self.papers(client, "invoice") {
                let day = invoice.due.unwrap_or(plus(invoice.day, 30));
                if day >= from && day <= until {
                    due += invoice.amount;
                    paid += self.paid(invoice);
                }
            }
            (due, paid)
        };
        let now = paid(plus(self.as_of, 1 - w), self.as_of);
        let before = paid(plus(self.as_of, 1 - w - y), plus(self.as_of, -w));
        let product = |left: i64, right: i64| i128::from(left) * i128::from(right);
        if now.0 > 0 && before.0 > 0 && 2 * product(now.1, before.0) < product(before.1, now.0) {
            let (share, limit) = (places(now.1, now.0, 4), places(before.1, 2 * before.0, 4));
            falling.push(("falling_paid_share", share, limit));
        }
        falling
    }

    /// What was paid of an invoice.
    fn paid(&self, invoice: &Paper) -> i64 {
        if invoice.paid_on.is_some() {
            return invoice.amount;
        }
        if !self.links() {
            let mut payments = self.papers(invoice.client, "payment");
            let whole = |one: &Paper| one.day >= invoice.day && one.amount >= invoice.amount;
            return if payments.any(whole) { invoice.amount } else { 0 };
        }
        let payments = self.papers(invoice.client, "payment").filter(|payment| {
            self.named(payment, "invoice").is_some_and(|named| same(named, invoice))
        });
        payments.map(|payment| payment.amount).sum::<i64>().min(invoice.amount)
    }

    pub(crate) fn client_signs(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        for client in self.books.clients.keys() {
            for (sign, about) in self.signs(*client) {
                let mut row = vec![("client_key", key(*client)), ("sign", sign.to_owned())];
                row.extend(about);
                rows.push(row);
            }
        }
        rows
    }
}

/// A day so many months later.
fn months_later(day: Day, months: u32) -> Day {
    day.checked_add_months(Months::new(months)).unwrap()
}
