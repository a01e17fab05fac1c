//! Pairs by hand, and against all pairs looked at one by one.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::company_name;
use super::duplicates::{Client, Duplicates, Reason, duplicates};
use super::tax_id::{Validity, examine, is_nobody};

/// `id|name|tax id|phone|mail`, each its own client.
fn client(row: &str) -> Client {
    let cells: Vec<&str> = row.split('|').collect();
    let cell =
        |at: usize| cells.get(at).filter(|cell| !cell.is_empty()).map(|cell| (*cell).to_owned());
    Client {
        id: cells[0].to_owned(),
        key: cells[0].to_owned(),
        name: cell(1).unwrap_or_default(),
        tax_id: cell(2),
        phone: cell(3),
        email: cell(4),
    }
}

fn found(rows: &[&str]) -> Vec<String> {
    let clients: Vec<Client> = rows.iter().map(|row| client(row)).collect();
    told(&clients, &duplicates(&clients))
}

fn told(clients: &[Client], found: &Duplicates) -> Vec<String> {
    let tell = |pair: &super::duplicates::Pair| {
        let reasons: Vec<String> = pair.reasons.iter().map(ToString::to_string).collect();
        let (left, right) = (&clients[pair.left].id, &clients[pair.right].id);
        format!("{left} {right} {} {}", pair.score, reasons.join(", "))
    };
    found.pairs.iter().map(tell).collect()
}

#[test]
fn each_reason_pairs_and_together_they_weigh_more() {
    assert_eq!(
        found(&["s:1|А|274051582", "t:2|Б|0274051582"]),
        ["s:1 t:2 95 tax id"],
        "a lost zero"
    );
    assert_eq!(
        found(&["t:2|Б||8 (495) 123-45-67", "s:1|А||+7 495 1234567; 112"]),
        ["s:1 t:2 60 phone"]
    );
    assert_eq!(found(&["s:1|А|||Buh@A.ru", "t:2|Б|||x@b.ru buh@a.ru"]), ["s:1 t:2 70 mail"]);
    assert_eq!(found(&["s:1|ООО «Ёлка»", "t:2|ЕЛКА, ЗАО"]), ["s:1 t:2 80 name"]);
    assert_eq!(
        found(&["s:1|ООО Стройматериалы", "t:2|АО Стройматериал"]),
        ["s:1 t:2 58 name 98 % alike"]
    );
    assert_eq!(
        found(&["s:1|Ёлка||4951234567|a@b.ru", "t:2|Елка||4951234567|a@b.ru"]),
        ["s:1 t:2 97 mail, phone, name"]
    );
}

#[test]
fn two_valid_tax_ids_are_two_legal_persons() {
    let rows = ["s:1|Ромашка|7707083893|4951234567", "t:2|Ромашка|7736050003|4951234567"];
    assert_eq!(found(&rows), ["s:1 t:2 30 phone"]);
    let wrong = ["s:1|Ромашка|7707083894", "t:2|Ромашка|7736050003"];
    assert_eq!(found(&wrong), ["s:1 t:2 80 name"]);
}

#[test]
fn numbers_tell_names_apart_and_nobody_is_not_shared() {
    assert!(found(&["s:1|Магазин Север 1", "s:2|Магазин Север 2"]).is_empty());
    assert!(found(&["s:1|А|0000000000|0000000000|-", "t:2|Б|0000000000|0000000000|-"]).is_empty());
}

#[test]
fn a_switchboard_tells_nothing_and_a_large_group_is_told() {
    let rows = |count: usize, cell: &dyn Fn(usize) -> String| -> Vec<Client> {
        (0..count).map(|number| client(&format!("s:{number:04}|{}", cell(number)))).collect()
    };
    assert_eq!(duplicates(&rows(5, &|_| "||4951234567".to_owned())).pairs.len(), 10);
    assert!(duplicates(&rows(6, &|_| "||4951234567".to_owned())).pairs.is_empty());
    let same = duplicates(&rows(201, &|_| "Покупатель".to_owned()));
    assert!(same.pairs.is_empty());
    let shared: Vec<&str> = same.left_out.iter().map(|group| group.shared.as_str()).collect();
    assert_eq!(shared, ["name покупатель", "names that begin with поку"]);
}

