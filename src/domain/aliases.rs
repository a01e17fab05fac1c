//! Aliases: which client leads to which, as rows to propose and rows to take on.
//!
//! Keeps true: a client leads to one other at most, and following the leads ends.

use std::collections::{BTreeMap, BTreeSet};

use super::duplicates::{Client, Pair, legal_person};

/// An id and where it leads, both as `source:client_id`; the second may be a key of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// Who leads.
    pub from: String,
    /// Where to.
    pub to: String,
}

/// For each pair in turn the row that would make it one: the place in `clients` of who leads, and
/// of whom to. `None` where the rows before it make it one already, where both lead elsewhere, or
/// where it would make one of two legal persons that a third is like.
///
/// Who shares his key with nobody leads, else the later id: the client that others are already part
/// of stays where he is.
#[must_use]
pub fn proposed(
    clients: &[Client],
    pairs: &[Pair],
    aliases: &[Alias],
) -> Vec<Option<(usize, usize)>> {
    let mut ids: BTreeMap<&str, usize> = BTreeMap::new();
    clients.iter().for_each(|client| *ids.entry(&client.key).or_default() += 1);
    let alone = |place: usize| ids.get(clients[place].key.as_str()) == Some(&1);
    let mut leads: BTreeMap<&str, &str> =
        aliases.iter().map(|alias| (alias.from.as_str(), alias.to.as_str())).collect();
    let mut persons: BTreeMap<&str, BTreeMap<&str, String>> = BTreeMap::new();
    for client in clients {
        if let Some((scheme, tax_id)) = legal_person(client) {
            persons.entry(end(&leads, &client.id)).or_default().entry(scheme).or_insert(tax_id);
        }
    }
    let mut rows = Vec::new();
    for pair in pairs {
        let (left, right) = (pair.left, pair.right);
        let sides = if alone(left) && !alone(right) {
            [(left, right), (right, left)]
        } else {
            [(right, left), (left, right)]
        };
        let row = sides.into_iter().find(|(from, to)| {
            let (from, to) = (clients[*from].id.as_str(), clients[*to].id.as_str());
            let (one, other) = (end(&leads, from), end(&leads, to));
            let differ = |(scheme, id): (&&str, &String)| {
                persons.get(other).and_then(|of| of.get(scheme)).is_some_and(|other| other != id)
            };
            !leads.contains_key(from)
                && one != other
                && !persons.get(one).is_some_and(|of| of.iter().any(differ))
        });
        if let Some((from, to)) = row {
            let (from, to) = (clients[from].id.as_str(), clients[to].id.as_str());
            let joining = persons.remove(end(&leads, from)).unwrap_or_default();
            persons.entry(end(&leads, to)).or_default().extend(joining);
            leads.insert(from, to);
        }
        rows.push(row);
    }
    rows
}

/// Where the leads from `id` end; in a circle, somewhere in it.
fn end<'a>(leads: &BTreeMap<&'a str, &'a str>, mut id: &'a str) -> &'a str {
    let mut seen = BTreeSet::new();
    while let Some(to) = leads.get(id).filter(|_| seen.insert(id)) {
        id = to;
    }
    id
}

