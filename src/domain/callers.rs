//! Who calls whom: an even share of a list among the people whose role it is.
//!
//! Rows come in the order of the list. Who is settled keeps his row; each other row goes to the person of
//! its role who has the fewest rows so far, of equals to the first by name, and never to one whom the row
//! passes over.

use std::collections::{BTreeMap, BTreeSet};

/// A row to be called.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Row<'a> {
    /// Who calls in any case.
    pub settled: Option<&'a str>,
    /// The role of those who may.
    pub role: Option<&'a str>,
    /// Who may not.
    pub passed_over: [Option<&'a str>; 2],
}

/// A person and a role of his.
pub type Person<'a> = (&'a str, &'a str);

/// The caller of each of `rows`; `None` where nobody of the role may.
#[must_use]
pub fn share_out<'a>(rows: &[Row<'a>], people: &[Person<'a>]) -> Vec<Option<&'a str>> {
    let mut calls: BTreeMap<&str, usize> = people.iter().map(|(name, _)| (*name, 0)).collect();
    let mut roles: BTreeMap<&str, BTreeSet<(usize, &str)>> = BTreeMap::new();
    for (name, role) in people {
        roles.entry(role).or_default().insert((0, name));
    }
    let callers = rows.iter().map(|row| {
        let fewest = || {
            let people = roles.get(row.role?)?;
            let may = |name: &str| row.passed_over.iter().all(|one| *one != Some(name));
            people.iter().map(|(_, name)| *name).find(|name| may(name))
        };
        let caller = row.settled.or_else(fewest)?;
        let count = calls.entry(caller).or_default();
        for people in roles.values_mut() {
            if people.remove(&(*count, caller)) {
                people.insert((*count + 1, caller));
            }
        }
        *count += 1;
        Some(caller)
    });
    callers.collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Row, share_out};

    const NAMES: [&str; 4] = ["a", "b", "c", "d"];
    const PEOPLE: [(&str, &str); 5] =
        [("d", "seller"), ("b", "seller"), ("a", "seller"), ("a", "finder"), ("c", "finder")];

    fn open(role: &'static str) -> Row<'static> {
        Row { role: Some(role), ..Row::default() }
    }

    #[test]
    fn rows_go_to_who_has_the_fewest_and_never_to_who_is_passed_over() {
        let settled = Row { settled: Some("a"), ..Row::default() };
        let not_b = Row { passed_over: [None, Some("b")], ..open("seller") };
        let rows = [settled, open("seller"), not_b, open("seller"), open("finder"), open("none")];
        let callers = share_out(&rows, &PEOPLE);
        assert_eq!(callers, [Some("a"), Some("b"), Some("d"), Some("a"), Some("c"), None]);
    }

    #[test]
    fn who_is_settled_counts_also_where_he_has_no_role() {
        let settled = Row { settled: Some("z"), ..Row::default() };
        assert_eq!(share_out(&[settled, settled], &[]), [Some("z"), Some("z")]);
    }

    proptest! {
        #[test]
        fn a_plain_loop_gives_the_same(
            rows in prop::collection::vec((0..6usize, 0..3usize, 0..6usize, 0..6usize), 0..60)
        ) {
            let name = |number: usize| NAMES.get(number).copied();
            let rows: Vec<Row<'_>> = rows
                .into_iter()
                .map(|(settled, role, one, other)| Row {
                    settled: name(settled),
                    role: ["seller", "finder"].get(role).copied(),
                    passed_over: [name(one), name(other)],
                })
                .collect();
            let mut expected: Vec<Option<&str>> = Vec::new();
            for row in &rows {
                let calls = |who: &str| expected.iter().filter(|one| **one == Some(who)).count();
                let mut best: Option<(usize, &str)> = None;
                for (person, role) in PEOPLE {
                    let passed = row.passed_over.contains(&Some(person));
                    if Some(role) == row.role && !passed {
                        let this = (calls(person), person);
                        best = Some(best.map_or(this, |best| best.min(this)));
                    }
                }
                let caller = row.settled.or(best.map(|(_, person)| person));
                expected.push(caller);
            }
            prop_assert_eq!(share_out(&rows, &PEOPLE), expected);
        }
    }
}