#[test]
fn what_is_settled_is_no_pair() {
    let mut clients = [client("s:1|Ромашка"), client("t:2|Ромашка")];
    clients[1].key = "s:1".to_owned();
    assert!(duplicates(&clients).pairs.is_empty());
}

/// The exact rules, by looking at all pairs.
fn naive(clients: &[Client]) -> BTreeMap<(String, String), BTreeSet<Reason>> {
    let tax = |client: &Client| {
        let id = examine(client.tax_id.as_deref()?);
        (!is_nobody(&id.normalised)).then_some(id)
    };
    let digits = |client: &Client| {
        let all: String = client.phone.as_deref()?.chars().filter(char::is_ascii_digit).collect();
        (all.len() >= 7).then(|| all[all.len().saturating_sub(10)..].to_owned())
    };
    let mail = |client: &Client| client.email.as_deref().map(str::to_lowercase);
    let shared = |value: &dyn Fn(&Client) -> Option<String>, wanted: &str| {
        let with = clients.iter().filter(|client| value(client).as_deref() == Some(wanted));
        with.map(|client| &client.key).collect::<BTreeSet<_>>().len() <= 5
    };
    let mut pairs = BTreeMap::new();
    for one in clients {
        for other in clients.iter().filter(|other| one.id < other.id && one.key != other.key) {
            let mut reasons = BTreeSet::new();
            let (a, b) = (tax(one), tax(other));
            let mut contradict = false;
            if let (Some(a), Some(b)) = (&a, &b) {
                let bare = |id: &str| id.trim_start_matches('0').to_owned();
                let same = bare(&a.normalised) == bare(&b.normalised);
                reasons.extend(same.then_some(Reason::TaxId));
                let valid = a.validity == Validity::Valid && b.validity == Validity::Valid;
                contradict = !same && valid && a.kind == b.kind;
            }
            let same = |value: &dyn Fn(&Client) -> Option<String>| {
                value(one)
                    .is_some_and(|text| value(other) == Some(text.clone()) && shared(value, &text))
            };
            reasons.extend(same(&digits).then_some(Reason::Phone));
            reasons.extend(same(&mail).then_some(Reason::Mail));
            let (a, b) = (company_name::normalise(&one.name), company_name::normalise(&other.name));
            reasons.extend((a == b && !a.is_empty() && !contradict).then_some(Reason::Name));
            if !reasons.is_empty() {
                pairs.insert((one.id.clone(), other.id.clone()), reasons);
            }
        }
    }
    pairs
}

fn clients() -> impl Strategy<Value = Vec<Client>> {
    let tax = prop::sample::select(vec![
        "",
        "7707083893",
        "7736050003",
        "ИНН 7707083893 / 770101001",
        "274051582",
        "0274051582",
        "0000000000",
        "12",
        "DE136695976",
    ]);
    let phone =
        prop::sample::select(vec!["", "12345678", "8 495 123-45-67", "+74951234567", "112"]);
    let mail = prop::sample::select(vec!["", "a@b.ru", "A@B.RU", "c@d.ru"]);
    let name =
        prop::sample::select(vec!["", "ООО Альфа", "Альфа", "АО «Бета»", "БЕТА", "Гамма Ltd"]);
    let row = (tax, phone, mail, name, 0..30_usize);
    prop::collection::vec(row, 0..24).prop_map(|rows| {
        let row =
            |(at, (tax, phone, mail, name, key)): (usize, (&str, &str, &str, &str, usize))| {
                let mut client = client(&format!("s:{at:02}|{name}|{tax}|{phone}|{mail}"));
                client.key = format!("k{key}");
                client
            };
        rows.into_iter().enumerate().map(row).collect()
    })
}

proptest! {
    #[test]
    fn groups_find_what_all_pairs_find(clients in clients()) {
        let found = duplicates(&clients);
        let exact: BTreeMap<_, _> = found
            .pairs
            .iter()
            .map(|pair| {
                let exact = pair.reasons.iter().copied();
                let exact = exact.filter(|reason| !matches!(reason, Reason::LikeName(_)));
                let (left, right) = (&clients[pair.left].id, &clients[pair.right].id);
                ((left.clone(), right.clone()), exact.collect::<BTreeSet<_>>())
            })
            .filter(|(_, reasons)| !reasons.is_empty())
            .collect();
        prop_assert_eq!(exact, naive(&clients));
        prop_assert!(found.pairs.iter().all(|pair| (1..=100).contains(&pair.score)));
    }
}