/// What is wrong with `added`, aliases to be added to `known`: the place in `added` and what.
#[must_use]
pub fn faults(added: &[Alias], known: &[Alias], ids: &BTreeSet<String>) -> Vec<(usize, String)> {
    let source = |id: &str| id.split_once(':').map(|(source, _)| source.to_owned());
    let sources: BTreeSet<String> = ids.iter().filter_map(|id| source(id)).collect();
    let mut leads: BTreeMap<&str, &str> =
        known.iter().map(|alias| (alias.from.as_str(), alias.to.as_str())).collect();
    let mut faults = Vec::new();
    for (place, Alias { from, to }) in added.iter().enumerate() {
        let mut fault = |message: String| faults.push((place, message));
        if !ids.contains(from) {
            fault(format!("client \"{from}\" is not known"));
        }
        // A key of its own names no source.
        if !ids.contains(to) && source(to).is_some_and(|source| sources.contains(&source)) {
            fault(format!("client \"{to}\" is not known"));
        }
        if let Some(before) = leads.get(from.as_str()) {
            fault(format!("client \"{from}\" already leads to \"{before}\""));
        } else if from == to || end(&leads, to) == from {
            fault(format!("\"{from}\" to \"{to}\" closes a circle"));
        } else {
            leads.insert(from, to);
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Alias, faults, proposed};
    use crate::domain::duplicates::{Client, Pair};

    fn alias(from: &str, to: &str) -> Alias {
        Alias { from: from.to_owned(), to: to.to_owned() }
    }

    fn clients(ids: &[(&str, &str)]) -> Vec<Client> {
        let client = |(id, key): &(&str, &str)| Client {
            id: (*id).to_owned(),
            key: (*key).to_owned(),
            ..Client::default()
        };
        ids.iter().map(client).collect()
    }

    fn pair(left: usize, right: usize) -> Pair {
        Pair { left, right, reasons: Vec::new(), score: 0 }
    }

    #[test]
    fn three_of_one_buyer_lead_to_the_first() {
        let clients = clients(&[("a:1", "a:1"), ("a:2", "a:2"), ("b:3", "b:3")]);
        let pairs = [pair(0, 1), pair(0, 2), pair(1, 2)];
        assert_eq!(proposed(&clients, &pairs, &[]), [Some((1, 0)), Some((2, 0)), None]);
    }

    #[test]
    fn who_is_alone_leads_to_who_is_not() {
        let clients = clients(&[("a:1", "a:1"), ("a:2", "77"), ("b:3", "77")]);
        assert_eq!(proposed(&clients, &[pair(0, 1)], &[]), [Some((0, 1))]);
    }

    #[test]
    fn who_leads_already_is_led_to() {
        let clients = clients(&[("a:1", "a:1"), ("a:2", "x")]);
        assert_eq!(proposed(&clients, &[pair(0, 1)], &[alias("a:2", "x")]), [Some((0, 1))]);
        let both = [alias("a:2", "x"), alias("a:1", "y")];
        assert_eq!(proposed(&clients, &[pair(0, 1)], &both), [None]);
    }

    #[test]
    fn two_legal_persons_are_not_made_one_by_a_third() {
        let mut clients = clients(&[("a:1", "a:1"), ("a:2", "a:2"), ("a:3", "a:3")]);
        clients[1].tax_id = Some("7707083893".to_owned());
        clients[2].tax_id = Some("7736207543".to_owned());
        let pairs = [pair(0, 1), pair(0, 2), pair(1, 2)];
        assert_eq!(proposed(&clients, &pairs, &[]), [Some((1, 0)), None, None]);
    }

    #[test]
    fn unknown_ids_second_leads_and_circles_are_faults() {
        let ids: BTreeSet<String> = ["a:1", "a:2", "b:3"].map(str::to_owned).into();
        let said = |added: &[Alias], known: &[Alias]| {
            faults(added, known, &ids).into_iter().map(|(_, text)| text).collect::<Vec<_>>()
        };
        assert!(said(&[alias("a:1", "a:2"), alias("a:2", "holding")], &[]).is_empty());
        assert_eq!(said(&[alias("a:9", "a:1")], &[]), ["client \"a:9\" is not known"]);
        assert_eq!(said(&[alias("a:1", "b:9")], &[]), ["client \"b:9\" is not known"]);
        assert_eq!(
            said(&[alias("a:1", "a:2")], &[alias("a:1", "b:3")]),
            ["client \"a:1\" already leads to \"b:3\""]
        );
        assert_eq!(
            said(&[alias("a:1", "a:2"), alias("a:2", "b:3"), alias("b:3", "a:1")], &[]),
            ["\"b:3\" to \"a:1\" closes a circle"]
        );
        assert_eq!(said(&[alias("a:1", "a:1")], &[]), ["\"a:1\" to \"a:1\" closes a circle"]);
    }
}
